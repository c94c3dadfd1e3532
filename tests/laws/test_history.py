"""The law of the timeline: a record told event by event is the record told as a whole."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import changes
from shared.domain.recurring_payments import compact, is_created, show
from shared.domain.timeline import Entry, Replay, Rules, replay
from tests.laws.entries import OneRecord, histories, payment, terms

RULES = Rules(show, compact, changes.difference, is_created(True), chained=True)


def _whole(history: list[Entry]) -> Replay:
    return replay(copy.deepcopy(history), RULES)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=250, deadline=None)
def test_any_order_of_arrival_leaves_what_the_whole_history_says(
    history: list[Entry], dice: Any
) -> None:
    whole = _whole(history)
    arriving = list(history)
    dice.shuffle(arriving)

    record = OneRecord().add_all(arriving)

    assert record.head["facets"] == whole.state
    assert record.view == (whole.told[-1].view if whole.told else None)
    assert record.transitions() == {
        step.entry.event_id: (step.kind, step.changes) for step in whole.told
    }


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_entries_that_come_again_change_nothing(history: list[Entry], dice: Any) -> None:
    record = OneRecord().add_all(history)
    head, entries = record.head, record.entries()

    record.add_all(dice.sample(history, len(history)))

    assert record.head["facets"] == head["facets"]
    assert record.entries() == entries


@given(histories())
@settings(max_examples=100, deadline=None)
def test_a_creation_is_announced_once_at_most(history: list[Entry]) -> None:
    record = OneRecord().add_all(history)

    created = [entry for entry in record.entries() if entry.kind == "created"]

    assert len([entry for entry in created if not entry.joined]) <= 1
    assert len(created) <= 1


@st.composite
def payments(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Invent what a subscription hears of itself and its orders.

    Prorations, failures and refunds mix with whole cycles, as the newest of each kind counts. What
    an order bills is fixed with its invoice, and its date never goes back.
    """
    dates: dict[str, int] = {}
    bills = {f"order:in_{n}": (draw(_CYCLES), draw(_DISCOUNTS), draw(_PRICES)) for n in range(1, 6)}
    said: list[dict[str, Any]] = [{"terms": terms()}]
    for _ in range(draw(st.integers(1, 10))):
        name = f"order:in_{draw(st.integers(1, 5))}"
        dates[name] = dates.get(name, draw(st.integers(0, 5))) + draw(st.sampled_from((0, 0, 3)))
        status = draw(st.sampled_from(("completed", "declined", "refunded", "pending")))
        cycle, discount, subtotal = bills[name]
        billed = payment(status, dates[name], cycle, discount=discount, subtotal=subtotal)
        said.append({name: billed})
        if draw(st.booleans()):
            said.append({"terms": terms(amount=draw(_PRICES), retries=draw(st.booleans()))})
    return said


_CYCLES = st.sampled_from(("cycle", "create", "update", None))
_DISCOUNTS = st.sampled_from((0, 100))
_PRICES = st.sampled_from((1900, 3800))


@given(payments())
@settings(max_examples=250, deadline=None)
def test_what_is_dropped_of_old_orders_never_shows_again(said: list[dict[str, Any]]) -> None:
    whole: dict[str, Any] = {}
    kept: dict[str, Any] = {}

    for each in said:
        whole |= each
        kept = compact({**kept, **each})

        assert show(kept) == show(whole)


def test_a_record_does_not_grow_with_its_age() -> None:
    state: dict[str, Any] = {"terms": terms()}

    for number in range(120):
        state = compact({**state, f"order:in_{number}": payment(date=number)})

    whole = [name for name, facet in state.items() if "status" in facet]
    assert len(whole) == 2  # the terms and the newest order
    assert (show(state) or {})["cycles_completed"] == 120
