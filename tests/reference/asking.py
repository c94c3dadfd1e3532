"""Questions to the reports over generated businesses.

Many businesses lie in one database, each of its own epoch: loading one is most of what asking it
costs. They are asked from the newest epoch down, and each is dropped before the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.query.reports import known
from functions.query.reports.ask import read_ledger, read_report, scope_of
from functions.query.reports.scope import Scope
from shared.adapters.duck import Duck, Session
from shared.domain import times
from shared.domain.reports import request
from tests.fakes.memory_store import MemoryStore
from tests.reference.books import Books
from tests.reference.cutting import PROVIDERS
from tests.reference.spans import Range
from tests.support.log_shop import RECORDED_AT, lines_of, write_tail

_NOW = 1_798_000_000_000  # 2026-12-23
_TEST_MODE = "lab"
_ROWS_MAX = 1_000
# How far apart (ms) things are recorded.
_LATER = 1_000


@dataclass(frozen=True)
class Told:
    """A business to be asked: what it is called, its books, and what its log holds.

    Beside its documents these are `rows` of datasets; `tests` are the books in test mode. `later`
    is what it became after news that was recorded later on, with what is new in the log alone.
    """

    name: str
    books: Books
    tests: Books
    store: MemoryStore
    rows: Sequence[tuple[str, dict[str, Any]]] = ()
    later: Told | None = None


@dataclass(frozen=True)
class Asked:
    """A question to a report: of which days, in which currency, and all else in `query`.

    With `ever` the days before the range count too: everything there is.
    """

    report: str
    within: Range
    currency: str
    query: Mapping[str, str] = field(default_factory=dict)
    ever: bool = False

    def parameters(self) -> dict[str, str]:
        """Return the parameters the API takes."""
        since = {} if self.ever else {"from": self.within.first.isoformat()}
        return {
            **since,
            "to": self.within.last.isoformat(),
            "timezone": str(self.within.zone),
            "currency": self.currency,
            **self.query,
        }


class Reports:
    """The reports over one business's change log."""

    def __init__(self, told: Told, session: Session, known_at: int) -> None:
        """`known_at` (ms) is a time after which the later news was recorded."""
        self.told = told
        self.known_at = times.to_text(known_at) or ""
        self._session = session
        self._store = _directory()

    def answer(self, asked: Asked) -> Any:
        """Return a report's answer."""
        return read_report(self._scope(asked, {}, ledger=False), None)

    def ledger(self, asked: Asked, more: Mapping[str, str]) -> list[Any]:
        """Return the rows behind a number."""
        scope = self._scope(asked, more, ledger=True)
        return list(read_ledger(scope, _ROWS_MAX, None, None)["items"])

    def _scope(self, asked: Asked, more: Mapping[str, str], *, ledger: bool) -> Scope:
        settings = {"timezone": "UTC", "currency": "USD"}
        query = {**asked.parameters(), **more}
        question = request.read(asked.report, query, settings=settings, now=_NOW, ledger=ledger)
        session = self._session
        if question.as_known_at is not None:
            session = known.opened(session, question.as_known_at)
        return scope_of(question, store=self._store, session=session, now=_NOW, local=True)


def opened(businesses: Sequence[Told]) -> Iterator[Reports]:
    """Open the reports of one business after the other; each ends with the next."""
    lines: list[dict[str, Any]] = []
    for epoch, told in enumerate(businesses):
        lines += _lines(told, epoch, _recorded_at(epoch))
        if told.later is not None:
            lines += _lines(told.later, epoch, _recorded_at(epoch) + 2 * _LATER)
    with tempfile.TemporaryDirectory() as folder:
        duck = Duck([Path(folder)], memory_mb=500, threads=1)
        duck.add_tails(write_tail(Path(folder) / "tail.ndjson.gz", lines))
    for epoch in reversed(range(len(businesses))):
        recorded = _recorded_at(epoch)
        session = duck.open({}, epoch, lambda _, epoch=epoch: epoch)  # type: ignore[misc]
        yield Reports(businesses[epoch], session, recorded + _LATER)
        duck.drop_tails([_stem(recorded), _stem(recorded + 2 * _LATER)])
    duck.close()


def _lines(told: Told, epoch: int, recorded_at: int) -> Iterator[dict[str, Any]]:
    common = {"recorded_at": recorded_at, "epoch": epoch}
    yield from lines_of(told.store.documents, **common)
    for number, (dataset, row) in enumerate(told.rows):
        position = f"{_stem(recorded_at)}-{900_000 + number:06d}"
        yield {dataset: {"version": 2, **row, **common, "position": position}}


def _recorded_at(epoch: int) -> int:
    return RECORDED_AT + 10 * _LATER * epoch


def _stem(recorded_at: int) -> str:
    """Return what the positions of rows begin with."""
    return f"{recorded_at:013d}-00000000"


def _directory() -> MemoryStore:
    """Return a store of what every business has: connections and segments."""
    store = MemoryStore()
    for name, provider in PROVIDERS.items():
        store.documents["connection", name] = {
            "connection_id": name,
            "version": 1,
            "name": name,
            "provider": provider,
            "mode": "test" if name == _TEST_MODE else "live",
            "role": "mirror" if name == "echo" else "source",
            "history": {"status": "ready", "imported": 0, "total": None},
        }
    buys = {"field": "contact.customer", "operator": "is", "value": True}
    tagged = {"field": "contact.tags", "operator": "contains", "value": "vip"}
    for name, conditions in (("buyers", [buys]), ("chosen", None), ("vips", [tagged])):
        store.documents["segment", name] = {
            "segment_id": name,
            "version": 1,
            "name": name,
            "kind": "dynamic" if conditions else "static",
            "match": "all" if conditions else None,
            "conditions": conditions,
        }
    return store
