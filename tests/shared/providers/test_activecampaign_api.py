"""ActiveCampaign's API asked politely: pages by id, five requests a second, faults told apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.samples.activecampaign import Account
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import OBJECTS_MAX
from shared.providers import activecampaign
from shared.providers.activecampaign_api import PAGE_CONTACTS, ActiveCampaignApi
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
    cursor: str | None = ""
    seen: list[str] = []
    totals = []

    with account(people) as (api, stand_in, _):
        (phase,) = api.phases(["subscriptions", "orders"])
        while cursor is not None:
            page = api.page(phase, cursor, None)
            assert page.kind == "contact"
            assert len(page.objects) <= OBJECTS_MAX
            seen += [each["contacts"][0]["email"] for each in page.objects]
            totals.append(page.total)
            cursor = page.following

    assert seen == [f"person{number}@example.com" for number in range(1, people + 1)]
    assert totals == [people, None, None]
    assert len(stand_in.asked) == 3


def test_a_contact_of_a_page_is_what_the_contact_alone_is_and_an_event_of_its_own() -> None:
    with account(3) as (api, _, _):
        page = api.page("contacts", "", None)
        alone = api.fetch("contact", "1")

    call = {"object": page.kind, "id": page.objects[0]["id"]}
    parsed = activecampaign.parse(api.event(call, page.objects[0], 1)[1], {})
    assert page.objects[0] == alone
    assert (parsed.event_type, page.objects[0]["id"]) == ("fetched.contact", "1")
    assert parsed.heard is not None
    assert [each.email for each in parsed.heard.contacts] == ["person1@example.com"]


def test_only_what_has_changed_since_is_asked_for_where_that_is_wanted() -> None:
    with account(1) as (api, stand_in, _):
        api.page("contacts", "", 1_790_000_000_000)
        api.page("contacts", "", None)

    since, all_of_them = (parse_qs(urlsplit(each).query) for each in stand_in.asked)
    assert since["filters[updated_after]"] == ["2026-09-21T14:13:20.000Z"]
    assert not any("updated" in name for name in all_of_them)


def test_a_contact_brings_its_tags_and_lists_by_name() -> None:
    with account(3) as (api, _, _):
        found = api.fetch("contact", "1")
        nobody = api.fetch("contact", "99")

    assert found is not None
    (contact,) = found["contacts"]
    assert [each["name"] for each in contact["tags"]] == ["VIP"]
    assert [(each["name"], each["status"]) for each in contact["lists"]] == [("News", "1")]
    assert nobody is None


def test_two_clients_together_send_no_more_than_five_requests_a_second() -> None:
    with account(1) as (api, _, clock):
        for _ in range(11):
            api.fetch("contact", "1")

    assert clock.now == pytest.approx(10 / 2.5)


def test_a_busy_account_is_left_alone_for_as_long_as_it_asks() -> None:
    busy = http(429, {}, "Retry-After: 3")

    with account(1, busy, http(503, {})) as (api, stand_in, clock):
        page = api.page("contacts", "", None)

    assert len(page.objects) == 1
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
        api.page("contacts", "", None)

    assert len(stand_in.asked) == asked
    assert TOKEN not in str(raised.value)


def test_a_page_that_is_refused_fails_the_import_and_a_contact_waits() -> None:
    with account(1, token="wrong") as (api, _, _):
        with pytest.raises(Quarantined, match="answers 403") as raised:
            api.page("contacts", "", None)
        with pytest.raises(Retryable):
            api.fetch("contact", "1")

    assert "wrong" not in str(raised.value)


def test_what_the_api_does_not_have_is_not_asked_for() -> None:
    with account(1) as (api, stand_in, _):
        with pytest.raises(Quarantined):
            api.fetch("deals", "1")
        with pytest.raises(Quarantined):
            api.page("deals", "", None)

    assert stand_in.asked == []


def test_an_api_that_does_not_page_is_not_asked_for_ever() -> None:
    same = Account(PAGE_CONTACTS).page(0, PAGE_CONTACTS)

    with (
        account(1, http(200, same)) as (api, _, _),
        pytest.raises(Quarantined, match="does not page"),
    ):
        api.page("contacts", str(PAGE_CONTACTS), None)


def test_each_answer_is_an_event_of_its_own_and_copies_of_one_are_not() -> None:
    with account(2) as (api, stand_in, _):
        call = {"object": "contact", "id": "1"}
        first = api.event(call, api.fetch("contact", "1") or {}, 1)
        again = api.event(call, api.fetch("contact", "1") or {}, 1)
        later = api.event(call, api.fetch("contact", "1") or {}, 2)
        stand_in.account.people[0].first_name = "Other"
        changed = api.event(call, api.fetch("contact", "1") or {}, 1)

    assert first == again
    assert len({first[0], later[0], changed[0]}) == 3
