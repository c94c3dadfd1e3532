"""Automations as people write them: what is understood, and where each fault is."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.definition import Branch, ChangeTag, Offset, Wait, Webhook
from shared.domain.automations.parse import automation_of, definition_of
from shared.domain.automations.steps import STEPS_MAX, steps_of
from shared.domain.errors import Invalid
from shared.domain.fields import FIELDS

UPDATED = {"type": "recurring_payment_updated"}
CHICAGO = {
    "match": "all",
    "conditions": [
        {
            "field": "recurring_payment.billing_address.city",
            "operator": "is",
            "value": "Chicago",
        }
    ],
}
OF_DESIGN: dict[str, Any] = {
    "name": "Rescue failed payments",
    "enabled": True,
    "trigger": {
        "type": "recurring_payment_updated",
        "field": "status",
        "from": None,
        "to": "payment_failed",
        "runs": "multiple",
        "segment": None,
    },
    "steps": [
        {"type": "add_tag", "tag": "STATUS: Payment failed"},
        {"type": "add_to_segment", "segment_id": "at-risk"},
        {
            "type": "branch",
            "branches": [{"segment": {"match": "all", "conditions": []}, "steps": []}],
            "else": [],
        },
        {"type": "wait", "for": "P3D"},
        {
            "type": "webhook",
            "endpoint_id": "crm",
            "payload": {"text": "Hi %CONTACT_FIRST_NAME|there%, %RECURRING_PAYMENT_NAME%"},
        },
    ],
}


EMAIL = {"type": "email", "subject": "Hi %CONTACT_FIRST_NAME|there%", "text": "%UNSUBSCRIBE_URL%"}
RESUMED = {"match": "all", "conditions": [{"field": "change.to", "operator": "is", "value": "x"}]}
BY_DATE = {"type": "recurring_payment_date", "field": "next_payment_date"}


def body(trigger: Any = UPDATED, *steps: Any, **fields: Any) -> dict[str, Any]:
    return {"name": "Name", "trigger": trigger, "steps": list(steps), **fields}


def faults(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as raised:
        definition_of(values)
    return dict(raised.value.errors)


def test_the_designs_own_example_is_understood_and_stays_as_it_was_written() -> None:
    definition = definition_of(OF_DESIGN)

    assert definition == {**OF_DESIGN, "on_edit": "finish"}
    steps = steps_of(definition["steps"])
    assert [each.path for each in steps] == [f"steps[{index}]" for index in range(5)]
    assert isinstance(steps[2], Branch)
    assert [arm.segment is None for arm in steps[2].arms] == [False, True]


def test_what_is_not_said_has_a_default() -> None:
    definition = definition_of({"name": "Name", "trigger": UPDATED})
    automation = automation_of({**definition, "automation_id": "a", "revision": 2})

    assert (definition["enabled"], definition["steps"]) == (True, [])
    assert (automation.enabled, automation.revision, automation.on_edit) == (True, 2, "finish")
    assert not automation.trigger.once
    assert not automation.trigger.skips_late


@pytest.mark.parametrize("field", [*FIELDS, "line_items", "billing_address.city", None])
def test_every_field_of_a_recurring_payment_can_be_waited_for(field: str | None) -> None:
    definition_of(body({**UPDATED, "field": field}))


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"trigger": UPDATED}, "name", "is missing"),
        (body(name="  "), "name", "not blank"),
        (body(name="a\x00b"), "name", "control characters"),
        (body(enabled="yes"), "enabled", "true or false"),
        (body(on_edit="stop"), "on_edit", "one of finish, cancel"),
        (body(version=3), "version", "is not known here"),
        (body(None), "trigger", "is missing"),
        (body("x"), "trigger", "has to be an object"),
        (body({"type": "x"}), "trigger.type", "one of recurring_payment_created"),
        (body({"type": "recurring_payment_date"}), "trigger.field", "one of next_payment_date"),
        (body({**BY_DATE, "field": "status"}), "trigger.field", "one of next_payment_date"),
        (body({**BY_DATE, "offset": "3 days"}), "trigger.offset", "like -P3D"),
        (body({**BY_DATE, "offset": 3}), "trigger.offset", "like -P3D"),
        (body({**BY_DATE, "offset": "P367D"}), "trigger.offset", "366 days at most"),
        (body({**BY_DATE, "late": "skip"}), "trigger.late", "triggers by a change alone"),
        (
            body({**BY_DATE, "segment": RESUMED}),
            "trigger.segment.conditions[0].field",
            "by a change only",
        ),
        (body({**UPDATED, "offset": "P1D"}), "trigger.offset", "recurring_payment_date alone"),
        (body({**UPDATED, "filed": 1}), "trigger.filed", "is not known here"),
        (body({**UPDATED, "field": "statsu"}), "trigger.field", "is not a field"),
        (body({**UPDATED, "to": "active"}), "trigger.to", "needs a field"),
        (body({**UPDATED, "field": "status", "to": "failed"}), "trigger.to", "one of active"),
        (body({**UPDATED, "field": "status", "from": 3}), "trigger.from", "has to be text"),
        (body({**UPDATED, "field": "is_trial", "to": "yes"}), "trigger.to", "true or false"),
        (body({**UPDATED, "field": "total_cycles", "to": "3"}), "trigger.to", "whole number"),
        (body({**UPDATED, "field": "payment_amount", "to": "x"}), "trigger.to", "an amount"),
        (body({**UPDATED, "field": "renewal_date", "to": "x"}), "trigger.to", "a date like"),
        (body({**UPDATED, "field": "line_items", "to": "x"}), "trigger.to", "as a whole"),
        (body({"type": "order_created", "field": "status"}), "trigger.field", "belongs to"),
        (body({**UPDATED, "runs": "twice"}), "trigger.runs", "one of multiple, once"),
        (body({**UPDATED, "late": "no"}), "trigger.late", "one of fire, skip"),
        (body({**UPDATED, "history": True}), "trigger.history", "like {"),
        (body({**UPDATED, "history": {"from": "x"}}), "trigger.history.from", "a date like"),
        (
            body(
                {
                    **UPDATED,
                    "segment": {
                        "match": "all",
                        "conditions": [
                            {
                                "field": "recurring_payment.renewal_date",
                                "operator": "contains",
                                "value": "x",
                            }
                        ],
                    },
                }
            ),
            "trigger.segment.conditions[0].operator",
            '"contains" does not apply to a date',
        ),
    ],
)
def test_a_fault_is_told_with_its_path(values: dict[str, Any], path: str, message: str) -> None:
    found = faults(values)

    assert list(found) == [path]
    assert message in found[path]


@pytest.mark.parametrize(
    ("step", "path", "message"),
    [
        ("add_tag", "", "has to be an object"),
        ({}, "type", "has to be one of webhook"),
        ({**EMAIL, "subject": None}, "email.subject", "is missing"),
        ({**EMAIL, "subject": "%CONTACT_NAME%"}, "email.subject", "no tag %CONTACT_NAME%"),
        ({**EMAIL, "text": None}, "email.text", "is missing, and html as well"),
        ({**EMAIL, "html": " "}, "email.html", "not blank"),
        ({**EMAIL, "html": "x" * 60_001}, "email.html", "longer than 60,000 bytes"),
        ({**EMAIL, "html": "%CONTACT_NAME%"}, "email.html", "no tag %CONTACT_NAME%"),
        ({**EMAIL, "to": "ada@example.com"}, "email.to", "one of contact"),
        ({**EMAIL, "from_name": "a\nb"}, "email.from_name", "control characters"),
        ({"type": "webhook"}, "webhook.endpoint_id", "is missing"),
        ({"type": "webhook", "endpoint_id": "a b"}, "webhook.endpoint_id", "letters, digits"),
        ({"type": "webhook", "endpoint_id": "a", "url": "x"}, "webhook.url", "is not known"),
        (
            {"type": "webhook", "endpoint_id": "a", "payload": "x"},
            "webhook.payload",
            "has to be an object or a list",
        ),
        (
            {"type": "webhook", "endpoint_id": "a", "payload": {"a": ["%CONTACT_FRIST_NAME%"]}},
            "webhook.payload.a[0]",
            "there is no tag %CONTACT_FRIST_NAME%",
        ),
        (
            {"type": "webhook", "endpoint_id": "a", "payload": {"a": "x" * 10_001}},
            "webhook.payload",
            "is longer than",
        ),
        ({"type": "emit_event"}, "emit_event.name", "is missing"),
        ({"type": "emit_event", "name": "automation.fired"}, "emit_event.name", "of paysignal"),
        ({"type": "add_tag", "tag": ""}, "add_tag.tag", "not blank"),
        ({"type": "remove_tag"}, "remove_tag.tag", "is missing"),
        ({"type": "add_to_segment"}, "add_to_segment.segment_id", "is missing"),
        ({"type": "branch"}, "branch.branches", "1 to 20 branches"),
        (
            {"type": "branch", "branches": [{"steps": []}]},
            "branch.branches[0].segment",
            "is missing",
        ),
        (
            {
                "type": "branch",
                "branches": [{"segment": CHICAGO, "steps": [{"type": "wait", "for": "3 days"}]}],
            },
            "branch.branches[0].steps[0].wait.for",
            "has to be a duration",
        ),
        (
            {"type": "branch", "branches": [{"segment": CHICAGO}], "else": [{"type": "x"}]},
            "branch.else[0].type",
            "has to be one of",
        ),
        ({"type": "wait"}, "wait.for", "has to be given"),
        ({"type": "wait", "for": "P1D", "until": "renewal_date"}, "wait.for", "not both"),
        ({"type": "wait", "for": "P1M"}, "wait.for", "has to be a duration"),
        ({"type": "wait", "for": 3}, "wait.for", "has to be a duration"),
        ({"type": "wait", "for": "PT0S"}, "wait.for", "from a second to 366 days"),
        ({"type": "wait", "for": "P999D"}, "wait.for", "from a second to 366 days"),
        ({"type": "wait", "for": "P1D", "offset": "P1D"}, "wait.offset", "until alone"),
        ({"type": "wait", "until": "status"}, "wait.until", "has to be one of"),
        (
            {"type": "wait", "until": "renewal_date", "offset": "--P1D"},
            "wait.offset",
            "has to be a duration",
        ),
    ],
)
def test_a_fault_of_a_step_is_told_with_its_path(step: Any, path: str, message: str) -> None:
    found = faults(body(UPDATED, {"type": "add_tag", "tag": "a"}, step))

    where = f"steps[1].{path}" if path else "steps[1]"
    assert list(found) == [where]
    assert message in found[where]


def test_all_faults_are_told_at_once() -> None:
    found = faults(body({**UPDATED, "field": "x", "runs": "x"}, {"type": "wait"}, {"type": "x"}))

    assert list(found) == ["trigger.field", "trigger.runs", "steps[0].wait.for", "steps[1].type"]


def test_steps_are_bounded_in_number_depth_and_size() -> None:
    many = [{"type": "add_tag", "tag": "a"}] * (STEPS_MAX + 9)
    deep: dict[str, Any] = {"type": "add_tag", "tag": "a"}
    for _ in range(5):
        deep = {"type": "branch", "branches": [{"segment": CHICAGO, "steps": [deep]}]}
    large = [
        {"type": "webhook", "endpoint_id": "a", "payload": {"a": "x" * 9_000}} for _ in range(12)
    ]

    assert list(faults(body(UPDATED, *many))) == [f"steps[{STEPS_MAX}]"]
    assert any("deep" in each for each in faults(body(UPDATED, deep)).values())
    assert list(faults(body(UPDATED, *large))) == ["steps"]


def test_waits_are_lengths_or_distances_from_a_date() -> None:
    first, second, third = steps_of(
        [
            {"type": "wait", "for": "PT90S"},
            {"type": "wait", "until": "next_payment_date", "offset": "-P3D"},
            {"type": "wait", "until": "recurring_payment.renewal_date"},
        ]
    )

    assert first == Wait("steps[0]", 90_000, None, Offset())
    assert second == Wait("steps[1]", None, "next_payment_date", Offset(-3))
    assert third == Wait("steps[2]", None, "renewal_date", Offset())


def test_a_trigger_by_date_keeps_days_and_hours_apart() -> None:
    trigger = {**BY_DATE, "field": "recurring_payment.renewal_date", "offset": "-P7DT2H"}
    definition = definition_of(body({**trigger, "runs": "once"}))

    automation = automation_of({**definition, "automation_id": "a", "revision": 1})

    assert automation.trigger.by_date
    assert automation.trigger.field == "renewal_date"
    assert automation.trigger.offset == Offset(-7, -2 * 3_600_000)
    assert automation.trigger.once


def test_steps_say_whether_they_add_or_remove() -> None:
    kinds = ["add_tag", "remove_tag"]
    steps = steps_of([{"type": kind, "tag": " VIP "} for kind in kinds])
    hook = steps_of([{"type": "webhook", "endpoint_id": "crm"}])

    assert steps == (ChangeTag("steps[0]", "VIP", True), ChangeTag("steps[1]", "VIP", False))
    assert hook == (Webhook("steps[0]", "crm", None),)


def test_a_segment_may_be_named_by_its_id_and_may_ask_about_the_change() -> None:
    asked = {"field": "change.to", "operator": "is", "value": "active"}
    whole = {"match": "all", "conditions": [asked, {"segment_id": "vip"}]}

    definition_of(body({**UPDATED, "segment": {"segment_id": "vip"}}))
    definition_of(body({**UPDATED, "segment": whole}))
