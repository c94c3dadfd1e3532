"""Events whose signature binds the body loosely: one per transmission, and PayPal's own word."""

from __future__ import annotations

import json
import zlib
from typing import Any

from infra.samples import paypal as story
from infra.samples.paypal_event import Event
from infra.samples.paypal_world import World
from shared.domain import rendering, times
from shared.providers.paypal_api import PayPalApi
from tests.support.crc_collision import collided
from tests.support.paypal_account import Account, imported
from tests.support.shop import Shop

_SALE = "PAYMENT.SALE.COMPLETED"


def _world() -> tuple[World, Event]:
    world = World("trust")
    world.renew(_subscribed(world))
    return world, next(e for e in reversed(world.events) if e.type == _SALE)


def _subscribed(world: World) -> Any:
    it = world.subscribe(world.buyer(), world.plan())
    world.activate(it)
    return it


def _shop(*, has_api: bool = False) -> Shop:
    return Shop(provider="paypal", has_api=has_api)


def _sent(shop: Shop, body: bytes, transmission: str) -> str:
    return shop.receive(body, headers={"paypal-transmission-id": transmission})


def _forged(event: Event, event_id: str) -> bytes:
    """Return another body with the same CRC32: what the signature of this one proves as well."""
    content = json.loads(event.body)
    content["id"] = event_id
    content["resource"]["id"] = "FORGED"
    content["resource"]["amount"] = {"total": "9999.00", "currency": "USD"}
    return collided(json.dumps(content).encode(), zlib.crc32(event.body))


def _answer(shop: Shop, event: Event) -> str:
    api = PayPalApi("id", "secret")
    call = shop.outbox.calls.pop(0)
    assert (call["object"], call["id"]) == ("event", event.id)
    _, body = api.event(call, event.exported().content, 0)
    api.close()
    return shop.receive(body, source="fetched")


def test_colliding_body_under_genuine_headers_never_counts_as_money() -> None:
    _, sale = _world()
    for event_id in (sale.id, "WH-FORGED"):
        shop = _shop()
        _sent(shop, sale.body, "t-1")

        outcome = _sent(shop, _forged(sale, event_id), "t-1")

        assert outcome == "quarantined"
        (row,) = shop.quarantined()
        assert row["code"] == "transmission_reuse"
        assert [each["gross"] for each in shop.orders().values()] == [1900]


def test_retry_has_a_transmission_of_its_own_which_is_used_up_as_well() -> None:
    _, sale = _world()
    shop = _shop()

    outcomes = [_sent(shop, sale.body, name) for name in ("t-1", "t-2", "t-1", "t-2")]
    forged = _sent(shop, _forged(sale, "WH-FORGED"), "t-2")

    assert outcomes == ["applied", "duplicate", "duplicate", "duplicate"]
    assert forged == "quarantined"


def test_same_event_id_with_another_body_is_refused_in_its_own_transmission() -> None:
    _, sale = _world()
    shop = _shop()
    _sent(shop, sale.body, "t-1")

    _sent(shop, _forged(sale, sale.id), "t-2")

    assert [row["code"] for row in shop.quarantined()] == ["id_reuse"]


def test_simulators_two_events_of_one_id_are_two_events() -> None:
    world = World("simulator")
    it = _subscribed(world)
    world.expire(it)
    world.cancel(it)
    expired, cancelled = (
        Event({**event.content, "id": "WH-UY687577TY25889J9-2R6T55435R66168Y6"})
        for event in world.events[-2:]
    )
    shop = _shop()

    outcomes = [_sent(shop, expired.body, "t-1"), _sent(shop, cancelled.body, "t-2")]

    assert outcomes == ["applied", "applied"]


def test_without_credentials_an_event_counts_and_the_record_says_so() -> None:
    world, _ = _world()
    shop = _shop()

    for number, event in enumerate(world.events):
        _sent(shop, event.body, f"t-{number}")

    (record,) = shop.recurring_payments().values()
    assert "unconfirmed" in record["inferred"]
    assert len(shop.orders()) == 2
    assert shop.outbox.calls == []


def _unconfirmed(shop: Shop) -> list[bool]:
    return [
        rendering.order(name, shop.memory.documents[name], view, {})["unconfirmed"]
        for identity, view in shop.orders().items()
        for name in [("order", "shop", identity)]
    ]


