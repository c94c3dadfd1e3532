"""Reading a provider's JSON: the words that all providers' parsers have in common.

Whatever merely decorates is read leniently and turns into None or into nothing. An id is read
strictly: one that is there but cannot be right quarantines the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import emails
from shared.domain.errors import Quarantined

Json = Mapping[str, Any]

LONGEST_ID = 255
_NOTHING: dict[str, Any] = {}


def identity(value: object, path: str) -> str:
    """Return an id. Raise Quarantined where it is missing or could not be one."""
    if not isinstance(value, str):
        raise Quarantined("bad_field", f"{path} is missing or not text")
    # Unprintable covers control characters, and lone surrogates, which cannot be stored.
    if not value or not value.isprintable() or len(value.encode()) > LONGEST_ID:
        raise Quarantined("bad_id", f"{path} is not an id")
    return value


def text(thing: Json, key: str) -> str | None:
    """Return a text; None where there is none worth keeping."""
    value = thing.get(key)
    return value if isinstance(value, str) and value else None


def email(thing: Json, key: str) -> str | None:
    """Return an address in its normal form; None where there is none or it is none."""
    return emails.normalise(text(thing, key))


def mapping(thing: Json, key: str) -> Json:
    """Return a nested object, empty where there is none, or only its id."""
    value = thing.get(key)
    return value if isinstance(value, dict) else _NOTHING


def rows(thing: Json, key: str) -> list[Json]:
    """Return the objects of a list."""
    value = thing.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def split_name(name: str | None) -> tuple[str | None, str | None]:
    """Split a single name at its first space; nobody can know better."""
    first, _, last = (name or "").strip().partition(" ")
    return first or None, last.strip() or None
