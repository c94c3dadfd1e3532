"""A shop's history page by page: nothing lost, nothing twice, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.samples import woocommerce as story
from shared.domain.errors import Quarantined
from shared.providers import woocommerce
from shared.providers.api_calls import KeyRefused
from shared.providers.woocommerce_api import WooCommerceApi
from tests.support.woocommerce_api import WooCommerceShop

Json = dict[str, Any]


def shop_of(orders: int, *, refunded: int = 0) -> WooCommerceShop:
    """Return a shop with so many orders, every one modified a minute after the last."""
    shop = WooCommerceShop()
    for own in range(1, orders + 1):
        refunds = [{"id": own + 100_000, "reason": "", "total": "-1.00"}] if own <= refunded else []
        modified = f"2026-03-0{1 + own // 1440}T{own // 60 % 24:02d}:{own % 60:02d}:00"
        shop.held["orders"][own] = {"id": own, "date_modified_gmt": modified, "refunds": refunds}
        shop.refunded[own + 100_000] = "2026-04-01T00:00:00"
    return shop


def pages(
    shop: WooCommerceShop, phase: str = "orders", since: int | None = None, **meanwhile: Any
) -> list[list[int]]:
    """Return the ids of each page; `between` is called after each of them."""
    between: Callable[[int], object] = meanwhile.get("between", lambda _: None)
    found: list[list[int]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = shop.api.page(phase, cursor, since)
        found.append([int(each["id"]) for each in page.objects])
        cursor = page.following
        between(len(found))
        assert len(found) < 100
    return found


def flat(found: list[list[int]]) -> list[int]:
    return [each for page in found for each in page]


@pytest.mark.parametrize("orders", [0, 1, 99, 100, 101, 199, 250])
def test_every_object_is_told_once_and_by_id(orders: int) -> None:
    shop = shop_of(orders)

    found = pages(shop)

    assert flat(found) == list(range(1, orders + 1))
    assert all(len(page) <= 100 for page in found)


def test_the_total_is_the_shops_own() -> None:
    page = shop_of(250).api.page("orders", "", None)

    assert (page.kind, page.total, len(page.objects)) == ("order", 250, 100)


def test_products_come_before_subscriptions_and_those_before_orders() -> None:
    api = WooCommerceShop().api

    assert api.phases(["orders", "subscriptions"]) == ("products", "subscriptions", "orders")
    assert api.phases(["orders"]) == ("products", "orders")


@pytest.mark.parametrize("gone", [[5], list(range(40, 61)), list(range(1, 100))])
def test_what_is_thrown_away_meanwhile_hides_nothing(gone: list[int]) -> None:
    shop = shop_of(350)

    def throw_away(done: int) -> None:
        if done == 1:
            for own in gone:
                del shop.held["orders"][own]

    found = flat(pages(shop, between=throw_away))

    assert found == list(range(1, 351))


def test_the_page_that_begins_with_what_has_gone_is_found_again() -> None:
    shop = shop_of(150)

    found = flat(pages(shop, between=lambda _: shop.held["orders"].pop(100, None)))

    assert found == list(range(1, 151))


def test_what_is_bought_meanwhile_comes_last() -> None:
    shop = shop_of(150)

    def buy(done: int) -> None:
        if done == 1:
            shop.held["orders"][900] = {"id": 900, "refunds": []}

    assert flat(pages(shop, between=buy)) == [*range(1, 151), 900]


def test_since_asks_for_what_was_modified_from_then_on() -> None:
    shop = shop_of(200)

    found = flat(pages(shop, since=1_772_330_400_000))  # 2026-03-01T02:00:00Z, the 120th's

    assert found == list(range(120, 201))
    asked = shop.requests[0].params
    assert (asked["modified_after"], asked["dates_are_gmt"]) == ("2026-03-01T01:59:59", "true")


def test_all_products_are_told_whatever_is_new() -> None:
    shop = WooCommerceShop()
    shop.held["products"] = {7: {"id": 7, "date_modified_gmt": "2020-01-01T00:00:00"}}

    assert pages(shop, "products", since=1_772_330_400_000) == [[7]]


def test_few_orders_of_a_page_are_asked_for_their_refunds() -> None:
    shop = shop_of(100, refunded=50)

    found = pages(shop)

    assert [len(page) for page in found] == [20, 20, 60]
    assert flat(found) == list(range(1, 101))
    asked = [url for url in shop.requests if url.path.endswith("/refunds")]
    assert len(asked) == 50


def test_a_refund_has_the_date_the_shop_gives_for_it() -> None:
    sample = story.sample("order.updated.refunded")
    shop = WooCommerceShop([*sample.before, sample.event, *sample.after])
    page = shop.api.page("orders", "", None)
    (order,) = (each for each in page.objects if each["refunds"])
    (given_back,) = order["refunds"]
    shop.refunded[given_back["id"]] = "2026-05-05T05:05:05"

    page = shop.api.page("orders", "", None)

    (order,) = (each for each in page.objects if each["refunds"])
    _, body = shop.api.event({"object": "order", "id": str(order["id"])}, order, 0)
    facets = woocommerce.parse(body, {}).orders[0].facets
    told = facets[f"refund:{given_back['id']}"]
    assert (told["date"], told["first_told"]) == (1_777_957_505_000, False)


def _answering(*answers: httpx.Response) -> WooCommerceApi:
    told = list(answers)
    transport = httpx.MockTransport(lambda _: told.pop(0))
    return WooCommerceApi("https://x.example.com", "ck", "cs", transport=transport)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(400),
        httpx.Response(200, json={"orders": []}),
        httpx.Response(200, json=["text"]),
        httpx.Response(200, json=[{"id": "5"}]),
        httpx.Response(200, json=[{"id": 5}, {"id": 4}]),
        httpx.Response(200, json=[{"id": 5}, {"id": 5}]),
    ],
)
def test_a_shop_that_cannot_list_is_given_up(answer: httpx.Response) -> None:
    with pytest.raises(Quarantined):
        _answering(answer).page("orders", "", None)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_may_be_mended_in_the_midst_of_history(status: int) -> None:
    with pytest.raises(KeyRefused):
        _answering(httpx.Response(status)).page("orders", "", None)


@pytest.mark.parametrize("total", ["", "many", "²"])
def test_a_total_that_is_none_is_not_known(total: str) -> None:
    headers = httpx.Headers([("x-wp-total", total)], encoding="utf-8")

    page = _answering(httpx.Response(200, json=[], headers=headers)).page("orders", "", None)

    assert page.total is None
