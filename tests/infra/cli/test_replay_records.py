"""`paysignal replay` of kept events: what today's parser reads takes the place of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.cli import replay_records
from infra.cli.command import CliError
from infra.cli.kept_events import Stretch, arrival_of, of_record
from infra.cli.overlay import Overlay
from infra.cli.replay_records import Outcome, Replay
from infra.samples.stripe import month
from infra.samples.stripe_lives import whole_life
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Quarantined
from shared.domain.observations import OrderSaid, Parsed, SubscriptionSaid
from shared.providers import catalogue
from tests.laws.recorded import recorded, unlike
from tests.support.firing import Desk
from tests.support.kept import kept_by
from tests.support.shop import Shop
from tests.support.stream import StreamingStore


class Bucket:
    """Large bodies by key; none here."""

    def get(self, key: str) -> bytes:
        raise AssertionError(key)


def replayed(shop: Shop, *, silent: bool = True, dry: bool = False) -> tuple[Outcome, list[Any]]:
    """Replay all a shop was told, as a trial or in earnest."""
    store: Any = Overlay(shop.memory) if dry else shop.memory
    replay = Replay(store, bodies=Bucket(), silent=silent, clock=lambda: shop.now + 1_000)
    kept = kept_by(shop.memory)
    outcome = replay.all(kept, kept.in_order(), lambda _: None)
    found = replay_records.differences(shop.memory, store) if dry else []
    return outcome, found


def told_month() -> Shop:
    shop = Shop()
    shop.receive_all(delivery.event.body for delivery in month(3, 30))
    return shop


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what has Stripe's parser read events otherwise from then on."""
    known = catalogue.PROVIDERS["stripe"]

    def plant(change: Any) -> None:
        def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
            read: Parsed = change(known.parse(body, headers))
            return read

        monkeypatch.setitem(catalogue.PROVIDERS, "stripe", replace(known, parse=parse))

    return plant


def with_fault(parsed: Parsed) -> Parsed:
    """Read amounts of subscriptions in the wrong unit, and lose payments and cancellations."""
    if parsed.event_type == "invoice.paid":
        return replace(parsed, orders=())
    if parsed.event_type == "customer.subscription.deleted":
        return replace(parsed, subscriptions=(), known=False)
    return replace(parsed, subscriptions=tuple(map(_in_cents_of_cents, parsed.subscriptions)))


def _in_cents_of_cents(said: SubscriptionSaid) -> SubscriptionSaid:
    terms = said.facets.get("terms")
    if terms is None or not terms.get("amount"):
        return said
    wrong = {**terms, "amount": terms["amount"] * 100}
    return replace(said, facets={**said.facets, "terms": wrong})


def test_events_that_say_what_they_said_change_nothing() -> None:
    shop = told_month()
    before = dict(shop.memory.documents)

    outcome, _ = replayed(shop)

    assert outcome.read > 150
    assert (outcome.mended, outcome.refused) == ([], [])
    assert shop.memory.documents == before


def test_a_trial_finds_a_mended_fault_and_changes_nothing(parser: Any) -> None:
    parser(with_fault)
    faulty = told_month()
    parser(lambda parsed: parsed)
    right = told_month()
    before = dict(faulty.memory.documents)

    outcome, found = replayed(faulty, dry=True)

    assert faulty.memory.documents == before
    assert outcome.mended
    views = recorded(right)
    wrong = {name for name, _ in found}
    expected = {
        (kind, "shop", identity)
        for kind, group in (
            ("recurring_payment", "recurring_payments"),
            ("order", "orders"),
        )
        for identity, view in views[group].items()
        if unlike(recorded(faulty)[group].get(identity), view)
    }
    assert expected <= wrong


def test_a_mended_fault_leaves_the_records_as_if_it_had_never_been(parser: Any) -> None:
    parser(with_fault)
    faulty = told_month()
    parser(lambda parsed: parsed)
    right = told_month()
    assert unlike(recorded(right), recorded(faulty))

    replayed(faulty)

    assert unlike(recorded(right), recorded(faulty)) == []
    again, _ = replayed(faulty)
    assert again.mended == []


def test_what_is_mended_sets_nothing_off_unless_it_is_to_fire(parser: Any) -> None:
    fired = {silent: _fired_by_a_replay(parser, silent=silent) for silent in (True, False)}

    assert fired[True] == 0
    assert fired[False] > 0


