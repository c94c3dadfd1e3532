"""A delivery's turns: what each attempt leaves, and what has to be sent for the next."""

from __future__ import annotations

import pytest

from shared.domain import deliveries, times
from shared.domain.deliveries import Delivery
from shared.domain.ports import Write

NOW = 1_790_000_000_000


def fresh() -> Delivery:
    return deliveries.new("msg_1", "crm", "order.created", b"{}", NOW)


def attempted(delivery: Delivery, status: int, now: int = NOW, fault: str = "") -> Delivery:
    return deliveries.attempted(
        delivery,
        status=status,
        fault=fault,
        duration_ms=20,
        excerpt="no",
        retry_after="",
        now=now,
        random=lambda: 0.5,
    )


def due_of(delivery: Delivery, now: int) -> list[Write]:
    return [step for step in deliveries.steps(delivery, now) if step.name[0] == "due"]


def test_what_an_endpoint_answers_of_somebody_erased_is_not_kept() -> None:
    """The attempt was under way when they were."""
    erased = deliveries.erased(fresh(), NOW)

    after = attempted(erased, 200)

    assert (after["state"], after["attempts"][0]["excerpt"]) == ("delivered", None)


def test_an_id_follows_from_its_cause_and_its_way_alone() -> None:
    same = {deliveries.id_of("firing", "0") for _ in range(3)}

    assert len(same) == 1
    assert deliveries.id_of("firing", "1") not in same
    assert len(same.pop()) == 4 + 32


@pytest.mark.parametrize(
    ("status", "fault", "state"),
    [(204, "", "delivered"), (410, "", "gone"), (500, "", "pending"), (0, "timeout", "pending")],
)
def test_an_attempt_leaves_its_row_and_the_next_turn(status: int, fault: str, state: str) -> None:
    after = attempted(fresh(), status, fault=fault)

    assert (after["state"], after["turn"], after["version"]) == (state, 1, 2)
    assert after["attempts"] == [
        {
            "at": NOW - 20,
            "status": status or None,
            "duration_ms": 20,
            "fault": fault or None,
            "excerpt": "no",
        }
    ]
    assert ("expires_at" in after) is (state != "pending")


def test_a_near_attempt_is_put_off_by_the_queue_and_a_far_one_by_the_index() -> None:
    near = attempted(fresh(), 500)
    far = deliveries.put_off(fresh(), NOW + times.HOUR)

    assert due_of(near, NOW) == []
    assert deliveries.follow_up(near, NOW)[0]["delay"] == 5
    assert due_of(far, NOW)[0].name == ("due", str(NOW + times.HOUR), "delivery", "msg_1")
    assert deliveries.follow_up(far, NOW) == []


def test_an_attempt_at_what_is_over_is_noted_and_changes_nothing() -> None:
    over = attempted(fresh(), 200)

    after = attempted(over, 500, NOW + 1)

    assert (after["state"], after["tries"], len(after["attempts"])) == ("delivered", 1, 2)
    assert after["expires_at"] == over["expires_at"]


def test_what_arrived_while_it_was_being_held_is_delivered() -> None:
    held = deliveries.held(fresh(), NOW)

    assert attempted(held, 200)["state"] == "delivered"
    assert attempted(held, 500)["state"] == "held"


def test_a_delivery_that_is_put_off_keeps_its_tries() -> None:
    after = deliveries.put_off(attempted(fresh(), 500), NOW + times.MINUTE)

    assert (after["tries"], after["deferrals"], after["next_at"]) == (1, 1, NOW + times.MINUTE)
    assert attempted(after, 500)["deferrals"] == 0


def test_a_replay_begins_anew_and_keeps_the_log() -> None:
    delivery = fresh()
    while delivery["state"] == "pending":
        delivery = attempted(delivery, 500, (delivery["next_at"] or NOW) + 1)

    again = deliveries.replayed(delivery, NOW)

    assert delivery["state"] == "dead"
    assert (again["state"], again["tries"], again["next_at"]) == ("pending", 0, NOW)
    assert len(again["attempts"]) == 10
    assert "expires_at" not in again
    assert deliveries.follow_up(delivery, NOW) == []


def test_the_log_of_attempts_has_an_end() -> None:
    delivery = fresh()

    for number in range(50):
        delivery = attempted(deliveries.replayed(delivery, NOW), 500, NOW + number)

    assert len(delivery["attempts"]) == 30
    assert delivery["attempts"][-1]["at"] == NOW + 49 - 20
