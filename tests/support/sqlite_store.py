"""A Store in a file: for imports of which the records, kept in memory, would hide what they cost.

It does what `MemoryStore` does. Documents are pickled, because nobody but this process reads them.
"""

from __future__ import annotations

import json
import pickle
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shared.domain.errors import Contended
from shared.domain.ports import Check, Document, Name, Page, Write
from shared.domain.timeline import Entry

_TABLE = """
create table documents (
    name text primary key, version integer, kind text, record text, customer text, contact text,
    email text, content blob
) without rowid;
create index by_record on documents (record) where record is not null;
create index by_customer on documents (customer) where customer is not null;
create index by_contact on documents (contact) where contact is not null;
create index by_email on documents (email) where email is not null;
"""
_RECORDS = ("recurring_payment", "order")
# Compressed like in the table, but for what is not worth it.
_SMALL = 512


class SqliteStore:
    """Versioned documents by name in a new file; `before_commit` is told before each commit."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        # What a crash of the machine would lose is of no interest here.
        self._base.executescript("pragma journal_mode = memory; pragma synchronous = off;" + _TABLE)
        self.before_commit: Callable[[], None] = lambda: None
        self.commits = 0
        self.reads = 0

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        self.reads += 1
        found: dict[Name, Document | None] = {}
        for name in names:
            row = self._base.execute(
                "select content from documents where name = ?", (_key(name),)
            ).fetchone()
            found[name] = None if row is None else _unpacked(row[0])
        return found

    def history(self, record: Name) -> list[Entry]:
        self.reads += 1
        rows = self._base.execute("select content from documents where record = ?", (_key(record),))
        entries: list[Entry] = [_unpacked(content)["entry"] for (content,) in rows]
        return sorted(entries, key=lambda each: each.place)

    def commit(self, steps: Sequence[Write | Check]) -> None:
        self.before_commit()
        self._base.execute("begin")
        try:
            for step in steps:
                self._check(step)
            for step in steps:
                if isinstance(step, Write):
                    self._write(step)
        except BaseException:
            self._base.execute("rollback")
            raise
        self._base.execute("commit")
        self.commits += 1

    def waiting(self, email: str, cursor: str | None) -> Page:
        return self._names("email = ? and contact is null", email)

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        return self._names("customer = ?", _key((connection_id, customer_id)))

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        return self._names("contact = ?", contact_id)

    def all_of(self, kind: str) -> Iterator[tuple[Name, Document]]:
        """Yield every document of a kind, by name."""
        rows = self._base.execute(
            "select name, content from documents where kind = ? order by name", (kind,)
        )
        for name, content in rows:
            yield tuple(json.loads(name)), _unpacked(content)

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        rows = self._base.execute(
            "select name, content from documents where kind = ? and name > ? order by name limit ?",
            (kind, cursor or "", limit),
        ).fetchall()
        return [_unpacked(row[1]) for row in rows], None if len(rows) < limit else rows[-1][0]

    def _check(self, step: Write | Check) -> None:
        row = self._base.execute(
            "select version from documents where name = ?", (_key(step.name),)
        ).fetchone()
        if step.expected is not None and (row[0] if row else 0) != step.expected:
            raise Contended(f"{step.name[0]} has changed")

    def _write(self, step: Write) -> None:
        name, document = step.name, step.document
        if document is None:
            self._base.execute("delete from documents where name = ?", (_key(name),))
            return
        customer = contact = email = None
        if name[0] in _RECORDS and not document.get("merged_into"):
            customer = document["customer_id"] and _key((name[1], document["customer_id"]))
            if document["shown"]:
                contact, email = document["contact_id"], document["email"]
        row = (
            _key(name),
            document.get("version", 1),
            name[0],
            _key(name[1:4]) if name[0] == "entry" else None,
            customer,
            contact,
            email,
            _packed(document),
        )
        self._base.execute("insert or replace into documents values (?,?,?,?,?,?,?,?)", row)

    def _names(self, where: str, value: str) -> Page:
        rows = self._base.execute(
            f"select name from documents where {where} order by name",  # noqa: S608  # our own
            (value,),
        )
        return [tuple(json.loads(name)) for (name,) in rows], None


def _key(name: Sequence[str]) -> str:
    return json.dumps(name)


def _packed(document: Document) -> bytes:
    content = pickle.dumps(dict(document), pickle.HIGHEST_PROTOCOL)
    return b"z" + zlib.compress(content, 1) if len(content) > _SMALL else b"p" + content


def _unpacked(content: bytes) -> Any:
    whole = zlib.decompress(content[1:]) if content[:1] == b"z" else content[1:]
    return pickle.loads(whole)  # noqa: S301  # this process wrote it
