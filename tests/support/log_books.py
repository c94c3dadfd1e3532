"""A small business written straight into the change log, and its reports asked over the routes.

For tests of what reports count: what events become is the subject of others.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.query import report_routes
from functions.query.adapters import Adapters
from shared.adapters.change_log import Snapshot
from shared.adapters.duck import Duck
from shared.api import report_answers
from shared.api.route import Answer, Request
from shared.domain.change_log.rows import products_of
from tests.fakes.memory_store import MemoryStore
from tests.support.log_shop import duck_of

Json = dict[str, Any]
NOW = 1_790_000_000_000
_DONE = {"status": "done", "imported": 0, "total": None}


def ms(text: str, zone: str = "UTC") -> int:
    """Return a local time of a zone in ms."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def state(date: str, status: str = "active", amount: int = 1900, **more: Any) -> Json:
    """Return a state of a recurring payment, from this moment on."""
    return {
        "date": ms(date),
        "status": status,
        "is_trial": False,
        "payment_amount": amount,
        "currency": "USD",
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "product": None,
        **more,
    }


def item(product: str | None, amount: int, name: str | None = None) -> Json:
    """Return a line of an order."""
    return {"store_primary_id": product, "amount": amount, "name": name, "quantity": 1}


class Books:
    """What a business has done, row by row, and what its reports say of it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.rows: list[tuple[str, Json]] = []
        self._numbers = itertools.count(1)
        self._read: tuple[int, Duck] | None = None
        self.connection("shop")

    def connection(self, connection_id: str, **more: Any) -> None:
        name = ("connection", connection_id)
        self.store.documents[name] = {
            "connection_id": connection_id,
            "provider": "stripe",
            "name": connection_id.title(),
            "mode": "live",
            "role": "source",
            "history": _DONE,
            "version": 1,
            **more,
        }

    def segment(self, segment_id: str, **more: Any) -> None:
        name = ("segment", segment_id)
        self.store.documents[name] = {
            "segment_id": segment_id,
            "name": segment_id.title(),
            "kind": "dynamic",
            "match": "all",
            "conditions": [],
            "version": 1,
            **more,
        }

    def order(self, at: str | int, gross: int = 1900, **more: Any) -> str:
        """Write an order; `back` has (kind, when, amount) of what went back of it."""
        identity = more.pop("id", None) or f"in_{next(self._numbers)}"
        back = more.pop("back", ())
        returned = [
            {"kind": kind, "id": f"{kind}_{n}", "date": ms(when), "amount": amount}
            for n, (kind, when, amount) in enumerate(back)
        ]
        row = {
            "connection_id": "shop",
            "id": identity,
            "status": "completed",
            "currency": "USD",
            "gross": gross,
            "occurred_date": at if isinstance(at, int) else ms(at),
            "line_items": [],
            "returned": returned,
        }
        row |= more
        products = products_of(more.get("line_items", ()))
        self._write("orders", {**row, **products})
        return str(identity)

    def recurring_payment(self, started: str, *states: Json, **more: Any) -> str:
        identity = more.pop("id", None) or f"sub_{next(self._numbers)}"
        last = states[-1]
        row = {
            "connection_id": "shop",
            "id": identity,
            "start_date": ms(started),
            "line_items": [],
            "states": list(states),
            **{name: value for name, value in last.items() if name not in ("date", "product")},
        }
        self._write("recurring_payments", {**row, **more})
        return str(identity)

    def contact(self, contact_id: str, since: str | None = None, **more: Any) -> str:
        row: Json = {
            "contact_id": contact_id,
            "email": f"{contact_id}@example.com",
            "created_date": ms("2020-01-01"),
            "customer_since": ms(since) if since else None,
            "tags": [],
            "lists": [],
            "segments": [],
        }
        tags = [
            {"tag": tag, "applied_date": ms(when)} for tag, when in more.pop("tagged", {}).items()
        ]
        self._write("contacts", {**row, "tags": tags, **more})
        return contact_id

    def product(self, identity: str, name: str) -> None:
        row = {"connection_id": "shop", "kind": "product", "id": identity, "name": name}
        self._write("catalogue", row)

    def _write(self, dataset: str, row: Json) -> None:
        position = f"{NOW:013d}-00000000-{len(self.rows):06d}"
        common = {"version": 2, "epoch": 0, "recorded_at": NOW, "position": position}
        self.rows.append((dataset, {**row, **common}))

    def snapshot(self) -> Snapshot:
        count = len(self.rows)
        if self._read is None or self._read[0] != count:
            self._read = count, duck_of({dataset: row} for dataset, row in self.rows)
        return Snapshot(f"log-{count}", NOW, self._read[1].open({}))

    @property
    def adapters(self) -> Adapters:
        return Adapters(store=self.store, log=self, now=lambda: NOW, openapi=dict, local=True)

    def answer(
        self, name: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        request = Request(params={"report": name}, query=query, headers=headers or {})
        return report_routes.read_one_report(request, self.adapters)

    def report(self, name: str, **query: str) -> Json:
        """Ask a report; `since` and `to` are its days."""
        body = self.answer(name, _query(query)).body
        report_answers.Report.model_validate_json(json.dumps(body))
        return dict(body)

    def kpis(self, name: str, **query: str) -> Json:
        """Return a report's figures."""
        return {kpi: told["value"] for kpi, told in self.report(name, **query)["kpis"].items()}

    def ledger_page(self, name: str, **query: str) -> Json:
        request = Request(params={"report": name}, query=_query(query))
        body = report_routes.read_report_ledger(request, self.adapters).body
        report_answers.LedgerPage.model_validate_json(json.dumps(body))
        return dict(body)

    def ledger(self, name: str, **query: str) -> list[Json]:
        """Return all rows behind a figure, page by page."""
        rows: list[Json] = []
        cursor = ""
        while True:
            page = self.ledger_page(name, **query, **({"cursor": cursor} if cursor else {}))
            rows += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return rows


def _query(asked: Mapping[str, str]) -> dict[str, str]:
    """Return a query; `since` stands for `from`, which is no name here."""
    return {"from" if name == "since" else name: value for name, value in asked.items()}
