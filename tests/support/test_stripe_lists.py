"""The stand-in of Stripe's API lists as Stripe's documentation says."""

from __future__ import annotations

import httpx
import pytest

from infra.samples import stripe as story
from tests.support.stripe_answers import SECRET_KEY, StripeAnswers


@pytest.fixture
def world() -> story.Business:
    world = story.Business(seed="lists")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    for number in range(3):
        story.checkout(world, story.add_customer(world, f"customer{number}@example.com"), price)
        world.advance(days=1)
    story.cancel_now(world, world.subscriptions()[-1])
    return world


def ask(world: story.Business, path: str) -> httpx.Response:
    answers = StripeAnswers(world)
    headers = {"authorization": f"Bearer {SECRET_KEY}"}
    with httpx.Client(
        base_url="https://stripe.example.com", transport=answers.transport, headers=headers
    ) as http:
        return http.get(path)


def ids(answer: httpx.Response) -> list[str]:
    return [each["id"] for each in answer.json()["data"]]


def test_the_newest_come_first_and_the_list_says_whether_there_are_more(
    world: story.Business,
) -> None:
    all_of_them = [own for _, own in world.dated("customer")]

    first = ask(world, "/v1/customers?limit=2")
    rest = ask(world, f"/v1/customers?limit=2&starting_after={ids(first)[-1]}")

    assert (ids(first), first.json()["has_more"]) == (all_of_them[:2], True)
    assert (ids(rest), rest.json()["has_more"]) == (all_of_them[2:], False)


def test_cancelled_subscriptions_are_listed_only_on_request(world: story.Business) -> None:
    counts = [
        len(ids(ask(world, f"/v1/subscriptions{query}")))
        for query in ("", "?status=all", "?status=canceled", "?status=active")
    ]

    assert counts == [2, 3, 1, 2]


def test_a_list_can_be_narrowed_by_time(world: story.Business) -> None:
    (_, newest), (middle, own), _ = world.dated("customer")

    assert ids(ask(world, f"/v1/customers?created[gte]={middle}")) == [newest, own]
    assert ids(ask(world, f"/v1/customers?created[lte]={middle}"))[0] == own


def test_a_list_expands_inside_of_its_data(world: story.Business) -> None:
    answer = ask(world, "/v1/invoices?expand[]=data.payments")

    (link,) = answer.json()["data"][0]["payments"]["data"]
    assert link["payment"]["payment_intent"].startswith("pi_")


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "expand[]=payments", "starting_after=in_unknown"]
)
def test_a_list_asked_for_wrongly_is_refused(world: story.Business, query: str) -> None:
    assert ask(world, f"/v1/invoices?{query}").status_code == 400


def test_a_deleted_customer_is_listed_no_more(world: story.Business) -> None:
    story.delete_customer(world, world.subscriptions()[0].customer)

    assert len(ids(ask(world, "/v1/customers"))) == 2


def test_the_api_speaks_the_newest_version_whatever_the_events_speak() -> None:
    world = story.whole_life(1, "old")

    (first, *_) = ask(world, "/v1/invoices").json()["data"]

    assert ("parent" in first, "subscription" in first) == (True, False)
