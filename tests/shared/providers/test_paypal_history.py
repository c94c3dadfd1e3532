"""The pages of a PayPal account's history: bounded, resumable, and clear about what is refused."""

from __future__ import annotations

import json
from contextlib import closing

import httpx
import pytest

from infra.samples import paypal as story
from infra.samples.paypal_state import DAY
from infra.samples.paypal_world import World
from shared.domain import times
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import Page
from shared.providers import paypal_history
from shared.providers.paypal_api import PayPalApi
from shared.providers.paypal_search import REACH
from tests.support.paypal_account import Account

_LIST, _SEARCH = "/v1/billing/subscriptions", "/v1/reporting/transactions"


def _business(subscriptions: int, payments: int) -> World:
    """Return a world with so many daily subscriptions, each paid so often."""
    world = World("business")
    plan = world.plan(1900, "DAY")
    for number in range(subscriptions):
        it = world.subscribe(world.buyer(f"Ada {number}"), plan)
        world.activate(it)
        for _ in range(payments - 1):
            world.renew(it)
    return world


def _pages(account: Account, phase: str, since: int | None = None) -> list[Page]:
    found, cursor = list[Page](), ""
    with closing(account.api()) as api:
        while True:
            found.append(api.page(phase, cursor, since))
            following = found[-1].following
            if following is None:
                return found
            cursor = following


def _ids(pages: list[Page], kind: str) -> list[str]:
    return [str(each["id"]) for page in pages if page.kind == kind for each in page.objects]


@pytest.fixture(scope="module")
def business() -> World:
    return _business(45, 7)


@pytest.mark.parametrize("refused", [(), (_LIST,)], ids=["list", "search"])
def test_each_subscription_and_each_payment_is_told_once_in_pages_of_a_hundred_at_most(
    business: World, refused: tuple[str, ...]
) -> None:
    account = Account(business, refused=refused)

    pages = _pages(account, "subscriptions")

    truth = business.truth
    assert sorted(_ids(pages, "subscription")) == sorted(truth.subscriptions)
    assert sorted(_ids(pages, "transaction")) == sorted(truth.payments)
    assert max(len(page.objects) for page in pages) <= 100
    assert all(account.asked(f"{_LIST}/{each}") == 1 for each in truth.subscriptions)


def test_subscriptions_that_a_search_names_at_once_are_fetched_some_at_a_time() -> None:
    world = _business(60, 1)

    pages = _pages(Account(world, refused=(_LIST,)), "subscriptions")

    sizes = [len(page.objects) for page in pages if page.kind == "subscription" and page.objects]
    assert sizes == [20, 20, 20]
    assert _ids(pages, "subscription") == list(world.truth.subscriptions)


def test_what_a_search_cannot_remember_to_have_told_is_told_again(
    business: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal_history, "_SEEN_MAX", 5)

    pages = _pages(Account(business, refused=(_LIST,)), "subscriptions")

    assert set(_ids(pages, "subscription")) == set(business.truth.subscriptions)
    assert set(_ids(pages, "transaction")) == set(business.truth.payments)


def test_a_subscription_of_more_payments_than_a_page_takes_goes_on_in_the_next() -> None:
    world = _business(1, 230)

    pages = _pages(Account(world), "subscriptions")

    assert [len(page.objects) for page in pages] == [1, 100, 100, 30]
    assert _ids(pages, "transaction") == list(world.truth.payments)


def test_products_are_told_whole_and_where_there_is_no_list_there_are_none() -> None:
    world = story.whole_life(1)
    products = {it.plan.product_id for it in world.truth.subscriptions.values()}

    (page,) = _pages(Account(world), "products")
    (none,) = _pages(Account(world, refused=("/v1/catalogs/products",)), "products")

    assert set(_ids([page], "product")) == products
    assert {each["category"] for each in page.objects} == {"SOFTWARE"}
    assert (none.objects, none.following) == ((), None)


def test_any_page_can_be_asked_for_again(business: World) -> None:
    account = Account(business)
    with closing(account.api()) as api:
        first = api.page("subscriptions", "", None)
        second = api.page("subscriptions", first.following or "", None)

        with closing(account.api()) as other:
            again = other.page("subscriptions", first.following or "", None)

    assert second == again


