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
from tests.support.uploads import MemoryUploads

Json = dict[str, Any]
NOW = 1_790_000_000_000
_DONE = {"status": "ready", "imported": 0, "total": None}


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
        self.exports = MemoryUploads()
        self.rows: list[tuple[str, Json]] = []
        # When what is written from now on is recorded.
        self.recorded_at = NOW
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

    def activity(self, email: str, kind: str, when: str, **more: Any) -> None:
        row = {"email": email, "kind": kind, "occurred_date": ms(when), "connection_id": "news"}
        self._write("activity", {**row, "id": f"a_{next(self._numbers)}", **more})

    def spend(self, date: str, amount: int, **more: Any) -> None:
        row = {"date": date, "source": "", "campaign": "", "currency": "USD", "amount": amount}
        self._write("spend", {**row, **more})

    def automation(self, automation_id: str, **more: Any) -> None:
        document = {"automation_id": automation_id, "version": 1, **more}
        self.store.documents["automation", automation_id] = document

    def firing(
        self, automation_id: str, firing_id: str, contact_id: str, when: str, **states: int
    ) -> None:
        """Write a firing, with so many deliveries in each of these states."""
        about = {"automation_id": automation_id, "firing_id": firing_id}
        fired = {"record": "recurring_payment", "connection_id": "shop", "id": "sub_1"}
        row = {"contact_id": contact_id, "state": "done", "at": ms(when), **fired}
        self._write("firings", {**about, **row})
        for state, count in states.items():
            for _ in range(count):
                identity = f"msg_{next(self._numbers)}"
                self._write("deliveries", {**about, "delivery_id": identity, "state": state})

    def change(self, identity: str, when: str, **more: Any) -> None:
        """Write a change of an order."""
        about = {"record": "order", "connection_id": "shop", "id": identity, "kind": "updated"}
        place = f"{next(self._numbers):06d}"
        self._write("changes", {**about, "place": place, "occurred_date": ms(when), **more})

    def product(self, identity: str, name: str) -> None:
        row = {"connection_id": "shop", "kind": "product", "id": identity, "name": name}
        self._write("catalogue", row)

    def _write(self, dataset: str, row: Json) -> None:
        position = f"{self.recorded_at:013d}-00000000-{len(self.rows):06d}"
        # Of one identity the row that was written later is the newer.
        common = {"version": 2 + len(self.rows), "epoch": 0, "recorded_at": self.recorded_at}
        self.rows.append((dataset, {**row, **common, "position": position}))

    def snapshot(self) -> Snapshot:
        count = len(self.rows)
        if self._read is None or self._read[0] != count:
            self._read = count, duck_of({dataset: row} for dataset, row in self.rows)
        return Snapshot(f"log-{count}", NOW, self._read[1].open({}))

    @property
    def adapters(self) -> Adapters:
        return Adapters(
            store=self.store,
            log=self,
            exports=self.exports,
            bodies=self.exports,
            now=lambda: NOW,
            new_id=lambda: f"{next(self._numbers):032x}",
            openapi=dict,
            local=True,
        )

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
