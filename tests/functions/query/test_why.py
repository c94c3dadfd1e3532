"""Why an automation acted for a contact, or did not: the API's answer, change by change."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import deliveries, mails, runs, times
from shared.domain.automations.why import REASONS
from shared.domain.ports import Name
from tests.laws import words
from tests.support.api_client import ApiClient
from tests.support.lived_month import Life
from tests.support.shop import START

FAILING = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
RICH = {
    "match": "all",
    "conditions": [
        {"field": "recurring_payment.payment_amount", "operator": "greater_than", "value": "50"}
    ],
}
BODIES: dict[str, dict[str, Any]] = {
    "rescue": {"name": "Rescue", "trigger": FAILING},
    "once": {"name": "Once", "trigger": {**FAILING, "runs": "once"}},
    "rich": {"name": "Rich", "trigger": {**FAILING, "segment": RICH}},
    "off": {"name": "Off", "trigger": FAILING, "enabled": False},
    "begun": {"name": "Begun", "trigger": {"type": "recurring_payment_created", "segment": RICH}},
}
EVE = {"type": "recurring_payment_date", "field": "next_payment_date", "offset": "-P1D"}
DATED: dict[str, dict[str, Any]] = {
    "eve": {"name": "Eve", "trigger": EVE},
    "eve-once": {"name": "Once", "trigger": {**EVE, "runs": "once"}},
    "eve-rich": {"name": "Rich", "trigger": {**EVE, "segment": RICH}},
    "eve-off": {"name": "Off", "trigger": EVE, "enabled": False},
}
EMAIL = "ada@example.com"


@pytest.fixture(scope="module")
def life() -> Life:
    """Return a subscription that begins, fails, recovers and fails again."""
    life = Life(START)
    life.automate(BODIES)
    events = (
        words.customer("1", 0, EMAIL),
        words.subscription("1", 1, creation=True),
        words.subscription("1", 50, "payment_failed", was="active"),
        words.subscription("1", 60, "active", was="payment_failed"),
        words.subscription("1", 70, "payment_failed", was="active"),
    )
    for number, event in enumerate(events):
        life.hear("shop", event, START + (number + 1) * times.HOUR)
    life.rest(START + times.DAY)
    return life


@pytest.fixture(scope="module")
def dated() -> Life:
    """Return three days of a subscription whose next payment is put off and off again.

    Its reminders are due after 6, 216, 46 and 264 hours; it is put off in hours 10, 20 and 47.
    """
    life = Life(START)
    life.automate(DATED)
    life.hear("shop", words.customer("1", 0, EMAIL), START)
    for number, (hour, due) in enumerate([(1, 6), (10, 216), (20, 46), (47, 264)]):
        renews = START + due * times.HOUR + times.DAY
        life.watch_until(START + hour * times.HOUR)
        told = words.subscription("1", number, creation=not number, next_payment_date=renews)
        life.hear("shop", told, START + hour * times.HOUR)
    life.watch_until(START + 72 * times.HOUR)
    return life


def client_of(life: Life) -> ApiClient:
    client = ApiClient(life.store)
    client.now = max(START + times.DAY, life.store.now)
    return client


def why(life: Life, automation_id: str) -> list[dict[str, Any]]:
    reply = client_of(life).get(f"/v1/automations/{automation_id}/why", query={"contact": EMAIL})
    assert reply.status == 200
    changes: list[dict[str, Any]] = reply.body["changes"]
    return changes


def reasons(life: Life, automation_id: str) -> list[str]:
    """Return the reasons, the oldest change first."""
    return [each["reason"] for each in reversed(why(life, automation_id))]


def test_each_change_has_its_decision(life: Life) -> None:
    told = why(life, "rescue")

    assert [each["decision"] for each in told] == ["fired", "not_fired", "fired", "not_fired"]
    assert reasons(life, "rescue") == ["other_trigger", "fired", "to", "fired"]
    assert {each["explanation"] for each in told} <= set(REASONS.values())
    firings = {each["firing_id"] for each in life.firings("rescue")}
    assert {each["firing_id"] for each in told} == {*firings, None}


def test_one_that_runs_once_says_that_it_has_run(life: Life) -> None:
    assert reasons(life, "once") == ["other_trigger", "fired", "to", "once"]


def test_a_segment_tells_what_each_condition_found(life: Life) -> None:
    newest = why(life, "rich")[0]

    (condition,) = newest["conditions"]
    assert newest["reason"] == "segment"
    assert (condition["actual"], condition["met"]) == ("19.00", False)


def test_a_creation_is_asked_of_the_record_as_it_was_when_it_had_settled(life: Life) -> None:
    oldest = why(life, "begun")[-1]

    assert (oldest["kind"], oldest["reason"]) == ("created", "segment")
    assert oldest["conditions"][0]["actual"] == "19.00"


def test_one_that_is_disabled_says_so(life: Life) -> None:
    assert set(reasons(life, "off")) == {"disabled"}


def test_what_was_before_the_automation_says_so(life: Life) -> None:
    client = client_of(life)
    client.put("/v1/automations/new", {"name": "New", "trigger": FAILING})

    assert reasons(life, "new") == ["other_trigger", "before_automation", "to", "before_automation"]


def test_the_attempts_of_its_webhooks_are_told(life: Life) -> None:
    firing = life.firings("rescue")[0]
    run = runs.new(firing, START)
    delivery_id = deliveries.id_of(firing["firing_id"], "[0]")
    runs.took(run, [0], "webhook", START, delivery_id=delivery_id)
    sent = deliveries.new(delivery_id, "crm", "recurring_payment.updated", b"{}", START)
    tried = deliveries.attempted(
        sent,
        status=204,
        fault="",
        duration_ms=120,
        excerpt="",
        retry_after="",
        now=START + 1,
        random=lambda: 0.5,
    )
    name: Name = runs.name_of(firing["firing_id"])
    life.store.documents[name] = {**run, "version": 1}
    life.store.documents[deliveries.name_of(delivery_id)] = {**tried, "version": 1}

    told = next(each for each in why(life, "rescue") if each["firing_id"] == firing["firing_id"])

    (attempt,) = told["attempts"]
    assert (attempt["endpoint_id"], attempt["status"]) == ("crm", 204)


def test_its_emails_are_told_with_what_became_of_them(life: Life) -> None:
    firing = life.firings("rescue")[1]
    run = runs.new(firing, START)
    contact = {"contact_id": "c1", "email": EMAIL}
    sender = {"from": "hello@example.com"}
    for number, (state, reason) in enumerate([("sent", "ses-1"), ("failed", "MessageRejected")]):
        mail = mails.new(f"m{number}", contact, sender, run, START)
        life.store.documents[mails.name_of(f"m{number}")] = mails.moved(mail, state, reason)
        runs.took(run, [number], "email", START, mail_id=f"m{number}")
    runs.took(run, [2], "email", START, note="unsubscribed")
    life.store.documents[runs.name_of(firing["firing_id"])] = {**run, "version": 1}

    told = next(each for each in why(life, "rescue") if each["firing_id"] == firing["firing_id"])

    assert [(each["state"], each["reason"]) for each in told["emails"]] == [
        ("sent", None),
        ("failed", "MessageRejected"),
    ]
    assert told["attempts"] == []


def test_each_date_has_its_decision_those_to_come_too(dated: Life) -> None:
    told = why(dated, "eve")

    assert reasons(dated, "eve") == ["fired", "fired", "moved", "not_due"]
    hours = [6, 46, 216, 264]
    dues = [times.to_text(START + each * times.HOUR) for each in hours]
    assert [each["date"]["due_date"] for each in reversed(told)] == dues
    assert told[-1]["date"] == {
        "field": "next_payment_date",
        "value": times.to_text(START + 30 * times.HOUR),
        "due_date": dues[0],
    }
    assert (told[-1]["kind"], told[-1]["event_id"], told[-1]["changes"]) == ("date", None, [])
    assert told[-1]["recorded_date"] == times.to_text(START + times.HOUR)
    firings = [each["firing_id"] for each in dated.firings("eve")]
    assert [each["firing_id"] for each in reversed(told)] == [*firings, None, None]


def test_a_date_that_came_after_the_only_run_says_so(dated: Life) -> None:
    assert reasons(dated, "eve-once") == ["fired", "once", "moved", "not_due"]


def test_a_date_tells_what_each_condition_found_when_it_came(dated: Life) -> None:
    told = why(dated, "eve-rich")

    assert reasons(dated, "eve-rich") == ["segment", "segment", "moved", "not_due"]
    (condition,) = told[-1]["conditions"]
    assert (condition["actual"], condition["met"]) == ("19.00", False)


def test_a_date_of_an_automation_that_is_disabled_says_so(dated: Life) -> None:
    assert set(reasons(dated, "eve-off")) == {"disabled"}


def test_a_date_that_was_past_when_the_automation_was_made_was_missed(dated: Life) -> None:
    client_of(dated).put("/v1/automations/new", {"name": "New", "trigger": EVE})

    assert reasons(dated, "new") == ["missed", "missed", "moved", "not_due"]


def test_a_change_names_no_date(life: Life) -> None:
    assert {each["date"] for each in why(life, "rescue")} == {None}


def test_a_contact_nobody_knows_is_not_found_and_none_a_bad_request(life: Life) -> None:
    client = client_of(life)

    unknown = client.get("/v1/automations/rescue/why", query={"contact": "bob@example.com"})
    unnamed = client.get("/v1/automations/rescue/why")

    assert (unknown.status, unnamed.status) == (404, 400)
