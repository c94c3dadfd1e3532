"""Cursors of paged answers: opaque to callers, one kind of place inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from shared.domain.errors import BadRequest

FOREIGN = "the cursor is not one this API has given out"
# The four parts of an index's key, each as long as it may be.
_LONGEST = 5_000


def write_cursor(text: str) -> str:
    """Return a place as a cursor."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, longest: int = _LONGEST) -> str:
    """Return the place a cursor stands for. Raise BadRequest for one nobody has given out.

    `longest` is how many characters a place may have: DynamoDB would call a longer key our fault.
    """
    try:
        place = base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        ).decode("ascii")
    except ValueError as error:
        raise BadRequest(FOREIGN) from error
    if not 0 < len(place) <= longest:
        raise BadRequest(FOREIGN)
    return place


def write_key(key: Mapping[str, Mapping[str, str]]) -> str:
    """Return a table or index key as a cursor."""
    return write_cursor("\n".join(f"{name}\t{key[name]['S']}" for name in sorted(key)))


def read_key(cursor: str) -> dict[str, dict[str, str]]:
    """Return the key a cursor stands for. Raise BadRequest for one nobody has given out."""
    rows = (row.partition("\t") for row in read_cursor(cursor).split("\n"))
    return {name: {"S": value} for name, _, value in rows}
