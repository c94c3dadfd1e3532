"""Forms as they come off the wire: order and bytes for a proof, text for the meaning."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.forms import text_fields, wire_fields


def test_fields_keep_their_order_their_bytes_and_their_repetitions() -> None:
    found = wire_fields(b"b=%E9+x&a=&a=2&none&%62=1%2B1")

    assert found == [(b"b", b"\xe9 x"), (b"a", b""), (b"a", b"2"), (b"none", b""), (b"b", b"1+1")]


def test_text_is_utf_8_and_what_is_none_is_iso_8859_1() -> None:
    assert text_fields(b"a=Zo%C3%A9&b=Zo%E9&c=") == {"a": "Zoé", "b": "Zoé"}


@pytest.mark.parametrize("body", [b"", b"text", b"a=1&", b"&a=1", b"a=1&b", b"a=", b"a=&b="])
def test_what_is_no_form_or_tells_nothing_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="form"):
        text_fields(body)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.dictionaries(_TEXTS, _TEXTS, min_size=1))
def test_forms_are_read_as_the_standard_library_reads_them(fields: dict[str, str]) -> None:
    body = urlencode(fields)

    assert text_fields(body.encode()) == dict(parse_qsl(body)) == fields


@given(st.binary(max_size=200))
def test_any_bytes_are_some_fields_for_a_proof(body: bytes) -> None:
    assert len(wire_fields(body)) == body.count(b"&") + 1
