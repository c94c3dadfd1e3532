"""A flow with segments, a milestone and a date, on the whole stack: Recharge's way of doing it.

A trigger with a segment condition, a branch, a step that adds to a segment or removes from it, and
a webhook that says which way was taken; an order that is the third; a renewal that is announced.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.receiver import Receiver
from infra.samples import stripe as story
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_payment_failed import came
from tests.end_to_end.test_stripe_to_contact import SHOP, contact, eventually, post


def all_of(*conditions: tuple[str, str, str]) -> dict[str, Any]:
    told = [{"field": field, "operator": how, "value": value} for field, how, value in conditions]
    return {"match": "all", "conditions": told}


def webhook(way: str) -> dict[str, Any]:
    payload = {
        "way": way,
        "who": "%CONTACT_EMAIL%",
        "cycles": "%RECURRING_PAYMENT_CYCLES_COMPLETED%",
        "price": "%RECURRING_PAYMENT_PAYMENT_AMOUNT:local%",
    }
    return {"type": "webhook", "endpoint_id": "flow", "payload": payload}


FLOW = {
    "name": "Tea drinkers at risk",
    "trigger": {
        "type": "recurring_payment_updated",
        "field": "status",
        "segment": all_of(("recurring_payment.name", "contains", "tea")),
    },
    "steps": [
        {
            "type": "branch",
            "branches": [
                {
                    "segment": all_of(("change.to", "is", "payment_failed")),
                    "steps": [
                        {"type": "add_to_segment", "segment_id": "at-risk"},
                        webhook("added"),
                    ],
                },
                {
                    "segment": all_of(("change.from", "is", "payment_failed")),
                    "steps": [
                        {"type": "remove_from_segment", "segment_id": "at-risk"},
                        webhook("removed"),
                    ],
                },
            ],
            "else": [],
        }
    ],
}
MILESTONE = {
    "name": "Third order",
    "trigger": {
        "type": "recurring_payment_updated",
        "field": "cycles_completed",
        "to": 3,
    },
    "steps": [webhook("third")],
}
REMINDER = {
    "name": "Renewal reminder",
    "trigger": {
        "type": "recurring_payment_date",
        "field": "next_payment_date",
        "offset": "-P1D",
        "segment": all_of(("recurring_payment.status", "is", "active")),
    },
    "steps": [webhook("reminded")],
}


@pytest.fixture(scope="module")
def receiver(stack: Stack) -> Iterator[Receiver]:
    """The endpoint `flow`, of all tests here: its secret is shown once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = stack.api.put("/v1/endpoints/flow", {"url": f"http://127.0.0.1:{port}/", "events": []})
    with Receiver(made["secret"], port=port).listening() as listening:
        yield listening


def test_a_branch_adds_to_a_segment_or_removes_from_it_and_says_so(
    stack: Stack, receiver: Receiver
) -> None:
    """GIVEN a flow on tea alone and a milestone on the third order WHEN two subscriptions renew,

    and tea's renewal fails and recovers THEN the contact comes into the segment and goes out of
    it, each told once, and the third order, the checkout counted as the first, is told once.
    """
    stack.api.put("/v1/connections/e2e", SHOP)
    stack.api.put("/v1/automations/flow", FLOW)
    stack.api.put("/v1/automations/milestone", MILESTONE)
    time.sleep(1.5)  # configuration takes effect within a second here
    world = story.Business("segment-flow", "new", starts_at=int(time.time()) - 70 * 86_400)
    subscriptions: list[Any] = []
    for email, product in (("tea@example.com", "Tea box"), ("mug@example.com", "Mug")):
        price = story.add_price(world, story.add_product(world, product), 1900, "usd")
        customer = story.add_customer(world, email, "Ada Lovelace")
        subscriptions.append(story.checkout(world, customer, price))
        if product == "Tea box":
            story.renew(world, subscriptions[0])
        story.fail_renewal(world, subscriptions[-1])
    for event in world.events:
        assert post(stack, event) == 200

    assert ways(came(receiver, 1)) == [("added", "tea@example.com")]
    assert contact(stack, "tea@example.com")["segments"] == ["at-risk"]
    assert contact(stack, "mug@example.com")["segments"] == []

    told = len(world.events)
    story.recover(world, subscriptions[0])
    for event in world.events[told:]:
        assert post(stack, event) == 200

    later = came(receiver, 3)[1:]
    assert sorted(ways(later)) == [("removed", "tea@example.com"), ("third", "tea@example.com")]
    third = next(each.json() for each in later if each.json()["way"] == "third")
    assert (third["cycles"], third["price"]) == ("3", "$19.00")
    assert contact(stack, "tea@example.com")["segments"] == []
    members = stack.api.get("/v1/segments/at-risk/contacts")["items"]
    assert members == []


def ways(arrivals: Any) -> list[tuple[str, str]]:
    return [(each.json()["way"], each.json()["who"]) for each in arrivals]


def function_of(stack: Stack, folder: str) -> str:
    """Return the name of the Lambda of a folder."""
    (found,) = [
        str(each["FunctionName"])
        for page in stack.aws.lambda_.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"] == f"functions.{folder}.handler.handler"
    ]
    return found


def test_a_renewal_is_announced_by_the_calendar_once(stack: Stack, receiver: Receiver) -> None:
    """GIVEN a renewal a day and some seconds ahead WHEN the calendar looks THEN it is told."""
    before = len(receiver.arrivals)
    stack.api.put("/v1/connections/dated", {"provider": "api", "name": "Own store"})
    renews = int(time.time()) + 86_400 + 8
    renews_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(renews))
    item = {
        "connection_id": "dated",
        "store_recurring_payment_id": "sub_dated",
        "email": "dated@example.com",
        "name": "Tea box",
        "status": "active",
        "payment_amount": "19.00",
        "currency": "USD",
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "start_date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(renews - 30 * 86_400)),
        "next_payment_date": renews_text,
    }
    stack.api.put("/v1/recurring-payments", {"items": [item]})
    eventually(lambda: contact(stack, "dated@example.com"), lambda found: bool(found))
    time.sleep(2)  # the change log follows within two seconds here
    stack.api.put("/v1/automations/reminder", REMINDER)

    # What the hour and the minute would do, without waiting for either.
    for folder in ("watch_dates", "wake_due"):
        stack.aws.lambda_.invoke(FunctionName=function_of(stack, folder), Payload=b"{}")

    told = [each for each in ways(came(receiver, before + 1)) if each[0] == "reminded"]
    assert told == [("reminded", "dated@example.com")]
    (firing,) = stack.api.get("/v1/automations/reminder/firings")["items"]
    assert firing["change"]["kind"] == "date"
    assert firing["change"]["date"]["value"] == renews_text.replace("Z", ".000Z")
