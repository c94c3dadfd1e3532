"""The steps of a firing: taken once and in order, over branches, without end and without loops."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.automation_steps import WEBHOOK, run_of, tag, tags_of
from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, START


def test_a_webhook_step_is_delivered_once_and_the_run_is_done() -> None:
    workshop = Workshop([WEBHOOK])

    workshop.fire()
    workshop.run()

    assert [post.url for post in workshop.posts] == ["https://crm.example.com/hook"]
    body = workshop.posts[0].json()
    assert body["type"] == "recurring_payment.updated"
    assert body["data"]["contact"]["email"] == "ada@example.com"
    assert body["data"]["changes"] == [
        {"field": "status", "from": "active", "to": "payment_failed"}
    ]
    assert run_of(workshop)["state"] == "done"
    assert workshop.document("firing", "rescue", FIRING)["state"] == "done"
    assert [each["state"] for each in workshop.deliveries()] == ["delivered"]


def test_a_message_that_comes_again_does_nothing_more() -> None:
    workshop = Workshop([WEBHOOK, tag("VIP")])
    workshop.fire()
    workshop.run()

    workshop.send({"kind": "run", "automation_id": "rescue", "firing_id": FIRING}, 0)
    workshop.run()

    assert len(workshop.posts) == 1
    assert tags_of(workshop) == ["VIP"]


def test_what_was_sent_by_a_run_nobody_remembers_is_not_sent_again() -> None:
    """As after a restore: the webhook was carried over, the run was not."""
    workshop = Workshop([tag("VIP"), WEBHOOK])
    workshop.fire()
    workshop.run()
    (sent,) = workshop.deliveries()
    del workshop.store.documents[("run", FIRING)]
    del workshop.store.documents[("firing", "rescue", FIRING)]

    workshop.fire()
    workshop.run()

    assert len(workshop.posts) == 1
    assert workshop.deliveries() == [sent]
    assert run_of(workshop)["state"] == "done"
    assert tags_of(workshop) == ["VIP"]


def test_what_waited_to_be_sent_then_is_sent_under_its_own_id() -> None:
    workshop = Workshop([WEBHOOK])
    workshop.fire()
    workshop.run()
    (sent,) = workshop.deliveries()
    name = ("delivery", sent["delivery_id"])
    waiting = {**sent, "state": "pending", "next_at": workshop.now}
    workshop.store.documents[name] = waiting
    del workshop.store.documents[("run", FIRING)]
    del workshop.store.documents[("firing", "rescue", FIRING)]

    workshop.fire()
    workshop.run()

    assert [post.headers["webhook-id"] for post in workshop.posts] == [sent["delivery_id"]] * 2
    assert len(workshop.deliveries()) == 1


def test_an_own_payload_is_sent_as_it_is_with_its_tags_filled() -> None:
    payload = {"text": "Hi %CONTACT_FIRST_NAME|there%, %CONTACT_PHONE|no phone%"}
    workshop = Workshop([{**WEBHOOK, "payload": payload}])

    workshop.fire()
    workshop.run()

    assert workshop.posts[0].json() == {"text": "Hi Ada, no phone"}


def test_a_payload_that_grows_too_large_is_noted_and_not_sent() -> None:
    workshop = Workshop([{**WEBHOOK, "payload": {"text": "%CONTACT_FIRST_NAME%" * 30}}])
    workshop.store.documents["contact", "c1"]["first_name"] = "a" * 1_000

    workshop.fire()
    workshop.run()

    assert workshop.posts == []
    assert run_of(workshop)["taken"][0]["note"] == "payload_too_large"


def test_tags_and_segments_change_the_contact_and_make_the_segment() -> None:
    workshop = Workshop(
        [
            tag("A"),
            tag("B"),
            {"type": "remove_tag", "tag": "A"},
            {"type": "add_to_segment", "segment_id": "at-risk"},
            {"type": "add_to_segment", "segment_id": "gone"},
            {"type": "remove_from_segment", "segment_id": "gone"},
        ]
    )

    workshop.fire()
    workshop.run()

    contact = workshop.document("contact", "c1")
    assert (tags_of(workshop), contact["segments"]) == (["B"], ["at-risk"])
    assert contact["version"] == 2
    assert workshop.document("segment", "at-risk")["kind"] == "static"


def test_nobody_is_put_into_a_segment_with_conditions() -> None:
    workshop = Workshop([{"type": "add_to_segment", "segment_id": "rich"}])
    workshop.put(("segment", "rich"), {"segment_id": "rich", "kind": "dynamic"})

    workshop.fire()
    workshop.run()

    assert workshop.document("contact", "c1")["segments"] == []
    assert run_of(workshop)["taken"][0]["note"] == "not_a_static_segment"


def test_an_event_goes_to_the_bus_under_its_own_name() -> None:
    step = {"type": "emit_event", "name": "renewal.lost", "payload": {"who": "%CONTACT_EMAIL%"}}
    workshop = Workshop([step])

    workshop.fire()
    workshop.run()

    event = workshop.events[0]
    assert event.detail_type == "renewal.lost"
    assert event.detail["payload"] == {"who": "ada@example.com"}
    assert event.detail["id"].startswith("msg_")


def branch(city: str, then: list[Any], otherwise: list[Any]) -> dict[str, Any]:
    condition = {
        "field": "recurring_payment.billing_address.city",
        "operator": "is",
        "value": city,
    }
    segment = {"match": "all", "conditions": [condition]}
    arm = {"segment": segment, "steps": then}
    return {"type": "branch", "branches": [arm], "else": otherwise}


@pytest.mark.parametrize(
    ("city", "expected"), [("Chicago", ["in", "end"]), ("Paris", ["out", "end"])]
)
def test_a_branch_takes_the_first_way_that_is_open(city: str, expected: list[str]) -> None:
    workshop = Workshop([branch(city, [tag("in")], [tag("out")]), tag("end")])

    workshop.fire()
    workshop.run()

    assert tags_of(workshop) == expected


def test_empty_ways_and_branches_in_branches_are_left_where_they_end() -> None:
    inner = branch("Chicago", [tag("deep"), {"type": "wait", "for": "PT1M"}], [])
    workshop = Workshop(
        [branch("Paris", [tag("no")], []), branch("Chicago", [inner], []), tag("end")]
    )

    workshop.fire()
    workshop.run()

    assert tags_of(workshop) == ["deep", "end"]
    assert run_of(workshop)["state"] == "done"


def test_a_chain_of_runs_that_cause_each_other_ends_with_a_record() -> None:
    workshop = Workshop([WEBHOOK])

    workshop.fire(hops=5)
    workshop.run()

    assert workshop.posts == []
    assert run_of(workshop)["state"] == "loop"
    assert workshop.document("firing", "rescue", FIRING)["state"] == "loop"


def test_more_steps_than_one_turn_takes_are_all_taken() -> None:
    workshop = Workshop([tag(f"t{number}") for number in range(65)])

    workshop.fire()
    workshop.run()

    assert tags_of(workshop) == [f"t{number}" for number in range(65)]
    assert run_of(workshop)["turn"] == 4


def test_an_automation_without_steps_is_done_at_once() -> None:
    workshop = Workshop([])

    workshop.fire()
    workshop.run()

    assert run_of(workshop)["state"] == "done"


def test_a_message_for_nothing_known_is_let_go_and_nonsense_is_kept() -> None:
    workshop = Workshop([])

    workshop.send({"kind": "run", "automation_id": "x", "firing_id": "y"}, 0)
    workshop.send({"kind": "deliver", "delivery_id": "msg_x"}, 0)
    workshop.send({"kind": "settled", "record": ["order", "shop", "in_1"], "entry": "e"}, 0)
    workshop.run()
    workshop.send({"kind": "nonsense"}, 0)
    workshop.run(START)

    assert len(workshop.settled) == 1
    assert [row[1]["kind"] for row in workshop.waiting] == ["nonsense"]
