"""Reading the logs of automations and endpoints: one of them, or all of them one after the other.

A log lies in a partition of its own, so a list of everything walks from owner to owner. Each page
asks a bounded number of them; where that yields less than was asked for, the page is short and its
cursor goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from functions.query.adapters import Shelf
from shared.adapters.cursors import FOREIGN, read_cursor, write_cursor
from shared.domain.errors import BadRequest
from shared.domain.ports import Document

Page = tuple[list[Document], str | None]
# Owners whose logs one page opens at most.
_OWNERS = 10
_ID_LENGTH_MAX = 200


def check_owner(identity: str, what: str) -> None:
    """Raise BadRequest where no automation or endpoint could have such an id."""
    if not 0 < len(identity) <= _ID_LENGTH_MAX:
        raise BadRequest(f"This cannot be the id of an {what}.")


def walk(
    kind: str,
    read: Callable[[str, int, str | None], Page],
    limit: int,
    cursor: str | None,
    *,
    store: Shelf,
) -> Page:
    """Return a page of what `read` finds for each document of `kind`, in the order of their ids.

    `read` takes an owner's id, a limit and a cursor. Raise BadRequest for a bad cursor.
    """
    outer, first, inner = _place(cursor)
    owners, following = store.listed(kind, _OWNERS, outer)
    found: list[Document] = []
    for owner in sorted(each[f"{kind}_id"] for each in owners):
        if owner < first:
            continue
        if len(found) == limit:
            return found, _cursor(outer, owner, None)
        rows, more = read(owner, limit - len(found), inner if owner == first else None)
        found += rows
        if more is not None:
            return found, _cursor(outer, owner, more)
    return found, _cursor(following, "", None) if following else None


def _cursor(outer: str | None, owner: str, inner: str | None) -> str:
    return write_cursor(json.dumps([outer, owner, inner]))


def _place(cursor: str | None) -> tuple[str | None, str, str | None]:
    """Return the page of owners, the owner, and the place in its log that a cursor stands for."""
    if cursor is None:
        return None, "", None
    try:
        outer, owner, inner = json.loads(read_cursor(cursor))
    except (ValueError, TypeError) as error:
        raise BadRequest(FOREIGN) from error
    opaque = all(isinstance(each, str | None) for each in (outer, inner))
    if not opaque or not isinstance(owner, str):
        raise BadRequest(FOREIGN)
    return outer, owner, inner
