"""How two stands of a record differ, for whoever compares them."""

from __future__ import annotations

from shared.domain import record_views
from shared.domain.timeline import Change
from tests.laws.entries import terms

NAME = ("recurring_payment", "shop", "sub_1")


def test_a_tombstone_and_a_record_nobody_knows_show_nothing() -> None:
    assert record_views.view_of(NAME, None) is None
    assert record_views.view_of(NAME, {"merged_into": "sub_2", "version": 3}) is None


def test_two_stands_differ_in_what_a_reader_sees() -> None:
    before = record_views.view_of(NAME, {"facets": {"terms": terms(amount=1900)}})
    after = record_views.view_of(NAME, {"facets": {"terms": terms(amount=3800)}})

    assert record_views.differences(before, after) == [
        Change("payment_amount", "19.00", "38.00"),
    ]
    assert record_views.differences(before, before) == []


def test_one_that_came_or_went_differs_in_all_it_shows() -> None:
    view = record_views.view_of(NAME, {"facets": {"terms": terms(amount=1900)}})

    came, went = record_views.differences(None, view), record_views.differences(view, None)

    assert Change("payment_amount", None, "19.00") in came
    assert Change("payment_amount", "19.00", None) in went
    assert record_views.differences(None, None) == []
    assert "email" not in {each.field for each in came}
