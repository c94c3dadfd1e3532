"""The directory: which connections there are, in one document, as far as the others need to know.

A sale that two connections report has to be weighed by what both are. One small document says so
for all of them, so that folding an event reads one key more, whoever else is connected. It is
written together with each connection's own document. A connection that was deleted keeps its row,
marked as gone: its records stay, and so does their standing towards those of others. Beside them it
says when somebody was erased last, so that events which are older are told from all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.ports import Document, Name

NAME: Name = ("directory",)
DEFAULT_AUTHORITY = 50

# They move the money themselves; all others sell through somebody.
_PROCESSORS = frozenset({"stripe", "paypal"})
# What reports no sales can report none twice.
_NO_STORES = frozenset({"activecampaign"})

Rank = tuple[bool, int, bool, str]


def entered(stored: Document | None, connection: Document) -> dict[str, Any]:
    """Return the directory with a connection as it is now."""
    row = {
        "provider": connection["provider"],
        "authority": connection.get("authority", DEFAULT_AUTHORITY),
        "role": connection.get("role", "source"),
        "mode": connection.get("mode", "live"),
    }
    if (connection.get("write_back") or {}).get("tags"):
        row["takes_tags"] = True
    return _with(stored, connection["connection_id"], row)


def directory_of(connections: Iterable[Document]) -> Directory:
    """Return the directory that these connections' own documents come to."""
    document: dict[str, Any] | None = None
    for each in connections:
        document = entered(document, each)
    return Directory(document)


def left(stored: Document | None, connection_id: str) -> dict[str, Any]:
    """Return the directory after a connection was deleted."""
    row = _rows(stored).get(connection_id)
    return _with(stored, connection_id, {**row, "gone": True} if row else None)


def takes_tags(document: Document | None) -> bool:
    """Tell whether some connection wants the tags that are changed here."""
    return any(row.get("takes_tags") and not row.get("gone") for row in _rows(document).values())


def erased_at(document: Document | None) -> int | None:
    """Return when somebody was erased last (ms), None where nobody was."""
    known: int | None = document.get("erased_at") if document else None
    return known


def erased(stored: Document | None, at: int) -> dict[str, Any]:
    """Return the directory after an erasure at a time (ms): what is older has to be looked at."""
    newest = max(at, erased_at(stored) or at)
    return {**_with(stored, "", None), "erased_at": newest}


class Directory:
    """The connections, as they stand towards each other."""

    def __init__(self, document: Document | None) -> None:
        self._rows = {
            connection_id: row
            for connection_id, row in _rows(document).items()
            if row["provider"] not in _NO_STORES
        }

    def doubles(self, connection_id: str) -> bool:
        """Tell whether a sale of this connection may be reported by another one as well.

        That takes two connections of its mode that are sources; else nobody has to look.
        """
        return len(self._sources(connection_id)) > 1

    def is_one_of_several(self, connection_id: str) -> bool:
        """Tell whether this is one of at least two sources of its mode: what each sells counts."""
        sources = self._sources(connection_id)
        return connection_id in sources and len(sources) > 1

    def sells_through(self, connection_id: str) -> bool:
        """Tell whether among those some sell and others move the money: so mostly both report."""
        kinds = {
            self._rows[each]["provider"] in _PROCESSORS for each in self._sources(connection_id)
        }
        return len(kinds) > 1

    def peers(self, connection_id: str) -> list[str]:
        """Return the other connections whose sales may be this one's, deleted ones among them."""
        return sorted(
            each
            for each in self._rows
            if each != connection_id and self.compares(connection_id, each)
        )

    def compares(self, one: str, other: str) -> bool:
        """Tell whether both are stores of one mode: test sales are never live ones."""
        known = one in self._rows and other in self._rows
        return known and self._rows[one]["mode"] == self._rows[other]["mode"]

    def rank(self, connection_id: str) -> Rank:
        """Return the rank of a connection; of those that report one sale, the lowest owns it.

        Sources come before mirrors, then the higher authority, then whoever moves the money before
        those that sell through it, then the smaller id.
        """
        row = self._rows[connection_id]
        seller = row["provider"] not in _PROCESSORS
        return row["role"] == "mirror", -row["authority"], seller, connection_id

    def _sources(self, connection_id: str) -> list[str]:
        return [
            each
            for each, row in self._rows.items()
            if row["role"] == "source"
            and not row.get("gone")
            and self.compares(connection_id, each)
        ]


def _rows(document: Document | None) -> Mapping[str, Any]:
    rows: Mapping[str, Any] = document["connections"] if document else {}
    return rows


def _with(stored: Document | None, connection_id: str, row: Any) -> dict[str, Any]:
    rows = {**_rows(stored), connection_id: row} if row else dict(_rows(stored))
    version = (stored["version"] if stored else 0) + 1
    return {**(stored or {}), "connections": rows, "version": version}
