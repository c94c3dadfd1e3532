"""Firing: once per transition, in the order that loses nothing, and only for whom it should."""

from __future__ import annotations

import random

import pytest

from infra.samples.stripe_billing import fail_renewal, recover, renew
from infra.samples.stripe_business import Business
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import add_customer, add_price, add_product
from shared.domain.ports import Write
from shared.domain.timeline import Change, Entry
from tests.support.firing import (
    FAILED,
    NOW,
    ON_FAILURE,
    ON_STATUS,
    RECORD,
    Desk,
    connection,
    created,
    happening,
    updated,
)
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

BACK = ("status", "payment_failed", "active")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.befriend()
    return desk


def test_a_firing_tells_whom_what_when_and_why(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    before = {"state": "pending", "hops": 0, "version": 1, "revision": 1}

    (firing_id,) = desk.fire().change(happening(updated(FAILED)), NOW + 900)

    (firing,) = desk.firings()
    assert desk.store.documents["firing", "rescue", firing_id] == firing
    assert firing_id.startswith(f"{NOW:015d}-")
    assert firing == {
        **before,
        "firing_id": firing_id,
        "automation_id": "rescue",
        "contact": {"contact_id": "c-1", "email": "c-1@example.com", "version": 1},
        "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
        "change": {
            "kind": "updated",
            "changes": [list(FAILED)],
            "at": NOW,
            "historical": False,
            "late": False,
        },
        "cause": {
            "provider": "stripe",
            "connection_id": "shop",
            "event_id": "evt_1",
            "event_type": "customer.subscription.updated",
            "occurred_at": NOW,
            "late": False,
            "mode": "live",
        },
        "conditions": [],
        "at": NOW,
        "recorded_at": NOW + 900,
    }
    assert desk.queue.sent == [
        ({"kind": "run", "automation_id": "rescue", "firing_id": firing_id}, 0)
    ]


def test_the_same_transition_fires_once_however_it_comes_again(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    fire = desk.fire()
    twin = updated(FAILED, event_id="evt_twin", event_type="invoice.payment_failed")
    more = updated(FAILED, ("note", None, "x"))

    fire.change(happening(updated(FAILED)), NOW)
    fire.change(happening(twin), NOW)
    fire.change(happening(more, updated(FAILED)), NOW)

    assert len(desk.firings()) == 1


def test_an_amended_transition_is_another_one(desk: Desk) -> None:
    desk.automate(ON_STATUS)
    fire = desk.fire()
    first, amended = updated(("status", "active", "cancelled")), updated(BACK)

    fire.change(happening(first), NOW)
    fire.change(happening(amended, first), NOW)

    assert len(desk.firings()) == 2


def test_an_entry_written_again_as_it_was_is_not_looked_at(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    entry = updated(FAILED)

    fired = desk.fire().change(happening(entry, updated(FAILED, recorded_at=NOW + 99)), NOW)

    assert fired == []
    assert desk.bus.events == []


def test_once_is_once_per_contact_and_multiple_is_not(desk: Desk) -> None:
    desk.automate({**ON_FAILURE, "runs": "once"}, "once")
    desk.automate(ON_FAILURE, "multiple")
    desk.befriend("c-2")
    fire = desk.fire()

    fire.change(happening(updated(FAILED)), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 5_000)), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 9_000, contact_id="c-2")), NOW)

    fired = [(each["automation_id"], each["contact"]["contact_id"]) for each in desk.firings()]
    assert sorted(fired) == [
        ("multiple", "c-1"),
        ("multiple", "c-1"),
        ("multiple", "c-2"),
        ("once", "c-1"),
        ("once", "c-2"),
    ]


def test_deleting_an_automation_forgets_whom_it_has_run_for(desk: Desk) -> None:
    desk.automate({**ON_FAILURE, "runs": "once"})
    desk.fire().change(happening(updated(FAILED)), NOW)
    edited = {**desk.store.documents["automation", "rescue"], "version": 2, "revision": 2}
    desk.put(("automation", "rescue"), edited)
    desk.fire().change(happening(updated(FAILED, at=NOW + 1)), NOW)
    assert len(desk.firings()) == 1, "an edit forgets nothing"

    desk.put(("automation", "rescue"), {**edited, "created_date": NOW, "version": 1})
    desk.fire().change(happening(updated(FAILED, at=NOW + 2)), NOW)

    assert len(desk.firings()) == 2


