"""An order is created for automations when it first brings money: once, whatever comes after."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain.observations import Parsed
from tests.laws import words
from tests.laws.words import OPENING
from tests.support.firing import Desk
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

ADA = words.customer("1", 0, "ada@example.com")
TRIGGER = {"type": "order_created"}
FAILED = words.invoice("1", 1, event_name="failed", state="failed")
PAID = words.invoice("1", 5, event_name="paid")
CHARGED = words.charge("1", 6, "document:in_1")
REFUNDED = words.refund("1", 9, 1900)
LATER = OPENING + 10_000_000
TAGGED = {
    "match": "all",
    "conditions": [{"field": "contact.orders_count", "operator": "at_least", "value": 1}],
}


class Till:
    """The processor and what fires after it, over one store."""

    def __init__(self, trigger: dict[str, Any] = TRIGGER) -> None:
        self.store = StreamingStore()
        self.shop = Shop(store=self.store)
        self.desk = Desk(self.store)
        self.desk.automate(trigger)
        self.read = 0

    def hear(self, *events: Parsed, source: str = "live") -> list[dict[str, Any]]:
        """Fold events one after another, read the stream twice, and return all firings so far."""
        for event in events:
            self.shop.hear(event, source=source)
            told = self.store.stream[self.read :]
            self.read = len(self.store.stream)
            for _ in range(2):
                answer = self.desk.stream().handle(told, LATER)
                assert answer == {"batchItemFailures": []}
        return self.desk.firings()


def test_a_declined_order_fires_when_it_is_paid_and_not_before() -> None:
    till = Till()

    assert till.hear(ADA, FAILED) == []
    (firing,) = till.hear(PAID)

    assert firing["at"] == words.at(5)
    assert firing["cause"]["event_id"] == "evt_paid"
    assert firing["change"]["kind"] == "created"
    assert ["status", "declined", "completed"] in firing["change"]["changes"]


def test_an_order_paid_from_the_start_fires_at_its_first_sight() -> None:
    (firing,) = Till().hear(ADA, PAID)

    assert firing["at"] == words.at(5)
    assert firing["record"] == {"kind": "order", "connection_id": "shop", "id": "in_1"}


def test_what_happens_to_a_paid_order_fires_nothing_more() -> None:
    till = Till()
    (firing,) = till.hear(ADA, PAID)

    again = till.hear(
        CHARGED, REFUNDED, words.dispute("1", 12, 1900), words.dispute("1", 13, 1900, "won")
    )

    assert again == [firing]


@pytest.mark.parametrize("order", [*itertools.permutations([FAILED, PAID, CHARGED, REFUNDED])])
def test_an_order_fires_once_in_whatever_order_its_events_come(order: tuple[Parsed, ...]) -> None:
    firings = Till().hear(ADA, *order)

    assert [each["record"]["id"] for each in firings] == ["in_1"]


@pytest.mark.parametrize(
    "order",
    [
        *itertools.permutations(
            [words.charge("1", 0), words.invoice("1", 3), words.link("1", "1", 4)]
        ),
        (words.charge("1", 0), words.invoice("1", 3, state="failed"), words.link("1", "1", 4)),
    ],
)
def test_a_join_fires_nothing_that_its_parts_have_fired(order: tuple[Parsed, ...]) -> None:
    assert len(Till().hear(ADA, *order)) == 1


@pytest.mark.parametrize(
    "order",
    [
        *itertools.permutations(
            [ADA, words.charge("1", 0), words.invoice("1", 3), words.link("1", "1", 4)]
        )
    ],
)
def test_an_order_fires_once_whenever_its_customer_becomes_known(order: tuple[Parsed, ...]) -> None:
    """What was joined while nobody knew whose it was has been told to nobody."""
    assert len(Till().hear(*order)) == 1


def test_two_orders_that_were_paid_and_told_fire_nothing_when_they_are_joined() -> None:
    till = Till()
    charged = words.charge("1", 0)
    invoiced = words.invoice("1", 40)  # too late to be taken for the other by its likeness
    before = till.hear(ADA, charged, invoiced)

    after = till.hear(words.link("1", "1", 41))

    assert len(before) == 2
    assert after == before


def test_an_order_that_was_taken_for_part_of_another_fires_once_it_stands_alone() -> None:
    till = Till()
    till.hear(ADA, words.charge("1", 3), words.invoice("1", 0))

    till.hear(words.link("other", "1", 4))

    paid = {key for key, each in till.shop.orders().items() if each["status"] == "completed"}
    assert len(till.desk.firings()) == len(paid) == 2


def test_imported_history_is_silent_and_stays_so() -> None:
    till = Till()

    assert till.hear(ADA, FAILED, PAID, source="history") == []
    assert till.hear(CHARGED, REFUNDED) == []


def test_an_order_whose_customer_is_known_later_fires_then() -> None:
    till = Till()

    assert till.hear(FAILED, PAID) == []
    (firing,) = till.hear(words.customer("1", 7, "ada@example.com"))

    assert firing["contact"]["email"] == "ada@example.com"
    assert till.hear(words.customer("1", 8, "ada@example.org")) == [firing]


@pytest.mark.parametrize("linked", [True, False])
def test_one_that_was_put_off_fires_though_it_is_joined_meanwhile(*, linked: bool) -> None:
    till = Till({**TRIGGER, "segment": TAGGED})
    till.hear(ADA, words.charge("1", 0))
    till.hear(*([words.invoice("1", 3), words.link("1", "1", 4)] if linked else []))
    messages = till.desk.queue.of_kind("settled")

    for message in messages:
        till.desk.fire().settled(message, LATER)

    assert len({tuple(each["record"]) for each in messages}) == 1
    assert len(till.desk.firings()) == 1


def test_the_bus_hears_of_an_order_at_its_first_sight_as_it_is_recorded() -> None:
    till = Till()

    till.hear(ADA, FAILED, PAID)

    (told,) = {each["id"]: each for each in till.desk.bus.of_type("order.created")}.values()
    assert told["event_id"] == "evt_failed"
