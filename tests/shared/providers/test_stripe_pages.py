"""Stripe's history as its API client pages through it, over a transport that answers as told."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest

from infra.samples import stripe as story
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import BEGINNING, Page
from shared.providers import stripe
from shared.providers.stripe_api import StripeApi
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_history import RESOURCES, client

_SECOND = 1_000


class _Stripe:
    """Stands in for Stripe: answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        self.queries: list[dict[str, str]] = []
        self.waits: list[float] = []
        seconds = itertools.count()
        self.api = StripeApi(
            "sk_live_canary",
            transport=httpx.MockTransport(self._answer),
            sleep=self.waits.append,
            monotonic=lambda: float(next(seconds)),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.queries.append(dict(request.url.params))
        return self._answers.pop(0)


def _things(*ids: str, more: bool = False) -> httpx.Response:
    data = [{"id": each, "created": 1_700_000_000 + at} for at, each in enumerate(ids)]
    return httpx.Response(200, json={"object": "list", "data": data, "has_more": more})


def _refused(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "sk_live_canary"}})


def test_what_others_refer_to_is_paged_through_first() -> None:
    phases = _Stripe().api.phases(RESOURCES)

    assert phases == (
        *("products", "prices", "customers", "subscription_schedules", "subscriptions"),
        *("invoices", "charges", "refunds", "disputes"),
    )


def test_a_connection_of_orders_alone_asks_for_no_subscriptions() -> None:
    phases = _Stripe().api.phases(["orders"])

    assert not [phase for phase in phases if phase.startswith("subscription")]
    assert {"customers", "invoices", "charges"} <= set(phases)


def test_every_object_of_a_page_is_an_event_the_parser_knows() -> None:
    api = _Stripe(*[_things("x_1")] * 9).api

    for phase in api.phases(RESOURCES):
        assert f"fetched.{api.page(phase, BEGINNING, None).kind}" in stripe.MEANING


def test_a_page_says_what_comes_after_it_and_the_last_says_nothing() -> None:
    stripe = _Stripe(_things("in_1", "in_2", more=True), _things("in_3"))

    first = stripe.api.page("invoices", BEGINNING, None)
    second = stripe.api.page("invoices", first.following or "", None)

    assert [each["id"] for each in (*first.objects, *second.objects)] == ["in_1", "in_2", "in_3"]
    assert (first.kind, first.total, second.following) == ("invoice", None, None)
    assert stripe.queries == [
        {"limit": "100", "expand[]": "data.payments"},
        {"limit": "100", "expand[]": "data.payments", "starting_after": "in_2"},
    ]


def test_cancelled_subscriptions_are_asked_for_as_well() -> None:
    stripe = _Stripe(_things("sub_1"))

    stripe.api.page("subscriptions", BEGINNING, None)

    assert stripe.queries[0]["status"] == "all"


@pytest.mark.parametrize(
    ("phase", "floor"),
    [("invoices", "1700000000"), ("charges", "1700000000"), ("subscriptions", None)],
)
def test_old_payments_are_left_out_but_never_an_old_subscription(
    phase: str, floor: str | None
) -> None:
    stripe = _Stripe(_things("x_1"))

    stripe.api.page(phase, BEGINNING, 1_700_000_000 * _SECOND)

    assert stripe.queries[0].get("created[gte]") == floor


def test_a_key_that_may_not_expand_pages_on_without() -> None:
    stripe = _Stripe(_refused(403), _things("in_1", more=True), _things("in_2"))

    first = stripe.api.page("invoices", BEGINNING, None)
    stripe.api.page("invoices", first.following or "", None)

    assert ["expand[]" in query for query in stripe.queries] == [True, False, False]


def test_a_list_goes_on_though_its_last_object_was_deleted_meanwhile() -> None:
    stripe = _Stripe(_things("cus_1", more=True), *[_refused(400)] * 2, _things("cus_0"))

    first = stripe.api.page("customers", BEGINNING, None)
    second = stripe.api.page("customers", first.following or "", None)

    assert [each["id"] for each in second.objects] == ["cus_0"]
    assert stripe.queries[-1]["created[lte]"] == "1700000000"
    assert "starting_after" not in stripe.queries[-1]


@pytest.mark.parametrize("status", [401, 403])
def test_a_list_the_key_may_not_read_says_what_to_do(status: int) -> None:
    stripe = _Stripe(*[_refused(status)] * 4)

    with pytest.raises(Quarantined, match="give the key read access") as caught:
        stripe.api.page("disputes", BEGINNING, None)

    assert caught.value.code == "key_refused"
    assert "disputes" in caught.value.reason
    assert "canary" not in caught.value.reason


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_stripe_will_never_give_fails_for_good(status: int) -> None:
    stripe = _Stripe(*[_refused(status)] * 2)

    with pytest.raises(Quarantined, match="call_refused"):
        stripe.api.page("invoices", BEGINNING, None)


def test_a_busy_stripe_is_waited_for_and_then_left_to_the_queue() -> None:
    busy = httpx.Response(429, headers={"retry-after": "3"})
    stripe = _Stripe(busy, _things("in_1"), *[busy] * 3)

    assert len(stripe.api.page("invoices", BEGINNING, None).objects) == 1
    with pytest.raises(Retryable, match="busy: 429"):
        stripe.api.page("invoices", BEGINNING, None)

    assert stripe.waits == [3.0] * 3


@pytest.mark.parametrize("content", [{}, {"data": None}, {"data": [1]}, {"data": [{"id": 1}]}])
def test_an_answer_that_is_no_list_may_be_one_later(content: dict[str, Any]) -> None:
    with pytest.raises(Retryable):
        _Stripe(httpx.Response(200, json=content)).api.page("charges", BEGINNING, None)


@pytest.mark.parametrize("cursor", ["in_1", "{}", "[1]", '"in_1"', '[true, "x", 1]'])
def test_a_cursor_of_somebody_elses_is_refused_before_any_call(cursor: str) -> None:
    with pytest.raises(Quarantined, match="bad_cursor"):
        _Stripe().api.page("invoices", cursor, None)


def test_a_phase_nobody_knows_is_refused_before_any_call() -> None:
    with pytest.raises(Quarantined, match="unknown_object"):
        _Stripe().api.page("balance", BEGINNING, None)


def test_an_account_is_told_page_by_page_with_nothing_left_out_or_twice() -> None:
    world = story.Business("pages")
    for number in range(250):
        story.add_customer(world, f"customer{number}@example.com")
        world.advance(seconds=number % 2)
    answers = StripeAnswers(world)
    answers.refuse(500)
    answers.refuse(429, retry_after="1")
    api = client(answers.transport)

    pages: list[Page] = [api.page("customers", BEGINNING, None)]
    while pages[-1].following is not None:
        pages.append(api.page("customers", pages[-1].following, None))

    told = [each["id"] for page in pages for each in page.objects]
    assert [len(page.objects) for page in pages] == [100, 100, 50]
    assert sorted(told) == sorted(own for _, own in world.dated("customer"))
    assert len(set(told)) == 250


def test_requests_to_one_account_keep_their_distance() -> None:
    stripe = _Stripe(_things("in_1"), _things("in_2"))
    waits: list[float] = []
    hurried = StripeApi(
        "sk_live_canary",
        transport=httpx.MockTransport(stripe._answer),
        sleep=waits.append,
        monotonic=lambda: 0.0,
    )

    hurried.page("charges", BEGINNING, None)
    hurried.page("charges", BEGINNING, None)

    assert waits == [1 / 12]
