"""A Store in a dict: what the use cases are tested against when the table is not the subject."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from shared.adapters.table_keys import shard_of
from shared.domain.errors import BadRequest, Contended
from shared.domain.ports import Check, Document, Name, Page, Write
from shared.domain.timeline import Entry


class MemoryStore:
    """Versioned documents by name; a commit is all or nothing, as in the real table."""

    def __init__(self) -> None:
        self.documents: dict[Name, dict[str, Any]] = {}
        self.commits = 0
        self.reads = 0

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        self.reads += 1
        return {name: copy.deepcopy(self.documents.get(name)) for name in names}

    def history(self, record: Name) -> list[Entry]:
        self.reads += 1
        entries: list[Entry] = [
            copy.deepcopy(document["entry"])
            for name, document in self.documents.items()
            if name[0] == "entry" and name[1:4] == record
        ]
        return sorted(entries, key=lambda each: each.place)

    def commit(self, steps: Sequence[Write | Check]) -> None:
        names = [step.name for step in steps]
        assert len(set(names)) == len(names), f"a name twice in one commit: {sorted(names)}"
        for step in steps:
            held = self.documents.get(step.name)
            version = held["version"] if held and "version" in held else int(bool(held))
            if step.expected is not None and version != step.expected:
                raise Contended(f"{step.name[0]} has changed")
        for step in steps:
            if isinstance(step, Write):
                if step.document is None:
                    self.documents.pop(step.name, None)
                else:
                    self.documents[step.name] = copy.deepcopy(dict(step.document))
        self.commits += 1

    def waiting(self, email: str, cursor: str | None) -> Page:
        return self._heads(
            lambda head: head["shown"] and head["email"] == email and not head["contact_id"]
        )

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        return self._heads(lambda head: head["customer_id"] == customer_id, connection_id)

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        return self._heads(lambda head: head["shown"] and head["contact_id"] == contact_id)

    def latest(self, record: Name, limit: int) -> list[Entry]:
        return self.history(record)[::-1][:limit]

    def newest_of_contact(self, contact_id: str, kind: str, limit: int) -> list[Name]:
        names, _ = self.of_contact(contact_id, None)
        wanted = [name for name in names if name[0] == kind]
        wanted.sort(key=lambda name: self.documents[name]["date"] or 0, reverse=True)
        return wanted[:limit]

    def listed(
        self, kind: str, limit: int, cursor: str | None, of: str = ""
    ) -> tuple[list[Document], str | None]:
        self.reads += 1
        names = sorted(
            (name for name in self.documents if name[0] == kind and of in ("", name[1])),
            reverse=kind in ("quarantine", "firing"),
        )
        page, following = _page(names, limit, cursor)
        return [copy.deepcopy(self.documents[name]) for name in page], following

    def newest(
        self, log: Name, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        self.reads += 1
        kind, of, *state = log
        found = [
            (name, document)
            for name, document in self.documents.items()
            if _is_in(kind, of, name, document) and (not state or document["state"] == state[0])
        ]
        found.sort(key=lambda each: _date(*each), reverse=True)
        page, following = _page([name for name, _ in found], limit, cursor)
        return [copy.deepcopy(self.documents[name]) for name in page], following

    def due(self, shard: int, until: int, limit: int) -> list[tuple[Name, Document]]:
        found: list[tuple[Name, Document]] = [
            (name, copy.deepcopy(document))
            for name, document in self.documents.items()
            if name[0] == "due" and shard_of(name[3]) == shard and document["when"] <= until
        ]
        return sorted(found, key=lambda each: (each[1]["when"], each[0]))[:limit]

    def _heads(self, wanted: Any, connection_id: str | None = None) -> Page:
        names = [
            name
            for name, head in self.documents.items()
            if name[0] in ("recurring_payment", "order")
            and not head.get("merged_into")
            and (connection_id is None or name[1] == connection_id)
            and wanted(head)
        ]
        return sorted(names), None


def _page(names: list[Name], limit: int, cursor: str | None) -> Page:
    if cursor is not None and not cursor.isdigit():
        raise BadRequest("the cursor is not one this API has given out")
    start = int(cursor or 0)
    following = str(start + limit) if start + limit < len(names) else None
    return names[start : start + limit], following


def _is_in(log: str, of: str, name: Name, document: dict[str, Any]) -> bool:
    return {
        "firings": name[0] == "firing" and name[1] == of,
        "runs": name[0] == "run" and document.get("automation_id") == of,
        "runs_of_contact": name[0] == "run" and document.get("contact_id") == of,
        "deliveries": name[0] == "delivery" and document.get("endpoint_id") == of,
        "deliveries_in": name[0] == "delivery" and document.get("state") == of,
    }[log]


def _date(name: Name, document: dict[str, Any]) -> tuple[Any, ...]:
    if name[0] == "firing":
        return (name[2],)
    if name[0] == "delivery":
        return (document["state"], document["created"], name[1])
    return (document["started"], name[1])
