"""The demo's story, and how its end is held against the books; the whole runs end to end."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from infra.cli import demo_report, demo_triggers
from infra.cli.demo_report import booked_of, differences, disagreements, show_contacts, show_reports
from infra.cli.demo_story import Story, story_of
from infra.cli.demo_triggers import AUTOMATIONS, ENDPOINT, FAILED_TAG, Triggers
from infra.cli.outbound import Outbound
from infra.local.stack import Endpoints
from infra.samples.stripe_books import payments_failed, subscriptions_begun
from shared.domain import standard_webhooks
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import told
from tests.infra.drawing.answers import answer, kpi

TODAY = date(2026, 11, 22)
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSBkZW1vJ3Mgb3duIHRlc3Q="
Json = dict[str, Any]


@pytest.fixture(scope="module")
def story() -> Story:
    return story_of(TODAY, 40)


def test_a_day_has_one_month_which_ends_on_it(story: Story) -> None:
    again = story_of(TODAY, 40)

    assert (story.connection, story.first, story.last) == (
        "shop-20261122",
        date(2026, 10, 24),
        TODAY,
    )
    assert [each.event.id for each in story.month] == [each.event.id for each in again.month]
    assert story.month.starts_at == 1_792_800_000


def test_another_day_and_another_size_are_another_business(story: Story) -> None:
    others = [story_of(date(2026, 11, 23), 40), story_of(TODAY, 60)]

    ids = {each.event.id for each in story.month}
    for other in others:
        assert other.connection != story.connection
        assert ids.isdisjoint(each.event.id for each in other.month)
        assert set(story.month.truth.emails.values()).isdisjoint(other.month.truth.emails.values())
        for store, another in zip(story.stores, other.stores, strict=True):
            assert set(store.emails).isdisjoint(another.emails)


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
    monkeypatch.setattr(demo_report, "_FRESH_SECONDS", 0)
    monkeypatch.setattr(demo_report, "_POLL_SECONDS", 0)


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


def printed() -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, width=200, highlight=False), output


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


class Answers(Outbound):
    """An API with three reports, right after so many questions."""

    def __init__(self, story: Story, wrong_for: int = 0) -> None:
        super().__init__(Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_", webhooks={}))
        self._booked, self._wrong_for = booked_of(story), wrong_for
        self.asked: list[str] = []

    def read(self, path: str) -> tuple[int, Any]:
        parts = urlsplit(path)
        name = parts.path.split("/")[3]
        if parts.path.endswith("/definition"):
            return 200, told(REPORTS[name])
        self.asked.append(path)
        found = answered(name, self._booked[name])
        if self._wrong_for >= len(self.asked):
            found = {**found, "groups": [], "kpis": dict(list(found["kpis"].items())[1:])}
        return 200, found


def answered(name: str, booked: Mapping[str, str | int]) -> Json:
    """A report's answer that says what the books say."""
    if name == "customers":
        groups = [{"key": tag, "label": tag, "customers": count} for tag, count in booked.items()]
        return answer(report=name, kpis={"customers": kpi(41)}, groups=groups, notes=[])
    kpis = {figure: kpi(value) for figure, value in booked.items()}
    return answer(report=name, kpis=kpis, groups=[], notes=[], other_currencies=[])


def test_the_reports_are_drawn_once_they_agree_with_the_books(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_report, "_FRESH_SECONDS", 60)
    api, (console, output) = Answers(story, wrong_for=4), printed()

    wrong = show_reports(api, story, console)

    assert wrong == []
    assert len(api.asked) == 9
    assert all(f"connection={story.connection}" in path for path in api.asked)
    text = output.getvalue()
    for title in ("Orders, USD", "Subscriptions, USD", "Customers, USD"):
        assert title in text
    net = booked_of(story)["orders"]["net"]
    assert f"✓ the reports agree with the books: net {net} USD" in text


def test_reports_that_never_agree_are_drawn_and_told(story: Story) -> None:
    api, (console, output) = Answers(story, wrong_for=99), printed()

    wrong = show_reports(api, story, console)

    assert len(wrong) == 4
    assert "agree with the books" not in output.getvalue()
    booked = booked_of(story)
    right = {name: answered(name, figures) for name, figures in booked.items()}
    broken = deepcopy(right)
    broken["orders"]["kpis"]["net"]["value"] = "0.01"
    broken["customers"]["groups"][0]["customers"] = 4
    assert differences(right, booked) == []
    assert differences(broken, booked) == [
        f"the report orders says net is 0.01, the books say {booked['orders']['net']}",
        "the report customers says Payment failed is 4, the books say 5",
    ]


def test_records_are_held_against_the_books_one_by_one(story: Story) -> None:
    truth = story.month.truth

    wrong = disagreements([], [], truth)

    assert len(wrong) == len(truth.paid_orders()) + len(truth.subscriptions)


def test_who_needs_looking_after_is_shown_first() -> None:
    def contact(email: str, tag: str, orders: int) -> Json:
        return {
            "email": email,
            "orders_count": orders,
            "revenue": [{"amount": "19.00", "currency": "USD"}],
            "recurring_payments": [{"status": "active"}],
            "tags": [{"tag": tag}],
        }

    console, output = printed()
    show_contacts(
        [contact("a@example.com", "VIP", 9), contact("b@example.com", FAILED_TAG, 1)], console
    )

    text = output.getvalue()
    assert text.index("b@example.com") < text.index("a@example.com")
    assert "19.00 USD" in text
