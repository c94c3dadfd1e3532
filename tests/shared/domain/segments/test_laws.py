"""Laws of segments: logic, order, whom they speak of, and that nonsense is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.contacts import Contact
from shared.domain.errors import Invalid
from shared.domain.segments.explain import explain
from shared.domain.segments.fields import FIELDS
from shared.domain.segments.moments import Moment
from shared.domain.segments.operators import CONTRARIES
from shared.domain.segments.parse import parse
from shared.domain.segments.subject import Subject
from tests.shared.domain.segments import strategies
from tests.shared.domain.segments.builders import (
    NOW,
    all_of,
    any_of,
    holds,
    none_of,
    predicate,
)

Written = Mapping[str, Any]
members = st.lists(strategies.conditions() | strategies.segments(), max_size=4)


def count(written: Written) -> int:
    if "match" not in written:
        return 1
    return sum(count(each) for each in written["conditions"])


def shuffled(written: Written, choose: st.DataObject) -> Written:
    if "match" not in written:
        return written
    order = choose.draw(st.permutations(written["conditions"]))
    return {**written, "conditions": [shuffled(each, choose) for each in order]}


@given(members, strategies.subjects)
def test_none_is_not_any(listed: list[Written], who: Subject) -> None:
    assert holds(none_of(*listed), who) is not holds(any_of(*listed), who)


@given(strategies.segments(), strategies.subjects)
def test_a_denial_denied_is_what_was_said(written: Written, who: Subject) -> None:
    assert holds(none_of(none_of(written)), who) is holds(written, who)


@given(strategies.segments(), strategies.subjects)
def test_a_group_around_a_group_changes_nothing(written: Written, who: Subject) -> None:
    assert holds(any_of(written), who) is holds(all_of(written), who) is holds(written, who)


@given(strategies.segments(), strategies.subjects, st.data())
def test_the_order_of_conditions_is_irrelevant(
    written: Written, who: Subject, choose: st.DataObject
) -> None:
    assert holds(shuffled(written, choose), who) is holds(written, who)


@given(
    strategies.segments(),
    strategies.contacts,
    st.lists(strategies.payments, max_size=3),
    st.data(),
)
def test_the_order_of_recurring_payments_is_irrelevant(
    written: Written,
    buyer: Contact,
    payments: list[Mapping[str, Any]],
    choose: st.DataObject,
) -> None:
    other = choose.draw(st.permutations(payments))
    moment = Moment(NOW)

    assert holds(written, Subject(moment, buyer, payments)) is holds(
        written, Subject(moment, buyer, other)
    )


@given(strategies.conditions(), strategies.subjects)
def test_a_contrary_is_met_where_its_positive_is_not(written: Written, who: Subject) -> None:
    """Of one and the same: the contact, or the only recurring payment or transition there is."""
    positive = CONTRARIES.get(written["operator"])
    if positive is None or len(who.choices[1]) > 1 or len(who.choices[2]) > 1:
        return
    entity = FIELDS[written["field"]].entity
    nobody = {"contact": None, "recurring_payment": who.choices[1][0], "change": who.choices[2][0]}
    if entity != "contact" and nobody[entity] is None:
        return

    assert holds({**written, "operator": positive}, who) is not holds(written, who)


@given(
    strategies.segments(),
    strategies.contacts,
    strategies.payments,
    st.lists(strategies.payments, max_size=2),
)
def test_what_is_at_hand_is_as_if_there_were_no_other(
    written: Written,
    buyer: Contact,
    at_hand: Mapping[str, Any],
    others: list[Mapping[str, Any]],
) -> None:
    moment = Moment(NOW)

    assert holds(written, Subject(moment, buyer, others, at_hand)) is holds(
        written, Subject(moment, buyer, [at_hand])
    )


@given(
    strategies.segments(matches=("all", "any")),
    strategies.contacts,
    st.lists(strategies.payments, max_size=2),
    strategies.payments,
)
def test_one_more_recurring_payment_takes_nobody_out_of_what_denies_nothing(
    written: Written,
    buyer: Contact,
    payments: list[Mapping[str, Any]],
    another: Mapping[str, Any],
) -> None:
    moment = Moment(NOW)
    before = holds(written, Subject(moment, buyer, payments))

    assert holds(written, Subject(moment, buyer, [*payments, another])) or not before


@given(strategies.segments(), strategies.subjects)
def test_an_explanation_answers_as_the_predicate_and_tells_every_condition(
    written: Written, who: Subject
) -> None:
    compiled = predicate(written)

    explanation = explain(compiled, who)

    assert explanation.met is compiled(who)
    assert len(explanation.conditions) == count(written)
    assert len({row["path"] for row in explanation.conditions}) == count(written)


@given(strategies.segments(in_trigger=False))
def test_whatever_is_well_written_is_understood_outside_triggers_too(written: Written) -> None:
    parse(written)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["match", "conditions", "field", "operator", "value", "segment_id"])
            | st.text(max_size=3),
            inner | st.sampled_from(["all", "is", "between", "contact.tags", "contact.revenue"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500)
@given(json)
@example({"match": "all", "conditions": [{"field": "contact.revenue", "operator": "between"}]})
@example({"match": "all", "conditions": [{"field": "contact.tags", "operator": ["is"]}]})
def test_nonsense_is_refused_with_paths_and_nothing_worse(written: Any) -> None:
    faults = faults_of(written)

    assert all(path and message for path, message in faults)
    assert faults or isinstance(written, dict)


def faults_of(written: Any) -> tuple[tuple[str, str], ...]:
    try:
        parse(written, resolve={"a": {"kind": "static"}}.get)
    except Invalid as refused:
        return refused.errors
    return ()