def test_nothing_fires_for_a_mirror_a_mirrored_record_or_an_erased_contact(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    desk.put(RECORD, {"facets": {}, "mirror_of": "other"})
    assert desk.fire().change(happening(updated(FAILED)), NOW) == []

    del desk.store.documents[RECORD]
    assert desk.fire().change(happening(updated(FAILED, contact_id="gone")), NOW) == []

    desk.put(("connection", "shop"), connection(role="mirror"))
    desk.bus.events.clear()
    assert desk.fire().change(happening(updated(FAILED)), NOW) == []
    assert desk.bus.events == []


def test_the_bus_hears_of_changes_and_firings_and_of_nobodys_address(desk: Desk) -> None:
    desk.automate(ON_STATUS)
    moved = ("billing_address", {"city": "Rome"}, {"city": "Oslo"})
    fire = desk.fire()

    (firing_id,) = fire.change(happening(updated(FAILED, moved)), NOW)
    fire.change(happening(created(), kind="order"), NOW)
    fire.change(happening(updated(FAILED), kind="order"), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 1, historical=True)), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 2, event_type="order.put.suppressed")), NOW)

    (told,) = desk.bus.of_type("recurring_payment.updated")
    (fired,) = desk.bus.of_type("automation.fired")
    assert [each.detail_type for each in desk.bus.events] == [
        "recurring_payment.updated",
        "automation.fired",
        "order.created",
    ]
    assert told["store_recurring_payment_id"] == "sub_1"
    assert told["changes"] == [
        {"field": "status", "from": "active", "to": "payment_failed"},
        {"field": "billing_address"},
    ]
    assert (fired["firing_id"], fired["automation_id"]) == (firing_id, "rescue")
    assert "example.com" not in repr(desk.bus.events)
    assert "Oslo" not in repr(desk.bus.events)


def test_an_update_is_judged_as_of_the_change_a_creation_as_of_now(desk: Desk) -> None:
    def said(status: str, at: int) -> Entry:
        terms = {"status": status, "currency": "USD"}
        entry = updated(at=at, rank=1, said={"terms": terms})
        entry.changes = [Change("status", None, status)]
        return entry

    segment = {
        "match": "all",
        "conditions": [{"field": "recurring_payment.status", "operator": "is", "value": "paused"}],
    }
    desk.automate({**ON_STATUS, "segment": segment})
    desk.automate({"type": "recurring_payment_created", "segment": segment}, "created")
    paused, active = said("paused", NOW), said("active", NOW + 9_000)
    desk.put(("entry", *RECORD, "a"), {"entry": paused})
    desk.put(("entry", *RECORD, "b"), {"entry": active})
    desk.put(RECORD, {"facets": active.said, "contact_id": "c-1"})
    fire = desk.fire()

    assert len(fire.change(happening(paused), NOW + 99_000)) == 1
    assert fire.change(happening(active), NOW + 99_000) == []
    assert fire.change(happening(created()), NOW + 99_000) == []


def test_the_catalogues_names_can_be_asked_for(desk: Desk) -> None:
    value = {"operator": "is", "value": "Tea box"}
    names = [
        {"field": f"recurring_payment.{each}", **value} for each in ("name", "line_items.name")
    ]
    segment = {"match": "all", "conditions": names}
    desk.automate({**ON_STATUS, "segment": segment})
    terms = {
        "status": "paused",
        "currency": "USD",
        "items": [{"store_primary_id": "prod_1", "price_id": None, "quantity": 1, "amount": 1}],
    }
    desk.put(("catalogue", "shop", "product", "prod_1"), {"values": {"name": "Tea box"}})
    desk.put(RECORD, {"facets": {"terms": terms}, "contact_id": "c-1"})

    assert len(desk.fire().change(happening(updated(FAILED)), NOW)) == 1


def test_a_firing_somebody_has_taken_up_is_not_sent_again(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    (firing_id,) = desk.fire().change(happening(updated(FAILED)), NOW)
    name = ("firing", "rescue", firing_id)
    desk.fire().change(happening(updated(FAILED)), NOW)
    assert len(desk.queue.of_kind("run")) == 2

    taken = {**desk.store.documents[name], "state": "running", "version": 2}
    desk.store.commit([Write(name, taken, 1)])
    desk.fire().change(happening(updated(FAILED)), NOW)

    assert len(desk.queue.of_kind("run")) == 2
    assert desk.store.documents[name]["state"] == "running"


def failing_twice() -> list[bytes]:
    """Return the events of a subscription whose renewal fails and recovers, twice."""
    world = Business(1)
    price = add_price(world, add_product(world, "Tea box"), 3_000, "usd")
    customer = add_customer(world, "ada@example.com", "Ada Lovelace")
    subscription = checkout(world, customer, price)
    for _ in range(2):
        renew(world, subscription)
        fail_renewal(world, subscription)
        recover(world, subscription)
    return [event.body for event in world.events]


@pytest.mark.parametrize("seed", range(4))
def test_a_failing_renewal_fires_once_whatever_comes_late_or_twice(seed: int) -> None:
    store = StreamingStore()
    shop = Shop(store=store)
    desk = Desk(store)
    desk.automate(ON_FAILURE, "multiple")
    desk.automate({**ON_FAILURE, "runs": "once"}, "once")
    bodies = failing_twice()
    if seed:
        random.Random(seed).shuffle(bodies)

    for body in [*bodies, *bodies[::3]]:
        shop.receive(body)
    answer = desk.stream().handle([*store.stream, *store.stream[-9:]], NOW + 10**9)

    fired = [each["automation_id"] for each in desk.firings()]
    assert answer == {"batchItemFailures": []}
    assert sorted(fired) == ["multiple", "multiple", "once"]
