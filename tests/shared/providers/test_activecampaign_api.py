"""ActiveCampaign's API asked politely: pages by id, five requests a second, faults told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.samples.activecampaign import Account
from shared.domain.errors import Quarantined, Retryable
from shared.providers import activecampaign
from shared.providers.activecampaign_api import PAGE_CONTACTS, ActiveCampaignApi, TokenBucket
from tests.support.activecampaign_api import TOKEN, ActiveCampaignStandIn
from tests.support.loopback_server import Reply, http


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def account(
    people: int, *replies: Reply, token: str = TOKEN
) -> Iterator[tuple[ActiveCampaignApi, ActiveCampaignStandIn, Clock]]:
    clock = Clock()
    with ActiveCampaignStandIn(Account(people)) as stand_in:
        stand_in.replies = list(replies)
        api = ActiveCampaignApi(
            f"{stand_in.url}/", token, sleep=clock.sleep, monotonic=lambda: clock.now
        )
        yield api, stand_in, clock
        api.close()


def test_pages_follow_each_other_by_id_until_the_last() -> None:
    people = 2 * PAGE_CONTACTS + 1
    after: str | None = "0"
    seen: list[str] = []
    totals = []

    with account(people) as (api, stand_in, _):
        while after is not None:
            page = api.fetch("contacts", after)
            assert page is not None
            seen += [each["email"] for each in page["contacts"]]
            totals.append(page.get("total"))
            after = page["following"]

    assert seen == [f"person{number}@example.com" for number in range(1, people + 1)]
    assert totals == [people, None, None]
    assert len(stand_in.asked) == 3


def test_a_contact_brings_its_tags_and_lists_by_name() -> None:
    with account(3) as (api, _, _):
        found = api.fetch("contact", "1")
        nobody = api.fetch("contact", "99")

    assert found is not None
    (contact,) = found["contacts"]
    assert [each["name"] for each in contact["tags"]] == ["VIP"]
    assert [(each["name"], each["status"]) for each in contact["lists"]] == [("News", "1")]
    assert nobody is None


def test_requests_are_never_more_than_five_a_second() -> None:
    clock = Clock()
    bucket = TokenBucket(5, lambda: clock.now, clock.sleep)
    sent = []

    for _ in range(21):
        bucket.take()
        sent.append(round(clock.now, 6))

    assert max(sum(start <= each < start + 1 for each in sent) for start in sent) == 5
    assert clock.now == pytest.approx(4.0)


def test_a_busy_account_is_left_alone_for_as_long_as_it_asks() -> None:
    busy = http(429, {}, "Retry-After: 3")

    with account(1, busy, http(503, {})) as (api, stand_in, clock):
        page = api.fetch("contacts", "0")

    assert page is not None
    assert len(page["contacts"]) == 1
    assert len(stand_in.asked) == 3
    assert 3.0 in clock.slept


@pytest.mark.parametrize(
    ("reply", "asked"),
    [
        (http(429, {}, "Retry-After: 600"), 1),
        (http(500, {}), 3),
        (Reply(None), 3),
        (http(200, b"no json"), 1),
        (http(200, b"[]"), 1),
    ],
)
def test_what_may_pass_is_the_queues_to_try_again(reply: Reply, asked: int) -> None:
    replies = (reply, reply, reply)
    with account(1, *replies) as (api, stand_in, _), pytest.raises(Retryable) as raised:
        api.fetch("contacts", "0")

    assert len(stand_in.asked) == asked
    assert TOKEN not in str(raised.value)


def test_a_page_that_is_refused_is_told_as_a_failure_without_the_token() -> None:
    with account(1, token="wrong") as (api, _, _):
        page = api.fetch("contacts", "0")
        with pytest.raises(Retryable):
            api.fetch("contact", "1")
        with pytest.raises(Quarantined):
            api.fetch("deals", "1")

    assert page == {"failure": "ActiveCampaign's API answers 403"}


def test_an_api_that_does_not_page_is_not_asked_for_ever() -> None:
    same = Account(PAGE_CONTACTS).page(0, PAGE_CONTACTS)

    with account(1, http(200, same)) as (api, _, _):
        page = api.fetch("contacts", str(PAGE_CONTACTS))

    assert page == {"failure": "ActiveCampaign's API does not page by id"}


def test_a_page_fetched_twice_is_one_event_and_one_message_as_long_as_nobody_changes() -> None:
    call = {"object": "contacts", "id": "0", "job_id": "job-1"}
    with account(2) as (api, stand_in, _):
        first = api.event(call, api.fetch("contacts", "0") or {}, 1)
        again = api.event(call, api.fetch("contacts", "0") or {}, 2)
        stand_in.account.people[0].first_name = "Other"
        later = api.event(call, api.fetch("contacts", "0") or {}, 3)

    parsed = [activecampaign.parse(body, {}) for _, body in (first, again, later)]
    assert first == again
    assert first[1] != later[1]
    assert len({(each.event_id, each.digest) for each in parsed}) == 1


def test_failures_and_single_contacts_are_events_of_their_own_each_time() -> None:
    found: dict[str, Any] = {"failure": "ActiveCampaign's API answers 403"}
    page = {"object": "contacts", "id": "0", "job_id": "job-1"}
    one = {"object": "contact", "id": "7"}

    ids = [
        activecampaign.fetched(call, told, now)[0]
        for call, told in ((page, found), (one, {"contacts": []}))
        for now in (1, 2)
    ]

    assert len(set(ids)) == 4
    assert json.loads(activecampaign.fetched(page, found, 1)[1])["failure"] == found["failure"]
