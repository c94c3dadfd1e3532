"""Forms as they come off the wire: fields in the order sent, as bytes for a proof and as text.

A signature is made over bytes, so whoever proves a form must not have it decoded first. Text is
UTF-8 as a rule; older systems send ISO-8859-1, and what is no UTF-8 is read as that, because the
bytes were proved and every byte means something in it. A field is never read in two ways: proof
and meaning are both taken from here.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def wire_fields(body: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and values, percent-decoded, in the order sent; never an error."""
    parts = (part.partition(b"=") for part in body.split(b"&"))
    return [(_decoded(name), _decoded(value)) for name, _, value in parts]


def text_fields(body: bytes) -> dict[str, str]:
    """Return the fields with a value, the last where one comes twice.

    Raise ValueError for what is no form: a part without an equals sign, or nothing told at all.
    """
    if any(b"=" not in part for part in body.split(b"&")):
        raise ValueError("a part of the form is no field")
    fields = {_text(name): _text(value) for name, value in wire_fields(body) if value}
    if not fields:
        raise ValueError("the form tells nothing")
    return fields


def _decoded(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
