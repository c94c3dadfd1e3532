"""Deliveries: signed, tried again on schedule, held, replayed; and no endpoint slows another."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from functions.run_automations.process_batch import in_threads
from shared.domain import deliveries, standard_webhooks, times
from shared.domain.endpoint_health import CONCURRENCY_MAX
from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, SECRET, START, URL, Answered

WEBHOOK = {"type": "webhook", "endpoint_id": "crm"}
OTHER = "https://other.example.com/hook"


def delivered_with(*answers: Answered, then: Answered | None = None) -> Workshop:
    """Run one webhook step against an endpoint that answers like that."""
    workshop = Workshop([WEBHOOK])
    workshop.answers[URL] = answering(*answers, then=then)
    workshop.fire()
    workshop.run()
    return workshop


def answering(*answers: Answered, then: Answered | None = None) -> Callable[[], Answered]:
    each = itertools.chain(answers, itertools.repeat(then or Answered(200)))
    return lambda: next(each)


def only(workshop: Workshop) -> dict[str, Any]:
    (delivery,) = workshop.deliveries()
    return delivery


def many(workshop: Workshop, count: int, endpoint_id: str = "crm") -> None:
    """Have that many deliveries wait for their first attempt."""
    for number in range(count):
        identity = deliveries.id_of(f"{endpoint_id}{number}", "0")
        delivery = deliveries.new(identity, endpoint_id, "x", b"{}", workshop.now)
        workshop.store.documents[deliveries.name_of(identity)] = delivery
        workshop.send(deliveries.message(delivery), 0)


def test_what_is_sent_is_signed_over_its_very_bytes() -> None:
    workshop = delivered_with()

    (post,) = workshop.posts
    assert post.headers["content-type"] == "application/json"
    proven = standard_webhooks.verify([SECRET], post.headers, post.body, workshop.now)
    assert proven == only(workshop)["delivery_id"] == post.message_id
    assert not [name for name in post.headers if "hop" in name.lower()]


def test_during_a_rotation_both_secrets_sign() -> None:
    workshop = Workshop([WEBHOOK])
    new = standard_webhooks.new_secret(lambda size: b"n" * size)
    held = workshop.secrets["crm"]["secrets"]
    workshop.secrets["crm"] = {"secrets": standard_webhooks.rotated(held, new, START)}

    workshop.fire()
    workshop.run()

    (post,) = workshop.posts
    for secret in (SECRET, new):
        standard_webhooks.verify([secret], post.headers, post.body, START)
    assert len(post.headers["webhook-signature"].split(" ")) == 2


def test_a_dead_endpoint_is_tried_ten_times_over_75_hours_with_one_id_and_the_same_bytes() -> None:
    workshop = delivered_with(then=Answered(400))

    assert len(workshop.posts) == 10
    assert len({(post.message_id, post.body) for post in workshop.posts}) == 1
    assert len({post.headers["webhook-timestamp"] for post in workshop.posts}) == 10
    assert 70 * times.HOUR < workshop.posts[-1].at - START < 80 * times.HOUR
    assert only(workshop)["state"] == "dead"
    assert len(only(workshop)["attempts"]) == 10
    assert only(workshop)["next_at"] is None


@pytest.mark.parametrize(
    "failure",
    [
        Answered(500),
        Answered(302),
        Answered(404),
        Answered(429),
        Answered(0, "timeout"),
        Answered(0, "address_refused"),
    ],
)
def test_whatever_is_no_2xx_is_tried_again(failure: Answered) -> None:
    workshop = delivered_with(failure)

    rows = only(workshop)["attempts"]
    assert [row["status"] for row in rows] == [failure.status or None, 200]
    assert [row["fault"] for row in rows] == [failure.fault or None, None]
    assert only(workshop)["state"] == "delivered"


def test_retry_after_is_honoured() -> None:
    workshop = delivered_with(Answered(503, retry_after="7200"))

    assert workshop.posts[1].at - workshop.posts[0].at >= 2 * times.HOUR


def test_410_ends_it_and_disables_the_endpoint_and_what_follows_is_held_for_30_days() -> None:
    workshop = delivered_with(Answered(410))
    workshop.fire("001790000000001-def")
    workshop.run()

    states = {each["firing_id"]: each["state"] for each in workshop.deliveries()}
    held = next(each for each in workshop.deliveries() if each["state"] == "held")
    assert states == {FIRING: "gone", "001790000000001-def": "held"}
    assert workshop.document("endpoint", "crm")["status"] == "disabled"
    assert workshop.document("health", "crm")["disabled_for"] == "gone"
    assert len(workshop.posts) == 1
    assert held["expires_at"] == (workshop.now + 30 * times.DAY) // 1_000


def test_what_was_held_is_replayed_under_its_id_with_its_bytes() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.endpoint("crm", URL, status="disabled")
    workshop.fire()
    workshop.run()
    held = only(workshop)

    workshop.endpoint("crm", URL)
    again = deliveries.replayed(held, workshop.now)
    for step in deliveries.steps(again, workshop.now):
        workshop.store.commit([step])
    workshop.send(deliveries.message(again), 0)
    workshop.run()

    assert held["state"] == "held"
    assert only(workshop)["state"] == "delivered"
    assert (workshop.posts[0].message_id, workshop.posts[0].body) == (
        held["delivery_id"],
        held["body"],
    )


def test_a_dead_delivery_that_is_replayed_has_ten_more_attempts() -> None:
    workshop = delivered_with(then=Answered(400))

    again = deliveries.replayed(only(workshop), workshop.now)
    workshop.store.commit(deliveries.steps(again, workshop.now))
    workshop.send(deliveries.message(again), 0)
    workshop.run()

    assert len(workshop.posts) == 20
    assert len({(post.message_id, post.body) for post in workshop.posts}) == 1


def test_deliveries_to_an_endpoint_that_was_removed_are_gone() -> None:
    workshop = Workshop([WEBHOOK])
    del workshop.store.documents["endpoint", "crm"]

    workshop.fire()
    workshop.run()

    assert only(workshop)["state"] == "gone"
    assert workshop.posts == []


def test_nothing_leaves_unsigned_and_a_secret_that_comes_later_serves() -> None:
    workshop = Workshop([WEBHOOK])
    secrets = workshop.secrets.pop("crm")

    workshop.fire()
    workshop.run(START + times.SECOND)
    workshop.secrets["crm"] = secrets
    workshop.run()

    assert len(workshop.posts) == 1
    assert [row["fault"] for row in only(workshop)["attempts"]] == ["no_secret", None]


def test_an_open_circuit_puts_off_without_counting_an_attempt() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.answers[URL] = answering(then=Answered(0, "connect_timeout"))
    many(workshop, 6)
    workshop.run(START + times.MINUTE)
    posts = len(workshop.posts)

    many(workshop, 30)
    workshop.run(workshop.now + 10 * times.SECOND)

    untried = [each for each in workshop.deliveries() if not each["tries"]]
    assert len(workshop.posts) <= posts + 1
    assert len(untried) >= 29
    assert all(each["state"] == "pending" and not each["attempts"] for each in untried)


def test_an_endpoint_that_comes_back_gets_all_that_was_put_off() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.answers[URL] = answering(*[Answered(503)] * 12)
    many(workshop, 30)

    workshop.run()

    assert {each["state"] for each in workshop.deliveries()} == {"delivered"}
    assert workshop.now - START < 3 * times.HOUR


def test_no_more_than_its_places_are_posted_to_an_endpoint_at_once() -> None:
    workshop = Workshop([WEBHOOK])
    open_at_once: list[int] = []

    def answer() -> Answered:
        open_at_once.append(len(workshop.document("health", "crm")["leases"]))
        return Answered()

    workshop.answers[URL] = answer
    many(workshop, 25)

    workshop.run()

    assert max(open_at_once) == CONCURRENCY_MAX
    assert {each["state"] for each in workshop.deliveries()} == {"delivered"}
    assert "leases" not in workshop.document("health", "crm")


def test_a_dead_endpoint_delays_no_other() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.endpoint("other", OTHER)
    workshop.answers[URL] = answering(then=Answered(0, "timeout", 15_000))
    many(workshop, 200)
    many(workshop, 20, "other")

    workshop.run(START + times.HOUR)

    late = [post.at - START for post in workshop.posts if post.url == OTHER]
    assert len(late) == 20
    assert max(late) < times.MINUTE
    assert sum(post.url == URL for post in workshop.posts) < 60


def test_after_five_days_of_failing_an_endpoint_is_disabled_and_the_rest_is_held() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.answers[URL] = answering(then=Answered(500))

    for day in range(9):
        workshop.fire(f"00179000000000{day}-x")
        workshop.run(START + (day + 1) * times.DAY)

    notices = [about["notice"] for event, about in workshop.logged if event == "endpoint_notice"]
    assert notices == ["circuit_opened", "failing_50", "failing_70", "failing_90", "disabled"]
    assert workshop.document("endpoint", "crm")["status"] == "disabled"
    assert "held" in {each["state"] for each in workshop.deliveries()}


def test_an_endpoint_that_was_enabled_again_is_called_though_its_health_says_otherwise() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.put(("health", "crm"), {"disabled_at": START, "disabled_for": "gone"})

    workshop.fire()
    workshop.run()

    assert only(workshop)["state"] == "delivered"


def test_no_secret_and_no_signature_is_kept_or_logged() -> None:
    workshop = delivered_with(Answered(500))

    told = repr([workshop.store.documents, workshop.logged, workshop.waiting])
    signatures = {post.headers["webhook-signature"] for post in workshop.posts}
    assert "whsec_" not in told
    assert not [each for each in signatures if each.removeprefix("v1,") in told]


def test_posts_run_side_by_side_and_a_broken_one_is_told() -> None:
    def post(number: Any) -> Any:
        if number == 2:
            raise ValueError("broken")
        return number

    numbers: list[Any] = [1, 2, 3]
    told: dict[int, Any] = dict(in_threads(numbers, post))

    assert (told[0], told[2]) == (1, 3)
    assert isinstance(told[1], ValueError)
    assert dict(in_threads([], post)) == {}
