"""Old records of any connection over HTTP: silent, in its provider's names, below its word."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage.store_history import STATES_CREATION
from infra.samples import paykickstart as campaign
from infra.samples import stripe as stripe_story
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from shared.providers.catalogue import PROVIDERS
from tests.laws.recorded import recorded, unlike
from tests.support.store_items import DAYS, ApiStore, sale, subscription


def rejected(store: ApiStore, kind: str, item: Any) -> dict[str, str]:
    """Return why an imported item was rejected, by path."""
    (result,) = store.put(kind, item, historical=True)
    assert result["status"] == "rejected"
    return {each["path"]: each["message"] for each in result["errors"]}


def test_manage_folds_history_with_the_habits_of_the_catalogue() -> None:
    states_creation = {name for name, each in PROVIDERS.items() if each.states_creation}

    assert states_creation == STATES_CREATION


@pytest.mark.parametrize("provider", ["stripe", "paypal", "paykickstart", "woocommerce", "api"])
def test_what_is_imported_is_recorded_and_silent(provider: str) -> None:
    store = ApiStore(provider=provider)

    results = [
        *store.put(RECURRING_PAYMENT, subscription(), historical=True),
        *store.put(ORDER, sale(recurring_payment_id="sub-1"), historical=True),
    ]

    assert [each["status"] for each in results] == ["created", "created"]
    record = recorded(store.shop)
    told, order = record["recurring_payments"]["sub-1"], record["orders"]["o-1"]
    assert (told["status"], told["payment_amount"], told["cycles_completed"]) == ("active", 1900, 1)
    assert (order["kind"], order["gross"]) == ("subscription", 1900)
    assert record["contacts"]["ada@example.com"]["revenue"] == [{"currency": "USD", "amount": 1900}]
    entries = [d["entry"] for n, d in store.shop.memory.documents.items() if n[0] == "entry"]
    assert entries
    assert all(each.historical for each in entries)
    assert {each["source"] for each in store.events()} == {"history"}


@pytest.mark.parametrize("provider", ["stripe", "paykickstart", "woocommerce"])
def test_the_same_again_changes_nothing_and_a_mended_row_replaces(provider: str) -> None:
    store = ApiStore(provider=provider)
    store.put(RECURRING_PAYMENT, subscription(), historical=True)
    store.put(ORDER, sale(), historical=True)

    again = [
        *store.put(RECURRING_PAYMENT, subscription(), historical=True),
        *store.put(ORDER, sale(), historical=True),
    ]
    mended = [
        *store.put(RECURRING_PAYMENT, subscription(status="paused"), historical=True),
        *store.put(ORDER, sale(gross="20.00"), historical=True),
    ]

    assert [each["status"] for each in again] == ["unchanged", "unchanged"]
    assert [each["status"] for each in mended] == ["updated", "updated"]
    assert store.shop.recurring_payments()["sub-1"]["status"] == "paused"
    assert store.shop.orders()["o-1"]["gross"] == 2000


@pytest.mark.parametrize("seed", range(2))
def test_the_kept_events_of_an_import_replayed_equal_it(seed: int) -> None:
    store = ApiStore(provider="paykickstart")
    store.put(RECURRING_PAYMENT, subscription(), historical=True)
    store.put(ORDER, sale(refunded="4.00", refunded_date=DAYS[3]), historical=True)
    events = store.events()[:: (-1) ** seed]
    again = ApiStore(provider="paykickstart")

    again.replay(events)

    assert unlike(recorded(store.shop), recorded(again.shop)) == []


def test_a_live_renewal_joins_what_was_imported_of_paykickstart() -> None:
    vendor = campaign.Vendor(1)
    sold = vendor.subscribe(campaign.BUYERS[0], campaign.OFFERS[0])
    first = vendor.events[0].fields
    store = ApiStore(provider="paykickstart")
    about = {"email": campaign.BUYERS[0].email, "store_customer_id": None}
    order = dict(first)["transaction_id"]
    store.put(
        RECURRING_PAYMENT,
        subscription(store_recurring_payment_id=sold.id, **about),
        historical=True,
    )
    item = sale(store_order_id=order, recurring_payment_id=sold.id, **about)
    store.put(ORDER, item, historical=True)

    vendor.renew(sold)
    store.shop.receive(vendor.events[-1].body)
    vendor.refund(order, 700)
    store.shop.receive(vendor.events[-1].body)

    (told,) = store.shop.recurring_payments().values()
    assert told["start_date"] is not None
    assert (told["cycles_completed"], told["billing_interval"]) == (2, "monthly")
    assert {own: each["refunded"] for own, each in store.shop.orders().items()}[order] == 700
    (person,) = store.shop.contacts().values()
    assert person["revenue"] == [{"currency": "USD", "amount": 1900 + 1900 - 700}]


@pytest.mark.parametrize("named", ["in", "pi", "ch"])
def test_stripes_events_join_an_order_by_any_of_its_names(named: str) -> None:
    world = stripe_story.whole_life(1, "new")
    live = ApiStore(provider="stripe")
    for event in world.events:
        live.shop.receive(event.body)
    heads = [each for name, each in live.shop.memory.documents.items() if name[0] == ORDER]
    refs = next(e["refs"] for e in heads if len(e.get("refs", ())) >= 3)
    names = {ref.partition(":")[2][:2]: ref.partition(":")[2] for ref in refs}
    store = ApiStore(provider="stripe")
    item = sale(store_order_id=names[named], processor_reference=names["pi"])
    store.put(ORDER, item, historical=True)

    for event in world.events:
        store.shop.receive(event.body)

    assert sorted(store.shop.orders()) == sorted(live.shop.orders())
    (result,) = live.put(ORDER, {**item, "gross": "99.00"}, historical=True)
    assert result["status"] == "unchanged"  # found by its other name, and told by Stripe itself


def test_a_connection_is_named_that_is_there() -> None:
    store = ApiStore(provider="stripe")

    assert rejected(store, ORDER, sale(connection_id="none")) == {
        "connection_id": "is not a connection"
    }
    (result,) = store.put(ORDER, sale())
    assert result["errors"][0]["message"] == "is not the connection of an API store"


@pytest.mark.parametrize(
    ("kind", "item", "path"),
    [
        (RECURRING_PAYMENT, subscription(start_date=None), "start_date"),
        (ORDER, sale(status="disputed"), "status"),
        (ORDER, sale(refunded="4.00"), "processor_reference"),
        (ORDER, sale(refunded="4.00", processor_reference="ch_1"), "processor_reference"),
        (ORDER, sale(gross="much"), "gross"),
    ],
)
def test_what_cannot_be_imported_is_told_by_its_path(kind: str, item: Any, path: str) -> None:
    assert set(rejected(ApiStore(provider="stripe"), kind, item)) == {path}
