"""A shop whose every write is in the change log at the time of its writing, and its reports.

For tests of what a report knew when: what is heard, and when it is heard, is up to the test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.query.adapters import Adapters
from functions.query.report_routes import read_one_report
from shared.adapters.change_log import Snapshot
from shared.adapters.duck import Duck
from shared.api import report_answers
from shared.api.route import Answer, Request
from shared.domain import times
from shared.domain.observations import Parsed
from tests.laws import words
from tests.support.lived_month import LoggedStore
from tests.support.log_books import Books
from tests.support.log_shop import duck_of
from tests.support.shop import START, Shop

DAY = 24 * 60
SEPTEMBER = {"from": "2026-09-01", "to": "2026-09-30"}
NOW = words.at(60 * DAY)


class Diary:
    """A shop, told about its days one after the other."""

    def __init__(self, **shop: Any) -> None:
        self.store = LoggedStore()
        self.store.now = START
        self.shop = Shop(store=self.store, **shop)
        self.connect("shop")
        self._duck: tuple[int, Duck] | None = None

    def connect(self, connection_id: str) -> None:
        name = ("connection", connection_id)
        ready = {"provider": "stripe", "history": {"status": "ready", "imported": 0, "total": None}}
        held = self.store.documents.get(name, {"connection_id": connection_id, "mode": "live"})
        self.store.documents[name] = {**held, "name": "Shop", "role": "source", **ready}

    def on(self, day: float) -> None:
        """Let it be so many days after the first, for all that is recorded from now on."""
        self.store.now = words.at(day * DAY)

    def hear(self, *events: Parsed) -> None:
        self.shop.hear_all(events)

    def snapshot(self) -> Snapshot:
        count = len(self.store.lines)
        if self._duck is None or self._duck[0] != count:
            self._duck = count, duck_of(self.store.lines)
        return Snapshot(f"log-{count}", self.store.now, self._duck[1].open({}))

    @property
    def adapters(self) -> Adapters:
        return replace(Books().adapters, store=self.store, log=self, now=lambda: NOW)

    def answer(self, name: str, *, day: float | None = None, **query: str) -> Answer:
        asked = {**SEPTEMBER, **query}
        if day is not None:
            asked["as_known_at"] = times.to_text(words.at(day * DAY)) or ""
        return read_one_report(Request(params={"report": name}, query=asked), self.adapters)

    def report(self, name: str, **query: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.answer(name, **query).body
        report_answers.Report.model_validate(body)
        return body

    def values(self, name: str, *wanted: str, **query: Any) -> list[Any]:
        kpis = self.report(name, **query)["kpis"]
        return [kpis[each]["value"] for each in wanted]


def bought(name: str = "1", day: float = 1, *, known: bool = True) -> list[Parsed]:
    minutes = day * DAY
    email = [words.customer("1", 0, "ada@example.com")] if known else []
    return [
        *email,
        words.subscription(name, minutes, creation=True, started=minutes),
        words.invoice(name, minutes + 1, f"intent:pi_{name}", subscription=f"sub_{name}"),
        words.charge(name, minutes + 2, f"document:in_{name}"),
    ]


def said(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return which late events a report tells of."""
    return sorted({(each["type"], each["state"]) for each in report["late_events"]})
