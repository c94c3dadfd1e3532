"""The demo's triggers: two automations, a receiver on this machine, and what arrives at it.

Everything is set up through the public API, as a user would. What arrived is held against the
story's own truth. In the end the endpoint stays, disabled, for `./paysignal listen` to take.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.markup import escape

from infra.cli.outbound import Json, Outbound
from infra.drawing.numbers import day_of, plain
from infra.receiver import Arrival, Receiver
from infra.samples.stripe_books import payments_failed, subscriptions_begun
from infra.samples.stripe_month import Month

ENDPOINT = "demo"
FAILED_TAG = "Payment failed"
NEW_TAG = "New this month"
AUTOMATIONS: Mapping[str, Json] = {
    "demo-payment-failed": {
        "name": "Payment failed",
        "enabled": True,
        "trigger": {
            "type": "recurring_payment_updated",
            "field": "status",
            "from": None,
            "to": "payment_failed",
            "runs": "multiple",
        },
        "steps": [
            {"type": "add_tag", "tag": FAILED_TAG},
            {"type": "webhook", "endpoint_id": ENDPOINT},
        ],
    },
    "demo-new-recurring-payment": {
        "name": "New recurring payment",
        "enabled": True,
        "trigger": {"type": "recurring_payment_created", "runs": "multiple"},
        "steps": [
            {"type": "add_tag", "tag": NEW_TAG},
            {"type": "webhook", "endpoint_id": ENDPOINT},
        ],
    },
}
# Configuration takes effect within a second on this machine.
_SETTLED_SECONDS = 1.2
_ARRIVAL_SECONDS = 30.0
_POLL_SECONDS = 0.2
# One too many would come soon after the last one.
_QUIET_SECONDS = 1.0
_PAGE = 100
_NAME_WIDTH = max(len(body["name"]) for body in AUTOMATIONS.values())

# By automation: how often it fired for each subscription.
Fired = dict[str, Counter[str]]


class Triggers:
    """Listens while the month is played, and prints each webhook as it arrives."""

    def __init__(self, api: Outbound, connection: str, month: Month, console: Console) -> None:
        self._api = api
        self._connection = connection
        self._console = console
        self._receiver: Receiver | None = None
        self._before: Fired = {}
        self._booked: Fired = {
            "demo-payment-failed": Counter(payments_failed(month)),
            "demo-new-recurring-payment": Counter(subscriptions_begun(month)),
        }

    def __enter__(self) -> Triggers:
        """Set up receiver, endpoint and automations. Raise CliError where the API refuses one."""
        known = self._api.endpoint(ENDPOINT)
        made = None if known else self._put("disabled", "http://127.0.0.1/").get("secret")
        secret = str(made or self._api.rotate(ENDPOINT))
        self._receiver = Receiver(secret, on_arrival=self._show).start()
        self._put("enabled", self._receiver.url)
        for automation_id, body in AUTOMATIONS.items():
            self._api.put(f"/v1/automations/{automation_id}", body)
        self._before = self.fired(self._connection)
        names = " and ".join(f"[bold]{body['name']}[/]" for body in AUTOMATIONS.values())
        self._console.print(
            f"[green]✓[/] automations {names} tag the contact and post to {self._receiver.url}",
            soft_wrap=True,
        )
        time.sleep(_SETTLED_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening; the endpoint holds what comes until somebody listens again."""
        receiver = self._receiver
        if receiver is not None:
            if kind is None:
                self._put("disabled", receiver.url)
            receiver.stop()

    def missed(self) -> list[str]:
        """Wait for what the books say must come; return where that and what came differ."""
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self._missing() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        time.sleep(_QUIET_SECONDS)
        wrong = [f"no webhook came of {each}" for each in sorted(self._missing())]
        for automation_id, booked in self._booked.items():
            more = self._arrived()[automation_id] - booked
            wrong += [f"{automation_id} fired too often for {each}" for each in sorted(more)]
        refused = sum(not each.verified for each in self._arrivals())
        return wrong + ([f"{refused} webhooks were not signed as they should be"] * bool(refused))

    def say_how_many(self) -> None:
        """Say how many came, and how many the books know."""
        arrived, known = self._arrived(), sum(sum(each.values()) for each in self._before.values())
        parts = [
            f"{sum(arrived[each].values())} of {sum(self._booked[each].values())} “{body['name']}”"
            for each, body in AUTOMATIONS.items()
        ]
        self._console.print(
            f"[green]✓[/] triggers received, their signatures verified: {', '.join(parts)}",
            soft_wrap=True,
        )
        if known:
            self._console.print(
                f"[yellow]·[/] {known} had fired when this month was first played: the same "
                "webhooks again set off nothing",
                soft_wrap=True,
            )

    def fired(self, connection: str) -> Fired:
        """Return how often each automation has ever fired for a connection's subscriptions."""
        return {each: Counter(self._firings(each, connection)) for each in AUTOMATIONS}

    def _missing(self) -> list[str]:
        arrived = self._arrived()
        return [
            f"{automation_id} for {subscription}"
            for automation_id, booked in self._booked.items()
            for subscription in booked - self._before[automation_id] - arrived[automation_id]
        ]

    def _arrived(self) -> Fired:
        """Return what came for the month's connection; a message's second attempt is no second."""
        found: Fired = {each: Counter() for each in AUTOMATIONS}
        for arrival in self._arrivals():
            if not arrival.verified or arrival.repeated:
                continue
            data = arrival.json()["data"]
            if data["cause"]["connection_id"] == self._connection:
                subscription = data["recurring_payment"]["store_recurring_payment_id"]
                found[data["automation"]["id"]][subscription] += 1
        return found

    def _arrivals(self) -> list[Arrival]:
        return self._receiver.arrivals if self._receiver else []

    def _firings(self, automation_id: str, connection: str) -> Iterator[str]:
        """Yield a connection's subscriptions an automation has fired for."""
        cursor: str | None = None
        while True:
            page = {"limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
            answer = self._api.get(f"/v1/automations/{automation_id}/firings?{urlencode(page)}")
            for firing in answer["items"]:
                identity = firing["recurring_payment"]
                if identity["connection_id"] == connection:
                    yield identity["store_recurring_payment_id"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return

    def _put(self, status: str, url: str) -> Json:
        body = {"url": url, "events": [], "status": status}
        return self._api.put_endpoint(ENDPOINT, body)

    def _show(self, arrival: Arrival) -> None:
        if not arrival.repeated:
            self._console.print(f"  {told(arrival)}", soft_wrap=True)


def told(arrival: Arrival) -> str:
    """Return an arrival in a line of markup: which automation, who, what changed, and why."""
    if not arrival.verified:
        return f"[red]✗ a webhook that is not proved[/] ({escape(arrival.problem)})"
    data: Any = arrival.json()["data"]
    cause = data["cause"]
    day = day_of(str(cause["occurred_date"])[:10])
    late = ", told late" if cause["late"] else ""
    who, name = plain(data["contact"].get("email")), plain(data["automation"]["name"])
    why = plain(cause["event_type"])
    return (
        f"[cyan]→[/] [bold]{escape(name):<{_NAME_WIDTH}}[/]  {escape(who)}  {escape(_what(data))}  "
        f"[dim]{escape(why)} of {day}{late}[/]"
    )


def _what(data: Mapping[str, Any]) -> str:
    """Return the change of the status, or what was bought."""
    for change in data["changes"]:
        if change["field"] == "status" and change["from"] is not None:
            return f"{plain(change['from'])} → {plain(change['to'])}"
    # Not every store says at once what a subscription costs, and how often.
    bought = (
        data["recurring_payment"][name]
        for name in ("payment_amount", "currency", "billing_interval")
    )
    return plain(" ".join(str(each) for each in bought if each))
