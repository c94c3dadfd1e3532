"""Whether an entry simply comes next, and its turn within a moment."""

from __future__ import annotations

import pytest

from shared.domain import changes
from shared.domain.recurring_payments import is_created, show
from shared.domain.timeline import Entry, Rules, follows, turn_of
from tests.laws.entries import payment, terms
from tests.support.timeline_entries import RULES, UPDATED, entry


@pytest.mark.parametrize(
    ("entry", "simply"),
    [
        (entry("later", 2_000, status="cancelled"), True),
        (entry("earlier", 0, status="cancelled"), False),
        (entry("same place", 1_000, received_at=5, status="active"), False),
        (
            entry("same moment, other facet", 1_000, received_at=9, said={"order:x": payment()}),
            True,
        ),
        (entry("same moment, same facet", 1_000, received_at=9, status="cancelled"), False),
        (entry("same moment, repeated", 1_000, received_at=9, status="active"), False),
        (
            entry("same moment, chained", 1_000, received_at=9, status="paused", was="active"),
            False,
        ),
        (entry("later, chained", 2_000, status="paused", was="active"), True),
        (entry("later, unchained", 2_000, status="paused", was="pending"), True),
        (entry("later, nothing new", 2_000, status="active", was="active"), True),
        (entry("later, perhaps a twin", 2_000, status="active", was="pending"), False),
    ],
    ids=lambda value: value.event_id if isinstance(value, Entry) else "",
)
def test_entry_follows_only_where_nothing_has_to_be_told_again(entry: Entry, simply: bool) -> None:
    newest = (1_000, UPDATED, 0, 5, "same place~told")

    assert follows(entry, newest, {"terms": terms("active")}, RULES) is simply


def test_repetition_in_one_moment_follows_where_nobody_states_previous_values() -> None:
    orders = Rules(show, dict, changes.difference, is_created(True), chained=False)
    newest = (1_000, UPDATED, 0, 5, "evt_1~told")
    again = entry("evt_2", 1_000, received_at=9, status="active")

    assert follows(again, newest, {"terms": terms("active")}, orders)


def test_first_entry_of_all_follows() -> None:
    assert follows(entry("first", status="active", was="pending"), None, {}, RULES)


@pytest.mark.parametrize(
    ("said", "turn"),
    [
        (["document"], 0),
        (["terms", "origin"], 0),
        (["payment:ch_1", "refund:re_1"], 1),
        (["refunded:intent:pi_1", "refund:re_1"], 2),
        (["dispute:dp_1"], 3),
        (["customer"], 4),
        ([], 0),
    ],
)
def test_what_is_asked_comes_before_what_is_paid_and_what_goes_back(
    said: list[str], turn: int
) -> None:
    assert turn_of(said) == turn
