"""Verifying is alike with every provider: no drift where all was told, and what was not is found.

What an API tells of a life says nothing else than its notifications did. A cancellation that was
never sent is found there, repaired, and fires once, whether its notification comes later or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from infra.samples import paykickstart as campaign
from infra.samples import paypal as account_story
from infra.samples import woocommerce as shop_story
from infra.samples.paypal_world import World
from shared.domain import times
from shared.domain.history_pages import NEWEST_PAYMENT, TellsHistory
from tests.laws.test_paypal_lives import answer
from tests.laws.test_verify import CANCELLED, Verified, business, differing, records
from tests.support.history import FETCHED_AT
from tests.support.paykickstart_api import PayKickstartAccount
from tests.support.paypal_account import Account
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_history import client
from tests.support.woocommerce_api import WooCommerceShop

Notification = tuple[bytes, Mapping[str, str]]


@dataclass(frozen=True)
class Life:
    """One life as its provider has told it, and as its API tells it at a time (ms)."""

    provider: str
    api: TellsHistory
    told: Sequence[Notification]
    cancels: bytes
    now: int = 1_900_000_000_000
    world: World | None = None

    @property
    def cancellations(self) -> list[Notification]:
        return [each for each in self.told if self.cancels in each[0]]

    def shop(self) -> Verified:
        """Return a shop that has heard nothing yet."""
        shop = Verified(self.api, self.provider)
        shop.fetched_at = self.now
        return shop

    def tell(self, shop: Verified, notifications: Sequence[Notification]) -> None:
        """Have a shop hear of this life; PayPal is asked what its events are worth."""
        for body, headers in notifications:
            shop.receive(body, headers=headers)
            if self.world is not None:
                answer(shop, self.world)


def _paykickstart(seed: int) -> Life:
    life = campaign.random_life(seed) if seed else campaign.whole_life(1)
    told: list[Notification] = [(event.body, {}) for event in life.events]
    return Life("paykickstart", PayKickstartAccount(life.events).api, told, b"-cancelled")


def _woocommerce(seed: int) -> Life:
    life = shop_story.random_life(seed) if seed else shop_story.whole_life(1)
    told = [(event.body, event.meaning) for event in life.events]
    return Life("woocommerce", WooCommerceShop(life.events).api, told, b'"status":"cancelled"')


def _paypal(seed: int) -> Life:
    world = account_story.random_life(seed) if seed else account_story.whole_life(1)
    account = Account(world)
    told = [
        (event.body, {"paypal-transmission-id": f"t-{number}"})
        for number, event in enumerate(world.events)
    ]
    cancels, now = b"SUBSCRIPTION.CANCELLED", account.now * times.SECOND
    return Life("paypal", account.api(), told, cancels, now, world)


def _stripe(seed: int) -> Life:
    world = business(seed + 3, 3)
    told: list[Notification] = [(event.body, {}) for event in world.events]
    return Life("stripe", client(StripeAnswers(world).transport), told, CANCELLED.encode())


_LIVES = {"paykickstart": _paykickstart, "woocommerce": _woocommerce, "paypal": _paypal}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("provider", _LIVES)
def test_who_was_told_everything_shows_no_drift(provider: str, seed: int) -> None:
    life = _LIVES[provider](seed)
    shop = life.shop()
    life.tell(shop, life.told)

    report = shop.verify()

    assert report["result"]["items"] == []
    assert differing(report) == 0
    assert report["result"]["checked"] > 1


@pytest.mark.parametrize("provider", ["paykickstart", "woocommerce"])
def test_a_cancellation_never_sent_is_found_and_fires_once(provider: str) -> None:
    life = _LIVES[provider](0)
    missed, shop = life.cancellations, life.shop()
    life.tell(shop, [each for each in life.told if each not in missed])
    before = shop.fired()

    report = shop.verify(repair=True)

    (identity,) = shop.recurring_payments()
    assert missed
    assert records(report) == {f"recurring_payment/{identity}": "never_sent"}
    fired: dict[str, Any] = shop.fired() - before
    assert fired["fires"] == 1
    assert differing(shop.verify()) == 0
    after = shop.fired()
    life.tell(shop, missed)
    assert shop.fired()["fires"] == after["fires"]


@pytest.mark.parametrize("make", [_stripe, _paykickstart, _woocommerce, _paypal])
def test_the_newest_payment_that_was_never_sent_is_looked_up_and_fires_once(
    make: Callable[[int], Life],
) -> None:
    life = make(0)
    complete = life.shop()
    life.tell(complete, life.told)
    api: Any = life.api
    (found, *_) = (
        (identity, told)
        for identity in complete.recurring_payments()
        if (told := api.fetch(NEWEST_PAYMENT, identity)) is not None
    )
    identity, payment = found
    names = _names(payment)
    missed = [each for each in life.told if any(name in each[0] for name in names)]
    shop = life.shop()
    shop.desk.automate({"type": "order_created"}, "order")
    life.tell(shop, [each for each in life.told if each not in missed])
    before, orders = shop.fired(), len(shop.orders())

    shop.look_up(NEWEST_PAYMENT, identity)

    after = shop.fired()
    assert (after - before)["order"] == 1
    assert len(shop.orders()) == orders + 1 == len(complete.orders())
    life.tell(shop, missed)
    told = shop.fired()
    assert (told["order"], len(shop.orders())) == (after["order"], len(complete.orders()))
    assert shop.quarantined() == []


def _names(payment: Mapping[str, Any]) -> list[bytes]:
    """Return what the notifications about a payment call it."""
    links = (payment.get("payments") or {}).get("data", ())
    intents = [each["payment"]["payment_intent"] for each in links]
    ids = (payment["id"], payment.get("transaction_id"), *intents)
    return [str(each).encode() for each in ids if each]


@pytest.mark.parametrize("imports_first", [True, False])
@pytest.mark.parametrize("make", [_stripe, _paykickstart, _woocommerce, _paypal])
def test_a_sale_made_during_an_import_fires_once_whichever_comes_first(
    make: Callable[[int], Life], imports_first: bool
) -> None:
    life = make(0)
    complete = _hears_creations(life)
    seen: dict[str, int] = {}
    for number, each in enumerate(life.told):
        life.tell(complete, [each])
        for identity in complete.orders():
            seen.setdefault(identity, number)
    dated = sorted((each["occurred_date"], name) for name, each in complete.orders().items())
    began, first = dated[len(dated) // 2]
    for at, index in ((dated[0][0] - 90 * times.DAY, 0), (began, seen[first])):
        shop = _hears_creations(life)
        life.tell(shop, life.told[:index])
        if not imports_first:
            life.tell(shop, life.told[index:])
        shop.fired()
        shop.begin_at(at)

        shop.start()
        shop.run()
        shop.begin_at(FETCHED_AT)
        if imports_first:
            life.tell(shop, life.told[index:])

        told, expected = shop.fired(), complete.fired()
        assert {each: told[each] for each in _CREATIONS} == {
            each: expected[each] for each in _CREATIONS
        }
        assert shop.orders().keys() == complete.orders().keys()


_CREATIONS = {"order": "order_created", "created": "recurring_payment_created"}


def _hears_creations(life: Life) -> Verified:
    shop = life.shop()
    for automation_id, kind in _CREATIONS.items():
        shop.desk.automate({"type": kind}, automation_id)
    return shop
