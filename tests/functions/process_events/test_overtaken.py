"""Workers that are overtaken between two things they read: what was read first holds no more.

Both were found by the simulator. A job told a customer's second record what it had read for the
first, after a newer word had been told to both. And an event found its order by a name, then wrote
to what the order had left behind when it yielded to its invoice in between: one sale counted twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from infra.samples import stripe as story
from infra.samples.stripe_state import Card
from shared.domain import times
from shared.domain.ports import Name
from shared.domain.records import RECURRING_PAYMENT
from shared.domain.recurring_payments import show
from tests.functions.process_events.desk import Desk, FailingStore, message


class Overtaken(FailingStore):
    """A store in which something else comes to pass right before a record is read."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited: Name | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def read(self, names: Any) -> Any:
        if self.awaited in names:
            self.awaited = None
            self.meanwhile()
        return super().read(names)


def test_a_job_overtaken_between_two_records_tells_neither_what_was_before() -> None:
    store = Overtaken()
    slow, quick = Desk(store), Desk(store)
    world = story.Business("buyer")
    customer = story.add_customer(world, "ada@example.com", "Ada Lovelace")
    card = story.add_card(world, customer)
    story.make_default(world, customer, card)
    plan = story.add_price(world, story.add_product(world, "Book club"), 1900)
    for _ in range(2):
        world.advance(hours=1)
        story.checkout(world, customer, plan, via="api", with_card=False)
    _tell(quick, world.events)
    first, later = (_expiring(world, card, year) for year in (2031, 2033))
    _tell(slow, first)
    (job, *_) = [each for each in slow.queues.jobs if each["job"] == "refresh_customer"]
    names, _ = store.of_customer("shop", customer.id, None)
    names = [name for name in names if name[0] == RECURRING_PAYMENT]
    assert len(names) == 2

    store.awaited = names[1]
    store.meanwhile = partial(_overtake, quick, later, job)
    _carry_out(slow, job)

    assert {_expiration(store, name) for name in names} == {times.from_text("2033-05-01")}


def test_an_order_that_yields_before_it_is_read_counts_once() -> None:
    store = Overtaken()
    slow, quick = Desk(store), Desk(store)
    world = story.Business("buyer")
    customer = story.add_customer(world, "ada@example.com", "Ada Lovelace")
    plan = story.add_price(world, story.add_product(world, "Book club"), 1900)
    story.checkout(world, customer, plan)
    told = {event.type: event for event in world.events}
    first = told.pop("payment_intent.succeeded")
    linking, late = told.pop("invoice_payment.paid"), told.pop("charge.updated")
    _tell(quick, [first])

    store.awaited = ("order", "shop", first.object["id"])
    store.meanwhile = partial(_tell, quick, [linking])
    _tell(slow, [late])
    _tell(quick, list(told.values()))

    orders = [name for name in store.documents if name[0] == "order"]
    left = [name[2] for name in orders if not store.documents[name].get("merged_into")]
    assert len(orders) == 2
    assert left == [told["invoice.paid"].object["id"]]


def _overtake(desk: Desk, events: list[story.Event], job: Any) -> None:
    _tell(desk, events)
    _carry_out(desk, job)


def _expiring(world: story.Business, card: Card, year: int) -> list[story.Event]:
    world.advance(minutes=1)
    before = len(world.events)
    story.edit_card(world, card, exp_month=5, exp_year=year)
    return world.events[before:]


def _expiration(store: Overtaken, name: Name) -> int | None:
    view = show(store.documents[name]["facets"])
    assert view is not None
    found: int | None = view["payment_method_expiration"]
    return found


def _tell(desk: Desk, events: list[story.Event]) -> None:
    for number, event in enumerate(events):
        assert desk.handle(message(f"m-{number}", event.body)) == []


def _carry_out(desk: Desk, job: Any) -> None:
    assert desk.handle(message("m-job", json.dumps({"v": 1, "kind": "job", **job}))) == []