def test_without_credentials_orders_say_so_too_until_a_history_confirms_them() -> None:
    world = story.whole_life(3)
    shop = _shop()
    for number, event in enumerate(world.events):
        _sent(shop, event.body, f"t-{number}")
    before = _unconfirmed(shop)

    imported(shop, Account(world))

    assert len(before) > 5
    assert set(before) == {True}
    assert set(_unconfirmed(shop)) == {False}
    assert all(each["inferred"] == [] for each in shop.recurring_payments().values())


def test_money_that_only_an_event_tells_of_keeps_its_order_unconfirmed() -> None:
    """A refund that PayPal's history knows nothing of."""
    world, _ = _world()
    shop = _shop()
    for number, event in enumerate(world.events):
        _sent(shop, event.body, f"t-{number}")
    known = Account(world)
    world.refund(next(iter(world.truth.payments.values())), 500)
    _sent(shop, world.events[-1].body, "t-refund")

    imported(shop, known)

    assert sorted(_unconfirmed(shop)) == [False, True]


def test_order_that_paypal_has_confirmed_is_not_marked() -> None:
    _, sale = _world()
    shop = _shop(has_api=True)
    _sent(shop, sale.body, "t-1")

    _answer(shop, sale)

    assert _unconfirmed(shop) == [False]


def _reversed() -> tuple[World, Event]:
    """Return a reversal that names neither its sale nor the subscription."""
    world, _ = _world()
    world.reverse(list(world.truth.payments.values())[-1])
    event = world.events[-1]
    own = [link for link in event.resource["links"] if link["rel"] == "self"]
    return world, Event({**event.content, "resource": {**event.resource, "links": own}})


def test_reversal_of_nobody_knows_what_is_refused_where_nobody_can_be_asked() -> None:
    _, event = _reversed()
    shop = _shop()

    assert _sent(shop, event.body, "t-1") == "quarantined"
    assert [row["code"] for row in shop.quarantined()] == ["unlinked"]


def test_reversal_that_names_no_sale_is_looked_up_when_the_search_knows_it() -> None:
    world, event = _reversed()
    shop = _shop(has_api=True)
    for number, each in enumerate(world.events[:-1]):
        _sent(shop, each.body, f"t-{number}")
        _answer(shop, each)
        shop.outbox.calls.clear()
    _sent(shop, event.body, "t-reversed")
    _answer(shop, event)
    (due,) = [d for n, d in shop.memory.documents.items() if n[0] == "due"]
    call, api = due["message"], Account(world).api()

    found = api.fetch(call["object"], call["id"])
    _, body = api.event(call, found or {}, due["when"])
    api.close()
    shop.receive(body, source="fetched")

    assert (call["to"], call["object"], call["id"]) == ("calls", "return", event.resource["id"])
    assert due["when"] == shop.now - 1 + 3 * times.HOUR
    last = list(world.truth.payments)[-1]
    assert shop.orders()[last]["status"] == "refunded"
    assert shop.quarantined() == []


def test_end_of_a_trial_is_asked_for_once_and_by_the_clock() -> None:
    world = World("trial")
    it = world.subscribe(world.buyer(), world.plan(trial_days=14))
    world.activate(it)
    shop, plain = _shop(has_api=True), _shop()

    for number, event in enumerate([*world.events, world.events[-1]]):
        _sent(plain, event.body, f"t-{number}")
        _sent(shop, event.body, f"t-{number}")
        if number < len(world.events):
            _answer(shop, event)
        shop.outbox.calls.clear()

    (due,) = [d for n, d in shop.memory.documents.items() if n[0] == "due"]
    assert (due["message"]["object"], due["message"]["id"]) == ("subscription", it.id)
    assert due["when"] == (it.next_at or 0) * times.SECOND + times.HOUR
    assert [n for n in plain.memory.documents if n[0] == "due"] == []


def test_with_credentials_nothing_counts_before_paypal_has_said_it() -> None:
    _, sale = _world()
    shop = _shop(has_api=True)

    outcome = _sent(shop, sale.body, "t-1")
    before = shop.orders()
    confirmed = _answer(shop, sale)

    assert (outcome, before, confirmed) == ("unconfirmed", {}, "applied")
    (order,) = shop.orders().values()
    assert (order["gross"], order["status"]) == (1900, "completed")