def test_payments_of_a_subscription_that_come_in_several_pages_are_asked_in_halves() -> None:
    rows = [
        {
            "id": f"TX-{number}",
            "time": times.to_text(times.from_text("2026-01-01") + number * 9 * times.DAY),
            "amount_with_breakdown": {"gross_amount": {"currency_code": "USD", "value": "1.00"}},
        }
        for number in range(25)
    ]

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("token"):
            return httpx.Response(200, json={"access_token": "A21", "expires_in": 32_400})
        since, until = request.url.params["start_time"], request.url.params["end_time"]
        told = [each for each in rows if since <= str(each["time"]) <= until]
        pages = -(-len(told) // 10)
        return httpx.Response(200, json={"transactions": told[:10], "total_pages": pages})

    transport = httpx.MockTransport(respond)
    with closing(PayPalApi("i", "s", rate=None, transport=transport)) as api:
        cursor = json.dumps({"left": [["I-1", "2025-12-01T00:00:00Z"]], "then": None})
        page = api.page("subscriptions", cursor, None)

    assert [each["id"] for each in page.objects] == [each["id"] for each in rows]
    assert {each["subscription_id"] for each in page.objects} == {"I-1"}


def test_window_with_too_many_rows_is_made_smaller() -> None:
    world = story.whole_life(1)
    refunds = [
        e.resource["id"] for e in world.events if e.type.endswith((".REFUNDED", ".REVERSED"))
    ]

    pages = _pages(Account(world, most=1), "returns")

    assert sorted(_ids(pages, "return")) == sorted(refunds)


def test_search_looks_three_years_back_and_no_further(business: World) -> None:
    account = Account(business)

    pages = _pages(account, "purchases")

    asked = [dict(url.params) for url in account.calls]
    assert times.from_text(asked[0]["start_date"]) == account.now * times.SECOND - REACH
    assert times.from_text(asked[-1]["end_date"]) == account.now * times.SECOND
    # Months in which there is nothing are passed over, several in one page.
    assert (len(asked), len(pages)) == (36, 5)


def test_since_asks_for_nothing_older() -> None:
    world = story.whole_life(1)
    middle = next(iter(world.truth.subscriptions.values())).sales[2].at
    sales = [each for it in world.truth.subscriptions.values() for each in it.sales]
    account = Account(world)

    pages = _pages(account, "subscriptions", middle * times.SECOND)
    returned = _ids(_pages(account, "returns", middle * times.SECOND), "return")
    after = _pages(account, "subscriptions", (world.now + DAY) * times.SECOND)

    assert _ids(pages, "transaction") == [each.id for each in sales if each.at >= middle]
    assert 0 < len(returned) < 4
    assert _ids(after, "subscription") == []


@pytest.mark.parametrize("since", [None, 0])
def test_times_that_are_none_of_the_calendar_do_not_end_an_import(
    since: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = _business(1, 3)
    (identity,) = world.truth.subscriptions
    told = {**(world.object("subscription", identity) or {}), "status": "CANCELLED"}
    impossible = dict.fromkeys(("create_time", "status_update_time"), "2018-19-12T22:20:32.000Z")
    monkeypatch.setattr(world, "object", lambda kind, identity: {**told, **impossible})

    pages = _pages(Account(world), "subscriptions", since)

    assert _ids(pages, "subscription") == [identity]
    assert len(_ids(pages, "transaction")) == 3


def test_what_is_gone_is_skipped_and_named() -> None:
    world = _business(2, 1)
    gone, kept = world.truth.subscriptions
    account = Account(world)
    account.gone = {gone}

    first = _pages(account, "subscriptions")[0]

    assert (first.skipped, [each["id"] for each in first.objects]) == ((gone,), [kept])


def test_refused_search_fails_with_what_to_do() -> None:
    account = Account(_business(1, 1), refused=(_LIST, _SEARCH))

    for phase in ("subscriptions", "purchases", "returns"):
        with pytest.raises(Quarantined, match="turn on Transaction Search") as caught:
            _pages(account, phase)
        assert caught.value.code == "call_refused"


def test_disputes_that_an_app_may_not_read_cost_nothing_else() -> None:
    account = Account(story.whole_life(1), refused=("/v1/customer/disputes",))

    (page,) = _pages(account, "disputes")

    assert (page.objects, page.skipped) == ((), ("disputes",))


def test_list_of_disputes_goes_on_by_its_link() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        path, about = request.url.path, request.url.params
        if path.endswith("token"):
            return httpx.Response(200, json={"access_token": "A21", "expires_in": 32_400})
        if path != "/v1/customer/disputes":
            return httpx.Response(200, json={"dispute_id": path.rpartition("/")[2]})
        if "next_page_token" in about:
            assert about["next_page_token"] == "t/2"
            return httpx.Response(200, json={"items": [{"dispute_id": "PP-2"}]})
        href = "https://api-m.paypal.com/v1/customer/disputes?next_page_token=t%2F2"
        links = [{"rel": "next", "href": href}]
        return httpx.Response(200, json={"items": [{"dispute_id": "PP-1"}], "links": links})

    transport = httpx.MockTransport(respond)
    with closing(PayPalApi("i", "s", rate=None, transport=transport)) as api:
        first = api.page("disputes", "", None)
        second = api.page("disputes", first.following or "", None)

    assert (_ids([first], "dispute"), _ids([second], "dispute")) == (["PP-1"], ["PP-2"])
    assert second.following is None


@pytest.mark.parametrize(
    ("resources", "phases"),
    [
        (
            ["subscriptions", "orders"],
            ("products", "subscriptions", "purchases", "returns", "disputes"),
        ),
        (["subscriptions"], ("products", "subscriptions", "returns", "disputes")),
        (["orders"], ("purchases", "returns", "disputes")),
    ],
)
def test_phases_are_those_of_what_the_connection_is_for(
    resources: list[str], phases: tuple[str, ...]
) -> None:
    with closing(PayPalApi("i", "s")) as api:
        assert api.phases(resources) == phases


def test_phase_that_there_is_not_is_refused() -> None:
    with closing(PayPalApi("i", "s")) as api, pytest.raises(Quarantined):
        api.page("invoices", "", None)


def test_reversal_is_told_with_its_payment_or_later() -> None:
    world = story.whole_life(1)
    (event,) = (each for each in world.events if each.type == "PAYMENT.SALE.REVERSED")
    account = Account(world)
    with closing(account.api()) as api:
        found = api.fetch("return", event.resource["id"])
        with pytest.raises(Retryable, match="does not tell yet"):
            api.fetch("return", "UNKNOWN")

    assert found is not None
    assert found["paypal_reference_id"] in world.truth.payments
    assert found["id"] == event.resource["id"]
