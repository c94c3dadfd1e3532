"""A call for a page answered: its objects as events, or why there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions.call_providers.fetch_object import read_call
from functions.call_providers.fetch_page import Answer, fetch_page
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_message import PageMessage
from shared.domain.history_pages import Page
from shared.providers.api_calls import KeyRefused

_CALL = {
    "v": 1,
    "object": "page",
    "connection_id": "shop",
    "provider": "stripe",
    "job_id": "job-1",
    "number": 3,
    "phase": "",
    "cursor": "",
    "since": 1_700_000_000_000,
    "resources": ["orders"],
}


class _World:
    """A provider with two phases, of which the first has two pages."""

    def __init__(self) -> None:
        self.held: Mapping[str, Any] | None = {"api": {"secret_key": "sk_1"}}
        self.names: tuple[str, ...] = ("customers", "orders")
        self.asked: list[tuple[Any, ...]] = []
        self.sent: list[tuple[str, PageMessage]] = []
        self.refuses: Exception | None = None
        self.objects: tuple[dict[str, Any], ...] = ({"id": "a"}, {"id": "b"})

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        assert (connection_id, now) == ("shop", 5.0)
        return self.held

    def phases(self, resources: Any) -> tuple[str, ...]:
        assert resources == ["orders"]
        return self.names

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        self.asked.append((phase, cursor, since))
        if self.refuses:
            raise self.refuses
        more = "2" if (phase, cursor) == ("customers", "") else None
        return Page(self.objects, "customer", more, 12, ("lost",))

    def event(self, call: Mapping[str, Any], found: Any, now: int) -> tuple[str, bytes]:
        assert now == 7
        size = found.get("size", 0)
        return f"fetch_{call['id']}", json.dumps([call, dict(found)]).encode() + b" " * size

    def send_page(self, url: str, page: PageMessage) -> None:
        self.sent.append((url, page))

    def call(self, receives: int = 1, api: object = None, **changed: Any) -> Answer:
        return fetch_page(
            read_call(json.dumps({**_CALL, **changed})),
            secrets=self,
            api_of=lambda provider, **credentials: api or self,
            queue=self,
            history_url="https://q/history",
            now=7,
            monotonic=5.0,
            receives=receives,
            new_id=lambda: "page-1",
        )

    @property
    def page_sent(self) -> PageMessage:
        ((url, page),) = self.sent
        assert url == "https://q/history"
        return page


def test_a_page_comes_back_as_events_with_what_follows_it() -> None:
    world = _World()

    answer = world.call()

    page = world.page_sent
    assert answer.about() == {
        "outcome": "fetched", "connection_id": "shop", "provider": "stripe", "job_id": "job-1",
        "number": 3, "objects": 2,
    }  # fmt: skip
    assert world.asked == [("customers", "", 1_700_000_000_000)]
    assert [each.event_id for each in page.events] == ["fetch_a", "fetch_b"]
    assert json.loads(page.events[0].body) == [{"object": "customer", "id": "a"}, {"id": "a"}]
    assert (page.phase, page.cursor, page.phases) == ("customers", "", ("customers", "orders"))
    assert (page.following, page.total) == ({"phase": "customers", "cursor": "2"}, 12)
    assert (page.skipped, page.failure, page.page_id) == (("lost",), None, "page-1")


@pytest.mark.parametrize(
    ("phase", "following"), [("customers", {"phase": "orders", "cursor": ""}), ("orders", None)]
)
def test_after_a_phase_comes_the_next_and_after_the_last_nothing(
    phase: str, following: dict[str, str] | None
) -> None:
    world = _World()

    world.call(phase=phase, cursor="2")

    assert world.page_sent.following == following


def test_a_connection_that_takes_nothing_has_nothing_to_be_paged_through() -> None:
    world = _World()
    world.names = ()

    answer = world.call()

    assert (answer.outcome, world.asked) == ("fetched", [])
    assert (world.page_sent.events, world.page_sent.following) == ((), None)


def test_an_object_too_large_for_any_event_is_named_as_skipped() -> None:
    world = _World()
    world.objects = ({"id": "a"}, {"id": "huge", "size": 4 * 1024 * 1024})

    world.call()

    assert [each.event_id for each in world.page_sent.events] == ["fetch_a"]
    assert world.page_sent.skipped == ("lost", "huge")


def test_a_refusal_is_told_to_the_job() -> None:
    world = _World()
    world.refuses = Quarantined("call_refused", "The key may not list invoices.")

    answer = world.call()

    assert answer.outcome == "refused"
    assert world.page_sent.failure == "The key may not list invoices."
    assert world.page_sent.number == 3


def test_a_refused_key_is_told_to_the_job_at_once() -> None:
    world = _World()
    world.refuses = KeyRefused("The shop refuses the API key of this connection: 401")

    answer = world.call(receives=1)

    assert answer.outcome == "refused"
    assert world.page_sent.failure == "The shop refuses the API key of this connection: 401"


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (None, "removed or is disabled"),
        ({"disabled": True}, "removed or is disabled"),
        ({"provider": "stripe"}, "PUT its `api`"),
    ],
)
def test_a_connection_that_cannot_be_asked_fails_its_import_with_what_to_do(
    held: dict[str, Any] | None, why: str
) -> None:
    world = _World()
    world.held = held

    world.call()

    assert why in (world.page_sent.failure or "")


def test_a_client_without_pages_and_a_phase_it_does_not_know_are_refusals() -> None:
    bare, unknown = _World(), _World()

    bare.call(api=object())
    unknown.call(phase="planets")

    assert bare.page_sent.failure == "the provider's API tells no history"
    assert "planets" in (unknown.page_sent.failure or "")


def test_what_may_pass_is_raised_until_the_queue_would_give_up() -> None:
    world = _World()
    world.refuses = Retryable("Stripe is busy: 429")

    with pytest.raises(Retryable):
        world.call(receives=10)
    assert world.sent == []
    world.call(receives=11)

    assert world.page_sent.failure == "Stripe is busy: 429"


def test_a_fault_of_our_own_is_told_to_the_job_when_the_queue_would_give_up() -> None:
    world = _World()
    world.refuses = KeyError("a secret")

    with pytest.raises(KeyError):
        world.call(receives=10)
    world.call(receives=11)

    assert "KeyError" in (world.page_sent.failure or "")
    assert "secret" not in (world.page_sent.failure or "")
