"""Renewals that should have been heard of by now are asked for at their provider, once a day."""

from __future__ import annotations

from typing import Any

import pytest

from functions.watch_dates.watch import OVERDUE_MAX
from shared.domain import times
from tests.functions.watch_dates.test_watch import NOW, Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_renewals_that_should_have_been_heard_of_are_asked_for_once_a_day(office: Office) -> None:
    office.remember(daily_at=NOW - times.DAY, overdue_until=NOW - 3 * times.DAY)
    day = times.DAY
    office.subscribe("overdue", next_payment_date=NOW - day)
    office.subscribe("asked for", next_payment_date=NOW - 3 * day)
    office.subscribe("too fresh", next_payment_date=NOW - day + 1)
    office.subscribe("cancelled", next_payment_date=NOW - day, status="cancelled")

    told = [office.look(), office.look(NOW + times.HOUR), office.look(NOW + times.DAY)]

    assert [each.get("overdue") for each in told] == [1, None, 1]
    asked = {
        "provider": "stripe",
        "connection_id": "shop",
        "object": "subscription",
        "id": "overdue",
        "subject": "cus_1",
        "source": "verified",
    }
    assert office.calls[:2] == [asked, {**asked, "object": "newest_payment"}]
    assert [each["id"] for each in office.calls[::2]] == ["overdue", "too fresh"]


@pytest.mark.parametrize(
    "fields",
    [{"has_api": False}, {"provider": "api"}, {"provider": "activecampaign"}, None],
)
def test_whom_nobody_can_ask_is_not_asked(office: Office, fields: dict[str, Any] | None) -> None:
    office.remember(daily_at=0)
    office.subscribe("overdue", next_payment_date=NOW - 2 * times.DAY)
    if fields is None:
        del office.store.documents["connection", "shop"]
    else:
        office.connect(**fields)

    assert office.look()["overdue"] == 0


def test_more_overdue_renewals_than_a_day_asks_for_are_asked_for_tomorrow(office: Office) -> None:
    office.remember(daily_at=0, overdue_until=NOW - 9 * times.DAY)
    rows = [("shop", f"sub_{number}") for number in range(OVERDUE_MAX + 5)]
    for number, (_, identity) in enumerate(rows):
        office.subscribe(identity, next_payment_date=NOW - 8 * times.DAY + number)

    first = office.look()
    office.look(NOW + times.DAY)

    assert first["overdue"] == OVERDUE_MAX - 1
    assert sorted(each["id"] for each in office.calls[::2]) == sorted(name for _, name in rows)


def test_more_overdue_renewals_of_one_moment_than_a_day_asks_for_are_all_asked_for(
    office: Office,
) -> None:
    office.remember(daily_at=0, overdue_until=NOW - 9 * times.DAY)
    for number in range(OVERDUE_MAX + 5):
        office.subscribe(f"sub_{number}", next_payment_date=NOW - 8 * times.DAY)

    office.look()
    office.look(NOW + times.DAY)

    asked = {each["id"] for each in office.calls}
    assert (len(asked), len(office.calls)) == (OVERDUE_MAX + 5, 2 * (OVERDUE_MAX + 5))
