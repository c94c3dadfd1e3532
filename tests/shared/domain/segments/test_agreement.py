"""The evaluator and brute force, which share no line, give the same answers.

All values of every kind of field, all small segments over all small worlds, and a draw from the
large ones: what is rare in a draw is gone through whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.contacts import Contact
from shared.domain.segments.fields import FIELDS, Entity, Field, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change
from tests.shared.domain.segments import brute_force, strategies
from tests.shared.domain.segments.builders import (
    NOW,
    all_of,
    any_of,
    contact,
    holds,
    none_of,
    one,
    payment,
    predicate,
)

Written = Mapping[str, Any]


@pytest.mark.parametrize("name", strategies.NAMES)
def test_every_condition_agrees_with_brute_force_on_every_value(name: str) -> None:
    field = FIELDS[name]
    predicates = [(each, predicate(each)) for each in strategies.written(field)]

    for world in worlds_of(field):
        moment = Moment(NOW, world.zone, world.currency)
        who = Subject(moment, world.contact, world.payments, None, world.changes)
        differing = [
            each for each, asked in predicates if asked(who) is not brute_force.holds(each, world)
        ]
        assert differing == [], world


def worlds_of(field: Field) -> Iterator[brute_force.World]:
    """Yield a world for each value of a field, and each zone or currency where that counts."""
    zones = strategies.ZONES if field.kind is Kind.DATE else strategies.ZONES[:1]
    currencies = strategies.CURRENCIES if field.kind is Kind.MONEY else ["USD"]
    for zone, currency in itertools.product(zones, currencies):
        if field.entity is Entity.CHANGE:
            for count in range(3):
                for told in itertools.combinations(strategies.CHANGES, count):
                    yield brute_force.World(contact(), [], told, zone, currency)
        elif field.entity is Entity.CONTACT:
            for fields in strategies.held(field):
                yield brute_force.World(contact(**fields), [], [], zone, currency)
        else:
            for fields in strategies.held(field):
                held = [payment(**fields)]
                yield brute_force.World(contact(), held, [], zone, currency)


def test_every_small_segment_agrees_with_brute_force_on_whom_it_speaks_of() -> None:
    """Each segment of two members, each a condition or a group of two, over each small world."""
    leaves: list[Written] = [
        one("recurring_payment.billing_address.city", "is", "Chicago"),
        one("recurring_payment.billing_address.city", "is_not", "Chicago"),
        one("recurring_payment.payment_amount", "greater_than", "50"),
        one("contact.tags", "is", "Tea"),
    ]
    groups = (all_of, any_of, none_of)
    pairs = list(itertools.combinations(leaves, 2))
    inner: list[Written] = [*leaves, *(group(*pair) for group in groups for pair in pairs)]
    kinds = [
        payment(city=city, payment_amount=amount)
        for city, amount in itertools.product(["Chicago", "Paris"], [100, 9900])
    ]
    worlds = [
        brute_force.World(contact(tags=tags), held, [], UTC, "USD")
        for tags in ([], ["Tea"])
        for count in range(3)
        for held in itertools.combinations(kinds, count)
    ]
    people = [(w, Subject(Moment(NOW), w.contact, w.payments)) for w in worlds]

    for group, pair in itertools.product(groups, itertools.combinations(inner, 2)):
        segment = group(*pair)
        asked = predicate(segment)
        answers = [(asked(who), brute_force.holds(segment, world)) for world, who in people]
        assert all(mine is theirs for mine, theirs in answers), segment


@settings(max_examples=500)
@given(
    strategies.segments(),
    strategies.moments,
    strategies.contacts,
    st.lists(strategies.payments, max_size=3),
    st.none() | strategies.payments,
    strategies.changes,
)
def test_the_evaluator_agrees_with_brute_force(
    written: Written,
    moment: Moment,
    buyer: Contact,
    payments: Sequence[Mapping[str, Any]],
    at_hand: Mapping[str, Any] | None,
    changes: Sequence[Change],
) -> None:
    asked = Subject(moment, buyer, payments, at_hand, changes)
    world = brute_force.World(
        buyer,
        [at_hand] if at_hand is not None else payments,
        changes,
        moment.zone,
        moment.currency,
    )

    assert holds(written, asked) is brute_force.holds(written, world)
