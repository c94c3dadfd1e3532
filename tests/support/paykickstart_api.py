"""PayKickstart's API in memory, made of what it has posted: transactions, purchases.

A row names what the notification of its time named, but for what `without` leaves out; ends
and the next billing date are told by the purchase as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import httpx

from infra.samples.paykickstart_event import Event
from shared.providers.paykickstart_api import PayKickstartApi

Row = dict[str, Any]

LISTED = 100
_CHARGES = ("sales", "subscription-payment", "subscription-payment-failed", "refund")


class PayKickstartAccount:
    """Holds an account's rows and purchases; `requests` are the addresses that were asked for."""

    def __init__(
        self, events: Iterable[Event] = (), *, now: int = 2_000_000_000, without: Iterable[str] = ()
    ) -> None:
        self._without = frozenset(without)
        self.now = now
        self.rows: list[Row] = []
        self.purchases: dict[str, Row] = {}
        self.requests: list[httpx.URL] = []
        for event in events:
            self.take(dict(event.fields))
        self.api = PayKickstartApi(
            "token",
            transport=httpx.MockTransport(self._answer),
            clock=lambda: float(self.now),
            monotonic=itertools.count().__next__,
        )

    def take(self, told: dict[str, str]) -> None:
        """Hold what a notification has told."""
        invoice, event = told["invoice_id"], told["event"]
        if event in _CHARGES:
            self.rows.append({k: v for k, v in told.items() if k not in self._without})
        charges = event in ("sales", "subscription-payment")
        recurs = told.get("next_billing_date")
        if event == "sales":
            self.purchases[invoice] = {
                "id": 7,
                "amount": told["amount"],
                "buyer_email": told["buyer_email"],
                "subscriptions": [{}] if recurs else [],
                "transactions": [],
            }
        purchase = self.purchases.get(invoice)
        if purchase is None:
            return
        if charges:
            charge = {"amount": float(told["amount"]), "created_at": told["transaction_time"]}
            purchase["transactions"].append(charge)
        if recurs:
            purchase["subscriptions"][0]["next_date"] = recurs
        if event == "subscription-cancelled":
            purchase["subscriptions"][0]["canceled_at"] = told["transaction_time"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url)
        asked = request.url.params
        assert asked["auth_token"] == "token"
        if request.url.path.endswith("/purchase/get"):
            found = self.purchases.get(asked["id"])
            return httpx.Response(404) if found is None else httpx.Response(200, json=found)
        upto = int(asked["created_at"])
        rows = [row for row in self.rows if int(row["transaction_time"]) <= upto]
        rows.sort(key=lambda row: -int(row["transaction_time"]))
        return httpx.Response(200, json={"transactions": rows[:LISTED]})
