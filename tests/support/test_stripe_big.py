"""The big business holds what it says it holds, and its API tells it page by page."""

from __future__ import annotations

from shared.domain.history_pages import BEGINNING
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_big import BigBusiness
from tests.support.stripe_history import RESOURCES, client, history
from tests.support.stripe_lists import COLLECTIONS


def test_it_holds_as_many_objects_as_it_says() -> None:
    business = BigBusiness(900)

    told = list(history(business, 1_900_000_000_000))

    assert business.objects >= 900
    assert len(told) == len(set(told)) == business.objects


def test_every_list_is_told_the_newest_first_and_of_its_kind_alone() -> None:
    answers = StripeAnswers(BigBusiness(900), logs=False)
    api = client(answers.transport)

    for phase in api.phases(RESOURCES):
        page = api.page(phase, BEGINNING, None)
        created = [each["created"] for each in page.objects]

        assert created == sorted(created, reverse=True)
        assert {each["object"] for each in page.objects} <= {COLLECTIONS[phase]}
    assert answers.requests == []


def test_every_customers_life_is_the_same_each_time_it_is_asked_for() -> None:
    business, other = BigBusiness(300), BigBusiness(300)
    names = [own for kind in ("customer", "charge", "refund") for _, own in business.dated(kind)]

    assert [business.snapshot_of(name) for name in names] == [
        other.snapshot_of(name) for name in reversed(names)
    ][::-1]
    assert business.snapshot_of("in_unknown") is None
