"""A business at Stripe: its clock, its ids, what Stripe holds, and the events that leave.

The world is deterministic: one seed, one story. In both shapes the same verbs give the same
ids, times and truth; only the events and the snapshots inside them differ.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from infra.samples.stripe_event import Event, Ids, Json, Shape, View, envelope, previous_attributes
from infra.samples.stripe_goods import Price, Product
from infra.samples.stripe_money import DAY, HOUR, iso
from infra.samples.stripe_render import render
from infra.samples.stripe_render_invoice import upcoming
from infra.samples.stripe_state import (
    Charge,
    Customer,
    Dispute,
    Invoice,
    InvoicePayment,
    Refund,
    Schedule,
    Subscription,
)
from infra.samples.stripe_truth import SubscriptionTruth, Truth

STARTS_AT = 1_790_812_800  # 2026-10-01 00:00:00 UTC

# What the API lists, as it calls it.
KINDS: dict[str, type] = {
    "product": Product,
    "price": Price,
    "customer": Customer,
    "subscription": Subscription,
    "subscription_schedule": Schedule,
    "invoice": Invoice,
    "charge": Charge,
    "refund": Refund,
    "dispute": Dispute,
}

_Thing = TypeVar("_Thing")


class Business:
    """One Stripe account with all it ever said; `now` is its clock in Unix seconds."""

    def __init__(
        self,
        seed: int | str = 1,
        shape: Shape = "new",
        *,
        starts_at: int = STARTS_AT,
        livemode: bool = True,
    ) -> None:
        self.view = View(shape, livemode)
        self._api_view = View("new", livemode)
        self.now = starts_at
        self.ids = Ids(seed)
        self.truth = Truth()
        self._random = random.Random(str(seed))  # noqa: S311 - a story, not a secret
        self._things: dict[str, Any] = {}
        self._told: list[tuple[int, Event]] = []
        self._silent = False

    @property
    def events(self) -> list[Event]:
        """Everything said so far, by second; events of one second in their true order."""
        return [event for _, event in sorted(self._told, key=lambda told: told[0])]

    def advance(self, *, days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0) -> None:
        """Let time pass."""
        self.now += days * DAY + hours * HOUR + minutes * 60 + seconds

    def reach(self, moment: int) -> None:
        """Let time pass until `moment`, unless it is later already."""
        self.now = max(self.now, moment)

    def tick(self) -> None:
        """Go on within a burst: mostly in the same second, now and then in the next one."""
        self.now += int(self._random.random() < 0.25)

    def keep(self, thing: _Thing) -> _Thing:
        """Put a thing into Stripe's database, where the API can find it by its id."""
        self._things[thing.id] = thing  # type: ignore[attr-defined]
        return thing

    def tell(self, event_type: str, thing: object, previous: Json | None = None) -> Event:
        """Say an event with a snapshot of the thing as it is now."""
        data: Json = {"object": render(thing, self.view)}
        if previous is not None:
            data["previous_attributes"] = previous
        return self.say(event_type, data)

    def say(self, event_type: str, data: Json) -> Event:
        """Say an event with data of the caller's own making."""
        event = envelope(
            self.ids.new("evt"),
            event_type,
            self.now,
            shape=self.view.shape,
            livemode=self.view.livemode,
            data=data,
        )
        return self._record(event)

    def say_thin(self, event_type: str, thing_type: str, thing_id: str, url: str) -> Event:
        """Say a thin event, which names its object and carries none."""
        return self._record(
            Event(
                {
                    "id": self.ids.new("evt"),
                    "object": "v2.core.event",
                    "type": event_type,
                    "created": iso(self.now),
                    "livemode": self.view.livemode,
                    "context": None,
                    "reason": None,
                    "related_object": {"id": thing_id, "type": thing_type, "url": url},
                }
            )
        )

    def say_upcoming(self, preview: Invoice) -> Event:
        """Say `invoice.upcoming`, whose invoice has no id yet."""
        return self.say("invoice.upcoming", {"object": upcoming(preview, self.view)})

    @contextmanager
    def change(self, event_type: str, thing: object) -> Iterator[None]:
        """Say an event about the changes made inside the block, with their previous values.

        Nothing is said when the view does not show any difference.
        """
        before = render(thing, self.view)
        yield
        previous = previous_attributes(before, render(thing, self.view))
        if previous:
            self.tell(event_type, thing, previous)

    @contextmanager
    def untold(self) -> Iterator[None]:
        """Live through a time of which no event was delivered, and whose payments are unknown."""
        orders, known = dict(self.truth.orders), set(self.truth.subscriptions)
        self._silent = True
        yield
        self._silent = False
        self.truth.orders = orders
        for key in self.truth.subscriptions.keys() - known:
            self.truth.subscriptions[key].forget_payments()

    def record_of(self, subscription: Subscription) -> SubscriptionTruth:
        """Return the truth about a subscription."""
        return self.truth.subscriptions[subscription.id]

    def subscriptions(self) -> list[Subscription]:
        """Return every subscription of the business, oldest first."""
        return [thing for thing in self._things.values() if isinstance(thing, Subscription)]

    def snapshot_of(self, thing_id: str) -> Json | None:
        """Return the present snapshot of a thing as the API would answer it, or None.

        The API is asked in the newest version, whatever shape the endpoint's events have.
        """
        thing = self._things.get(thing_id)
        return None if thing is None else render(thing, self._api_view)

    def dated(self, kind: str) -> list[tuple[int, str]]:
        """Return when each thing of a kind was made and its id, the newest first.

        Kinds are called as the API calls objects; a deleted customer is listed no more.
        """
        wanted: Any = KINDS[kind]
        found: list[tuple[int, str]] = [
            (thing.created, thing_id)
            for thing_id, thing in reversed(self._things.items())
            if isinstance(thing, wanted) and not getattr(thing, "deleted", False)
        ]
        return sorted(found, key=lambda each: -each[0])

    def invoice_payments(self, *, payment_intent: str = "", invoice: str = "") -> list[Json]:
        """Return the links between invoices and payment intents, narrowed by either."""
        return [
            render(link, self._api_view)
            for link in self._things.values()
            if isinstance(link, InvoicePayment)
            and payment_intent in ("", link.payment.id)
            and invoice in ("", link.invoice.id)
        ]

    def _record(self, event: Event) -> Event:
        if not self._silent:
            self._told.append((self.now, event))
        return event
