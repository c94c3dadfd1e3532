"""Every provider of the catalogue under the contract of all providers: one short class each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from infra.samples import paykickstart, paypal, stripe, woocommerce
from infra.samples.activecampaign import KINDS, STARTS_AT, Person, webhook
from shared.providers import api_store
from shared.providers.catalogue import PROVIDERS
from tests.contracts.provider_contract import ProviderContract
from tests.contracts.provider_lives import Books, Letter, Life
from tests.functions.ingest_activecampaign import test_handler as activecampaign_door
from tests.functions.ingest_paykickstart import test_handler as paykickstart_door
from tests.functions.ingest_paypal import test_handler as paypal_door
from tests.functions.ingest_stripe import test_handler as stripe_door
from tests.functions.ingest_woocommerce import test_handler as woocommerce_door
from tests.support import store_items
from tests.support.shop import Shop

_UNUSED = ("bounce", "deal_add", "forward", "share", "sms_reply")


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_each_provider_passes_the_contract_of_all_providers(provider: str) -> None:
    registered = {each.provider: each for each in ProviderContract.__subclasses__()}
    step = "in tests/contracts/test_providers.py (README, “Add a provider”)"

    assert provider in registered, (
        f"{provider} has no contract: add a class Test…(ProviderContract) with "
        f"provider = {provider!r}, door, life and unknown {step}"
    )
    assert registered[provider].missing() == [], f"complete the contract of {provider} {step}"


class TestActiveCampaign(ProviderContract):
    """It speaks of people alone: their contacts and what they did are its records."""

    provider = "activecampaign"
    door = activecampaign_door.TestActiveCampaignDoor
    unused = frozenset(f"{kind}.form" for kind in _UNUSED)

    @override
    def life(self, seed: int) -> Life:
        people = [Person(7 * seed, "ada@example.com", "Ada"), Person(8, "alan@example.com", "Alan")]
        letters = [
            Letter(webhook(kind, person, STARTS_AT + number * 1000))
            for number, kind in enumerate(KINDS)
            for person in people
        ]
        return Life(letters, Books(contacts=frozenset(each.email for each in people)))

    @override
    def unknown(self) -> Letter:
        return Letter(webhook("moon_phase", Person(7, "ada@example.com"), STARTS_AT))

    @override
    def records(self, shop: Shop) -> dict[str, Any]:
        arrival = ("contact", "contact_id", "created_date", "version")
        documents = [
            (name, each) for name, each in shop.memory.documents.items() if name[0] == "activity"
        ]
        return {
            str(name): {key: value for key, value in each.items() if key not in arrival}
            for name, each in [*shop.contacts().items(), *documents]
        }


class TestApiStore(ProviderContract):
    """Its bodies are made by our API, of items that have been validated."""

    provider = "api"
    door = None
    refuses_unknown = True

    @override
    def life(self, seed: int) -> Life:
        letters = [self._letter(kind, item) for kind, item in store_items.life()]
        orders = {"o-1": (1900, 400), "o-2": (1900, 0), "book": (750, 0)}
        return Life(letters, Books({"sub-1": "cancelled"}, orders, frozenset({"ada@example.com"})))

    @override
    def unknown(self) -> Letter:
        known = self._letter(api_store.ORDER, store_items.sale())
        return Letter(known.body.replace(b'"kind":"order"', b'"kind":"gift"'))

    @override
    def fixtures(self) -> dict[str, Letter]:
        """Return a life's items: no file could be truer to what the API writes."""
        return {str(number): each for number, each in enumerate(self.life(1).letters)}

    def _letter(self, kind: str, item: store_items.Item) -> Letter:
        return Letter(api_store.event_of(kind, item, 1_790_000_000_000, suppressed=False))


class TestPayKickstart(ProviderContract):
    provider = "paykickstart"
    door = paykickstart_door.TestPayKickstartDoor
    unused = frozenset({"commission-created.unknown_type.form"})

    @override
    def life(self, seed: int) -> Life:
        vendor = paykickstart.whole_life(seed)
        # Unsigned: its signatures lie in the form, and the door's test puts them there.
        letters = [Letter(replace(each, signs=()).body) for each in vendor.events]
        return Life(letters, _books(vendor.truth))

    @override
    def unknown(self) -> Letter:
        return Letter(paykickstart.sample(paykickstart.UNKNOWN).event.body)


class TestPayPal(ProviderContract):
    provider = "paypal"
    door = paypal_door.TestPayPalDoor

    @override
    def life(self, seed: int) -> Life:
        world = paypal.whole_life(seed)
        sold, paid = world.truth.subscriptions, world.truth.payments
        books = Books(
            {key: each.statuses[-1] for key, each in sold.items()},
            {key: (each.amount, each.returned) for key, each in paid.items()},
            frozenset(each.buyer.email for each in sold.values()),
        )
        return Life([Letter(each.body) for each in world.events], books)

    @override
    def unknown(self) -> Letter:
        event = paypal.sample("PAYMENT.SALE.COMPLETED").event
        return Letter(replace(event, content={**event.content, "event_type": "MOON.ROSE"}).body)


class TestStripe(ProviderContract):
    provider = "stripe"
    door = stripe_door.TestStripeDoor
    unused = frozenset({"billing.meter.error_report_triggered.unknown_type.json"})
    refused = frozenset({"v2.core.event.thin.json"})

    @override
    def life(self, seed: int) -> Life:
        business = stripe.whole_life(seed)
        return Life([Letter(each.body) for each in business.events], _books(business.truth))

    @override
    def unknown(self) -> Letter:
        return Letter(stripe.sample(stripe.UNKNOWN).event.body)


class TestWooCommerce(ProviderContract):
    provider = "woocommerce"
    door = woocommerce_door.TestWooCommerceDoor

    @override
    def life(self, seed: int) -> Life:
        shop = woocommerce.whole_life(seed)
        sold, paid = shop.truth.subscriptions, shop.truth.orders
        books = Books(
            {key: each.status for key, each in sold.items()},
            {key: (each.gross, each.refunded) for key, each in paid.items()},
            frozenset(each.email for each in sold.values()),
        )
        return Life([Letter(each.body, each.meaning) for each in shop.events], books)

    @override
    def unknown(self) -> Letter:
        return Letter(b'{"id":7,"code":"spring"}', {"x-wc-webhook-topic": "coupon.updated"})

    @override
    def letter(self, path: Path) -> Letter:
        topic = ".".join(path.name.split(".")[:2])
        return Letter(path.read_bytes(), {"x-wc-webhook-topic": topic})


def _books(truth: stripe.Truth) -> Books:
    """Return the books as the worlds of Stripe and PayKickstart keep them."""
    return Books(
        {key: each.status for key, each in truth.subscriptions.items()},
        {key: (each.gross, each.refunded) for key, each in truth.orders.items()},
        frozenset(truth.emails.values()),
    )
