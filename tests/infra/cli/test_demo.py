"""The demo's story, and how its end is held against the books; the whole runs end to end."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.cli import demo_report
from infra.cli.demo_report import booked_of, differences, disagreements, show_contacts, show_reports
from infra.cli.demo_story import Story, story_of
from infra.cli.demo_triggers import FAILED_TAG
from infra.cli.outbound import Json, Outbound
from infra.local.stack import Endpoints
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import told
from tests.infra.drawing.answers import answer, kpi
from tests.support.demo_stage import TODAY, printed


@pytest.fixture(scope="module")
def story() -> Story:
    return story_of(TODAY, 40)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_report, "_FRESH_SECONDS", 0)
    monkeypatch.setattr(demo_report, "_POLL_SECONDS", 0)


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