def _fired_by_a_replay(parser: Any, *, silent: bool) -> int:
    """Lose cancellations, mend that, and return how many automations the replay sets off."""
    store = StreamingStore()
    shop, desk = Shop(store=store), Desk(store)
    desk.automate({"type": "recurring_payment_updated", "field": "status", "to": "cancelled"})
    parser(with_fault)
    shop.receive_all(event.body for event in whole_life(1).events)
    store.stream.clear()
    parser(lambda parsed: parsed)

    outcome, _ = replayed(shop, silent=silent)

    assert outcome.mended
    desk.stream().handle(store.stream, shop.now)
    view = next(iter(shop.recurring_payments().values()))
    assert view["status"] == "cancelled"
    return len(desk.firings())


def test_a_record_an_event_no_longer_speaks_of_is_gone(parser: Any) -> None:
    def mistaken(parsed: Parsed) -> Parsed:
        """Take what is said of one subscription and order for another's as well."""
        others = tuple(_renamed(said) for said in parsed.subscriptions)
        sold = tuple(replace(o, refs=tuple(f"{r}x" for r in o.refs)) for o in parsed.orders)
        return replace(
            parsed,
            subscriptions=(*parsed.subscriptions, *others),
            orders=(*parsed.orders, *map(_without_subscription, sold)),
        )

    events = [event.body for event in whole_life(1).events]
    parser(mistaken)
    faulty = Shop()
    faulty.receive_all(events)
    parser(lambda parsed: parsed)
    right = Shop()
    right.receive_all(events)
    assert len(faulty.recurring_payments()) == 2
    assert len(faulty.orders()) > len(right.orders())

    replayed(faulty)

    assert unlike(recorded(right), recorded(faulty)) == []


def _renamed(said: SubscriptionSaid) -> SubscriptionSaid:
    return replace(said, subscription_id=f"{said.subscription_id}x")


def _without_subscription(said: OrderSaid) -> OrderSaid:
    facets = {
        name: {**facet, "subscription_id": None} if "subscription_id" in facet else facet
        for name, facet in said.facets.items()
    }
    return replace(said, facets=facets)


def test_an_event_that_would_be_refused_today_keeps_its_word(parser: Any) -> None:
    shop = Shop()
    shop.receive_all(event.body for event in whole_life(1).events)
    before = recorded(shop)

    def refusing(parsed: Parsed) -> Parsed:
        raise Quarantined("bad_body", "no")

    parser(refusing)
    outcome, _ = replayed(shop)

    assert len(outcome.refused) == outcome.read > 0
    assert outcome.refused[0][1] == "bad_body: no"
    assert recorded(shop) == before


def test_events_of_the_erased_are_left_out_and_counted() -> None:
    shop = told_month()
    names = [name for name in shop.memory.documents if name[0] == "event"][:3]
    for name in names:
        document = dict(shop.memory.documents[name])
        shop.memory.documents[name] = {k: v for k, v in document.items() if k != "body"}
    before = dict(shop.memory.documents)

    outcome, found = replayed(shop, dry=True)

    assert (outcome.erased, outcome.refused, outcome.mended, found) == (3, [], [], [])
    assert outcome.read == len(kept_by(shop.memory).came) - 3
    assert shop.memory.documents == before


def test_a_month_told_again_into_an_empty_store_is_the_same_to_the_byte() -> None:
    live, empty = told_month(), Shop()
    kept = kept_by(live.memory)

    for name in kept.in_order():
        document = live.memory.documents[name]
        arrival = arrival_of(name, document, Bucket())
        envelope = EventEnvelope(
            provider=arrival.provider,
            connection_id=arrival.connection_id,
            received_at=arrival.received_at,
            body=arrival.body,
            headers=dict(arrival.headers),
            source=arrival.source,
        )
        empty.process(envelope, document["recorded_at"])

    assert unlike(live.memory.documents, empty.memory.documents) == []


def test_one_record_is_told_again_by_its_own_events(parser: Any) -> None:
    parser(with_fault)
    shop = told_month()
    parser(lambda parsed: parsed)
    (record, *_) = (n for n in shop.memory.documents if n[0] == "recurring_payment")
    own = {entry.event_id for entry in shop.store.history(record)}
    whole = Stretch(since=0, until=shop.now + 1, connection_id="shop")

    kept = of_record(shop.store, record, whole)

    assert {name[2] for name in kept.came} == own
    tried = Overlay(shop.memory)
    replay = Replay(tried, bodies=Bucket(), silent=True, clock=lambda: shop.now)
    outcome = replay.all(kept, kept.in_order(), lambda _: None)
    assert outcome.mended
    differing = {name for name, _ in replay_records.differences(shop.memory, tried)}
    assert record in differing
    later = Stretch(since=shop.now + 1, until=shop.now + 2)
    assert of_record(shop.store, record, later).came == {}
    with pytest.raises(CliError, match="no record recurring_payment sub_x"):
        of_record(shop.store, ("recurring_payment", "shop", "sub_x"), whole)
