"""A crash or a lost reply at any call: whatever happens, it has happened once in the end.

Every call of a whole life is tried: a webhook that fails at first, a tag, an event, a short and a
long wait, another webhook. Only a post may be seen twice, under the same id with the same bytes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, URL, Answered

STEPS: list[dict[str, Any]] = [
    {"type": "webhook", "endpoint_id": "crm"},
    {"type": "add_tag", "tag": "STATUS: Payment failed"},
    {"type": "add_to_segment", "segment_id": "at-risk"},
    {"type": "wait", "for": "PT5M"},
    {"type": "emit_event", "name": "still.failing"},
    {"type": "wait", "for": "P3D"},
    {"type": "webhook", "endpoint_id": "crm", "payload": {"text": "%CONTACT_FIRST_NAME%"}},
]
KINDS = ("crash_before", "crash_after", "lost_reply", "resent")


def life(*faults: tuple[int, str]) -> Workshop:
    """Run the whole life of a firing, with the faults at the calls of these numbers."""
    workshop = Workshop(STEPS)
    answers = iter([Answered(500), Answered(0, "timeout")])
    workshop.answers[URL] = lambda: next(answers, Answered(200))
    planned = list(faults)

    def arm() -> None:
        workshop.gate.fault = planned.pop(0) if planned else None

    arm()
    workshop.fire()
    while workshop.step():
        if workshop.gate.fault and workshop.gate.calls >= workshop.gate.fault[0]:
            arm()
    return workshop


# The call that queues the first message is the test's own.
CALLS = life().gate.calls


def check(workshop: Workshop) -> None:
    run, contact = workshop.document("run", FIRING), workshop.document("contact", "c1")
    assert (run["state"], run["reason"]) == ("done", None)
    assert [each["what"] for each in run["taken"]] == [step["type"] for step in STEPS]
    assert [each["tag"] for each in contact["tags"]] == ["STATUS: Payment failed"]
    assert (contact["segments"], contact["version"]) == (["at-risk"], 2)
    assert [each["state"] for each in workshop.deliveries()] == ["delivered", "delivered"]
    posted = Counter(post.message_id for post in workshop.posts)
    rows = {each["delivery_id"]: len(each["attempts"]) for each in workshop.deliveries()}
    assert all(rows[each] <= count for each, count in posted.items())
    assert len({event.detail["id"] for event in workshop.events}) == 1
    bodies = {(post.message_id, post.body) for post in workshop.posts}
    assert len(bodies) == len({post.message_id for post in workshop.posts}) == 2
    assert [name for name in workshop.store.documents if name[0] == "due"] == []
    assert workshop.document("firing", "rescue", FIRING)["state"] == "done"


def test_without_faults_each_attempt_is_made_once() -> None:
    workshop = life()

    check(workshop)
    assert sorted(Counter(post.message_id for post in workshop.posts).values()) == [1, 3]
    assert len(workshop.events) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_call_leaves_the_same(kind: str) -> None:
    for number in range(2, CALLS + 1):
        workshop = life((number, kind))

        check(workshop)
        assert len(workshop.posts) <= 5
        assert len(workshop.events) <= 2


def test_two_workers_with_one_message_do_its_work_once() -> None:
    """SQS may hand a message out twice; the second worker comes in at every call of the first."""
    for number in range(2, CALLS + 1):
        workshop = life((number, "interleave"))

        check(workshop)
        assert len(workshop.posts) == 4


def test_two_faults_close_to_each_other_leave_the_same() -> None:
    for number in range(2, CALLS + 1):
        for distance in (1, 2, 3, 5):
            check(life((number, "crash_after"), (number + distance, "crash_before")))
            check(life((number, "lost_reply"), (number + distance, "crash_after")))