def test_confirmed_event_that_comes_again_changes_nothing() -> None:
    _, sale = _world()
    shop = _shop(has_api=True)
    _sent(shop, sale.body, "t-1")
    _answer(shop, sale)

    again = [
        _sent(shop, sale.body, "t-2"),
        shop.receive(sale.exported().body, source="fetched"),
    ]

    assert again == ["duplicate", "duplicate"]
    assert shop.quarantined() == []


def test_redelivery_of_what_waits_asks_paypal_again() -> None:
    _, sale = _world()
    shop = _shop(has_api=True)

    outcomes = [_sent(shop, sale.body, name) for name in ("t-1", "t-2")]

    assert outcomes == ["unconfirmed", "duplicate"]
    assert [call["id"] for call in shop.outbox.calls] == [sale.id, sale.id]


def test_what_counts_is_what_paypal_holds_and_not_what_came() -> None:
    """A body with genuine headers and the id of a genuine event, but another amount."""
    _, sale = _world()
    shop = _shop(has_api=True)
    _sent(shop, _forged(sale, sale.id), "t-1")

    _answer(shop, sale)

    assert {key: each["gross"] for key, each in shop.orders().items()} == {
        sale.resource["id"]: 1900
    }


def test_event_that_paypal_does_not_know_stays_unconfirmed() -> None:
    _, sale = _world()
    shop = _shop(has_api=True)

    _sent(shop, _forged(sale, "WH-FORGED"), "t-1")

    assert [call["id"] for call in shop.outbox.calls] == ["WH-FORGED"]
    assert (shop.orders(), shop.contacts()) == ({}, {})


def test_unknown_types_are_not_asked_about() -> None:
    body = {"id": "WH-1", "event_type": "VAULT.X", "create_time": "2026-01-01T00:00:00Z"}
    shop = _shop(has_api=True)

    assert _sent(shop, json.dumps(body).encode(), "t-1") == "ignored"
    assert shop.outbox.calls == []


def test_sale_that_comes_first_asks_for_its_subscription() -> None:
    world, sale = _world()
    shop = _shop(has_api=True)
    _sent(shop, sale.body, "t-1")
    _answer(shop, sale)

    (call,) = shop.outbox.calls

    assert (call["object"], call["id"]) == ("customer", sale.resource["billing_agreement_id"])
    assert world.object("customer", str(call["id"])) is not None


def test_price_change_of_a_plan_has_its_subscriptions_asked_for_at_their_next_event() -> None:
    world = World("dearer")
    plan = world.plan()
    it = world.subscribe(world.buyer(), plan)
    world.activate(it)
    shop = _shop(has_api=True)
    number = 0

    def hear(events: list[Event]) -> list[Any]:
        nonlocal number
        asked = []
        for event in events:
            number += 1
            _sent(shop, event.body, f"t-{number}")
            while shop.outbox.calls:
                call = shop.outbox.calls.pop(0)
                asked.append(call["object"])
                found = world.object(str(call["object"]), str(call["id"]))
                api = PayPalApi("id", "secret")
                _, body = api.event(call, found or {}, world.now * 1_000 + 1)
                api.close()
                shop.receive(body, source="fetched")
        return asked

    hear(world.events)
    quiet = hear([_next(world, lambda: world.renew(it))])
    world.raise_price(plan, 2400)
    told = hear(world.events[-1:])
    asked = hear([_next(world, lambda: world.renew(it))])

    assert (quiet, told, asked) == (["event"], ["event"], ["event", "subscription"])
    (record,) = shop.recurring_payments().values()
    assert record["payment_amount"] == 2400


def _next(world: World, happen: Any) -> Event:
    happen()
    return world.events[-1]


def test_stories_of_the_samples_are_confirmed_to_the_last_event() -> None:
    world = story.whole_life(3)
    shop = _shop(has_api=True)

    for number, event in enumerate(world.events):
        assert _sent(shop, event.body, f"t-{number}") == "unconfirmed"

    assert (shop.orders(), shop.recurring_payments()) == ({}, {})
