"""What an event has fetched from its provider's API."""

from __future__ import annotations

from shared.domain.observations import Parsed
from tests.laws import words
from tests.support.shop import Shop


def _asked(shop: Shop) -> list[tuple[object, object]]:
    return [(call["object"], call["id"]) for call in shop.outbox.calls]


def _rivals() -> list[Parsed]:
    return [
        words.subscription("1", 0, "active", event_name="one"),
        words.subscription("1", 0, "paused", event_name="other"),
    ]


def test_two_rivals_of_one_second_have_the_subscription_fetched() -> None:
    shop = Shop(has_api=True)

    shop.hear_all(_rivals())

    assert ("subscription", "sub_1") in _asked(shop)


def test_unknown_customer_and_products_of_a_subscription_are_fetched_once() -> None:
    shop = Shop(has_api=True)
    items = [{"store_primary_id": "prod_1"}, {"store_primary_id": None}]

    shop.hear(words.subscription("1", 0, items=items))
    shop.hear(words.subscription("1", 9, "paused", was="active", items=items))

    assert _asked(shop).count(("customer", "cus_1")) == 1
    assert ("product", "prod_1") in _asked(shop)


def test_customer_of_a_subscription_first_known_by_its_invoice_is_fetched() -> None:
    shop = Shop(has_api=True)
    shop.hear(words.invoice("1", 0, customer=None))

    shop.hear(words.subscription("1", 1))

    assert _asked(shop) == [("customer", "cus_1")]


def test_known_products_and_customers_are_not_fetched() -> None:
    shop = Shop(has_api=True)
    shop.hear(words.product("1", 0, "Tea box"))
    shop.hear(words.customer("1", 0, "ada@example.com"))

    shop.hear(words.subscription("1", 1, items=[{"store_primary_id": "prod_1"}]))

    assert _asked(shop) == []


def test_nothing_is_fetched_without_an_api_key() -> None:
    shop = Shop(has_api=False)

    shop.hear(words.subscription("9", 0, items=[{"store_primary_id": "prod_1"}]))
    shop.hear_all(_rivals())

    assert shop.outbox.calls == []
