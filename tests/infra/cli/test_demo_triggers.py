"""The demo's triggers: each webhook told as it comes, and what stays away or comes twice."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.cli import demo_triggers
from infra.cli.demo_story import Story, story_of
from infra.cli.demo_triggers import AUTOMATIONS, ENDPOINT, Triggers
from infra.cli.outbound import Json, Outbound
from infra.local.stack import Endpoints
from infra.samples.stripe_books import payments_failed, subscriptions_begun
from shared.domain import standard_webhooks
from tests.support.demo_stage import TODAY, printed

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSBkZW1vJ3Mgb3duIHRlc3Q="


@pytest.fixture(scope="module")
def story() -> Story:
    return story_of(TODAY, 40)


class World(Outbound):
    """The API as the demo's triggers use it: remembers endpoint and automations."""

    def __init__(self, fired: dict[str, list[Json]] | None = None, *, known: bool = False) -> None:
        super().__init__(Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_", webhooks={}))
        self.endpoints: list[Json] = [{"endpoint_id": ENDPOINT}] if known else []
        self.automations: dict[str, Json] = {}
        self.fired = fired or {}

    def endpoint(self, endpoint_id: str) -> Json | None:
        return self.endpoints[-1] if self.endpoints else None

    def put_endpoint(self, endpoint_id: str, body: Json) -> Json:
        self.endpoints.append(body)
        return {**body, "secret": SECRET} if len(self.endpoints) == 1 else body

    def rotate(self, endpoint_id: str) -> str:
        return SECRET

    def put(self, path: str, body: object) -> Any:
        self.automations[path.rpartition("/")[2]] = body  # type: ignore[assignment]
        return body

    def get(self, path: str) -> Any:
        items = self.fired.get(path.split("/")[3], [])
        return {"items": items, "next_cursor": None}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLED_SECONDS", "_ARRIVAL_SECONDS", "_QUIET_SECONDS", "_POLL_SECONDS"):
        monkeypatch.setattr(demo_triggers, name, 0.0)


def body_of(story: Story, automation_id: str, subscription: str, **cause: Any) -> Json:
    failed = automation_id == "demo-payment-failed"
    change = {"field": "status", "from": "active", "to": "payment_failed"}
    return {
        "type": "recurring_payment.updated" if failed else "recurring_payment.created",
        "data": {
            "automation": {"id": automation_id, "name": AUTOMATIONS[automation_id]["name"]},
            "contact": {"email": "[b]ada@example.com"},
            "recurring_payment": {
                "store_recurring_payment_id": subscription,
                "payment_amount": "19.00",
                "currency": "USD",
                "billing_interval": "monthly",
            },
            "changes": [change] if failed else [],
            "cause": {
                "connection_id": story.connection,
                "event_type": "customer.subscription.updated",
                "occurred_date": "2026-11-02T10:00:00.000Z",
                "late": False,
                **cause,
            },
        },
    }


def send(url: str, number: int, body: Json, secret: str = SECRET) -> None:
    raw = json.dumps(body).encode()
    headers = standard_webhooks.headers([secret], f"msg_{number}", int(time.time() * 1000), raw)
    request = urllib.request.Request(url, raw, dict(headers), method="POST")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError as refused:
        refused.close()


def everything(story: Story) -> Iterator[tuple[int, Json]]:
    booked = {
        "demo-payment-failed": payments_failed(story.month),
        "demo-new-recurring-payment": subscriptions_begun(story.month),
    }
    yield from enumerate(
        body_of(story, automation_id, subscription)
        for automation_id, subscriptions in booked.items()
        for subscription in subscriptions
    )


def url_of(world: World) -> str:
    url = str(world.endpoints[-1]["url"])
    assert urlsplit(url).hostname == "127.0.0.1"
    return url


@pytest.mark.parametrize("known", [False, True])
def test_each_trigger_that_arrives_is_told_and_counted(story: Story, known: bool) -> None:
    world = World(known=known)
    console, output = printed()

    with Triggers(world, story.connection, story.month, console) as triggers:
        for number, body in everything(story):
            send(url_of(world), number, body)
        # The first one's second attempt, and one of another connection, count for nothing.
        number, body = next(everything(story))
        send(url_of(world), number, body)
        send(url_of(world), 900, body_of(story, "demo-payment-failed", "x", connection_id="shop"))
        wrong = triggers.missed()
        triggers.say_how_many()

    text = output.getvalue()
    assert wrong == []
    assert "5 of 5 “Payment failed”, 12 of 12 “New recurring payment”" in text
    assert text.count("→ Payment failed ") == 6
    assert (
        "[b]ada@example.com  active → payment_failed  customer.subscription.updated of 2 Nov"
        in (text)
    )
    assert "19.00 USD monthly" in text
    assert world.endpoints[-1]["status"] == "disabled"
    assert set(world.automations) == set(AUTOMATIONS)


def test_what_stays_away_comes_twice_or_is_not_proved_is_told(story: Story) -> None:
    world = World()
    console, _ = printed()
    (_, first), (_, second), *rest = everything(story)

    with Triggers(world, story.connection, story.month, console) as triggers:
        send(url_of(world), 800, second)
        send(url_of(world), 801, second)
        send(url_of(world), 802, second, "whsec_" + "A" * 32)
        for number, body in rest:
            send(url_of(world), number, body)
        wrong = triggers.missed()

    missing, twice = (
        each["data"]["recurring_payment"]["store_recurring_payment_id"] for each in (first, second)
    )
    assert wrong == [
        f"no webhook came of demo-payment-failed for {missing}",
        f"demo-payment-failed fired too often for {twice}",
        "1 webhooks were not signed as they should be",
    ]


def test_a_month_that_was_played_before_sets_off_nothing_and_misses_nothing(story: Story) -> None:
    fired: dict[str, list[Json]] = {each: [] for each in AUTOMATIONS}
    for _, body in everything(story):
        identity = {
            "connection_id": story.connection,
            "store_recurring_payment_id": body["data"]["recurring_payment"][
                "store_recurring_payment_id"
            ],
        }
        fired[body["data"]["automation"]["id"]].append({"recurring_payment": identity})
    console, output = printed()

    with Triggers(World(fired), story.connection, story.month, console) as triggers:
        wrong = triggers.missed()
        triggers.say_how_many()

    assert wrong == []
    assert "0 of 5 “Payment failed”" in output.getvalue()
    assert "17 had fired when this month was first played" in output.getvalue()


def test_what_a_store_has_not_said_yet_is_left_out(story: Story) -> None:
    body = body_of(story, "demo-new-recurring-payment", "x")
    body["data"]["recurring_payment"]["billing_interval"] = None
    world, (console, output) = World(), printed()

    with Triggers(world, story.connection, story.month, console):
        send(url_of(world), 1, body)

    assert "ada@example.com  19.00 USD  customer.subscription" in output.getvalue()


def test_an_error_in_between_leaves_the_endpoint_and_stops_the_receiver(story: Story) -> None:
    world = World()
    console, _ = printed()

    with pytest.raises(RuntimeError), Triggers(world, story.connection, story.month, console):
        raise RuntimeError

    with pytest.raises(OSError, match="refused"):
        send(url_of(world), 1, {})
