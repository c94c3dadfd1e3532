"""An API store's items in any order, doubled, in bulk or replayed: always the same records."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from shared.domain import times
from shared.domain.observations import UPDATED, OrderSaid, Parsed
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.laws.recorded import drifted, recorded, unlike
from tests.support.store_items import DAYS, ApiStore, life, sale, subscription

IN_ORDER = ApiStore()
IN_ORDER.put_all(life())


def test_a_life_in_order_is_what_the_store_says() -> None:
    record = recorded(IN_ORDER.shop)
    subscribed = record["recurring_payments"]["sub-1"]
    contact = record["contacts"]["ada@example.com"]

    assert (subscribed["status"], subscribed["payment_amount"]) == ("cancelled", 2500)
    assert subscribed["cycles_completed"] == 2
    assert {name: each["kind"] for name, each in record["orders"].items()} == {
        "book": "one_time",
        "o-1": "subscription",
        "o-2": "subscription",
    }
    assert record["orders"]["o-1"]["status"] == "partially_refunded"
    assert contact["revenue"] == [{"currency": "USD", "amount": 1900 - 400 + 1900 + 750}]
    assert (contact["first_name"], contact["orders_count"]) == ("Ada", 3)
    kinds = [kind for _, kind, _ in record["history"][RECURRING_PAYMENT, "sub-1"]]
    assert kinds.count("created") == 1
    assert drifted(IN_ORDER.shop) == []


@pytest.mark.parametrize("seed", range(12))
def test_any_order_and_repetition_come_to_the_same_records(seed: int) -> None:
    dice = random.Random(seed)
    told = [*life(), *dice.sample(life(), 5)]
    dice.shuffle(told)
    store = ApiStore()

    store.put_all(told)

    assert unlike(recorded(IN_ORDER.shop), recorded(store.shop)) == []
    assert drifted(store.shop) == []


@pytest.mark.parametrize("seed", range(4))
def test_all_in_one_request_come_to_the_same_records(seed: int) -> None:
    store = ApiStore()

    for kind in random.Random(seed).sample([ORDER, RECURRING_PAYMENT], 2):
        store.put(kind, *(item for each, item in life() if each == kind))

    assert unlike(recorded(IN_ORDER.shop), recorded(store.shop)) == []


def test_the_whole_life_a_second_time_changes_nothing() -> None:
    store = ApiStore()
    first = store.put_all(life())
    before = dict(store.shop.memory.documents)

    second = store.put_all(life())

    assert first == [
        *("created", "created", "created", "updated", "updated"),
        *("updated", "updated", "created", "updated"),
    ]
    assert set(second) == {"unchanged"}
    assert store.shop.memory.documents == before


@pytest.mark.parametrize("seed", range(6))
def test_the_kept_events_processed_again_in_any_order_equal_the_live_ones(seed: int) -> None:
    events = IN_ORDER.events()
    random.Random(seed).shuffle(events)
    store = ApiStore()

    store.replay(events)

    assert unlike(recorded(IN_ORDER.shop), recorded(store.shop)) == []


def test_items_without_a_date_count_in_the_order_of_receipt() -> None:
    store = ApiStore()
    states = ["active", "paused", "active", "active", "cancelled", "active"]

    told = [store.put(RECURRING_PAYMENT, subscription(status=each))[0] for each in states]

    assert [each["status"] for each in told] == [
        *("created", "updated", "updated", "unchanged", "updated", "updated"),
    ]
    assert _moves(store) == [
        ("active", "paused"),
        ("paused", "active"),
        ("active", "cancelled"),
        ("cancelled", "active"),
    ]
    replayed = ApiStore()
    replayed.replay(store.events()[::-1])
    assert unlike(recorded(store.shop), recorded(replayed.shop)) == []


def test_items_without_a_date_in_one_request_count_in_its_order() -> None:
    store = ApiStore()
    states = ("active", "paused", "cancelled", "active")

    store.put(RECURRING_PAYMENT, *(subscription(status=each) for each in states))

    assert _moves(store) == list(itertools.pairwise(states))


def _moves(store: ApiStore) -> list[tuple[Any, Any]]:
    history = recorded(store.shop)["history"][RECURRING_PAYMENT, "sub-1"]
    return [(old, new) for _, _, rows in history for field, old, new in rows if field == "status"]


def test_a_sale_its_processor_reports_too_counts_once() -> None:
    store = ApiStore(others={"pay": {"provider": "stripe"}})
    reference = "ch_123456789"

    store.shop.hear(_charge(reference), connection_id="pay")
    store.put(ORDER, sale(processor_reference=reference))

    heads = store.shop.memory.documents
    assert heads[ORDER, "shop", "o-1"]["mirror_of"] == f"pay/{reference}"
    contact = recorded(store.shop)["contacts"]["ada@example.com"]
    assert (contact["orders_count"], contact["revenue"][0]["amount"]) == (1, 1900)


def _charge(reference: str) -> Parsed:
    """Return a payment of a sale as its processor tells it."""
    payment: dict[str, Any] = {
        "payment": f"charge:{reference}",
        "weight": 2,
        "amount": 1900,
        "currency": "USD",
        "status": "completed",
        "date": times.from_text(DAYS[0]),
        "email": "ada@example.com",
    }
    said = OrderSaid((f"charge:{reference}",), UPDATED, {"payment:charge": payment})
    return Parsed("evt_1", "charge.succeeded", "d", payment["date"], live=True, orders=(said,))
