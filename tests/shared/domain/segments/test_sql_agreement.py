"""Both compilers find the same people: the evaluator and SQL, over views and rows of one origin.

Every field, operator and value of the pools is gone through whole; trees are drawn. One example of
the drawn ones is a tree asked of a population of 60 contacts at a moment: 2,000 of them over eight
populations, each of which is one DuckDB session.
"""

# ruff: noqa: S608  # The texts are words of our own; values are bound.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.segments import sql
from shared.domain.segments.evaluate import compile
from shared.domain.segments.fields import FIELDS, Entity, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.parse import parse
from shared.domain.segments.subject import Subject
from shared.domain.segments.tree import Group
from tests.shared.domain.segments import strategies
from tests.shared.domain.segments.builders import NOW, all_of, any_of, none_of, one
from tests.shared.domain.segments.log_people import People, drawn, of_field, people

POPULATIONS, CONTACTS, EXAMPLES = 8, 60, 2_000
Written = Mapping[str, Any]
asked_of_contacts = [name for name, each in FIELDS.items() if each.entity is not Entity.CHANGE]
population = cache(lambda seed: drawn(seed, CONTACTS))


def found(who: People, trees: Sequence[Group], moment: Moment) -> list[set[str]]:
    """Return whom SQL finds in each of several segments, asked in one query."""
    asked = [sql.compile(tree, moment) for tree in trees]
    columns = ", ".join(each.text for each in asked)
    params = [value for each in asked for value in each.params]
    rows = who.session.rows(f"SELECT c.contact_id, {columns} FROM contacts c", params)
    assert all(isinstance(each, bool) for row in rows for each in row[1:]), "never NULL"
    return [{row[0] for row in rows if row[index + 1]} for index in range(len(trees))]


def batches(of: Iterator[Written], size: int) -> Iterator[list[Written]]:
    held: list[Written] = []
    for each in of:
        held.append(each)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


@pytest.mark.parametrize("name", asked_of_contacts)
def test_every_condition_finds_the_same_people(name: str) -> None:
    field, who = FIELDS[name], of_field(FIELDS[name])
    zones = strategies.ZONES if name.endswith(("next_payment_date", "visit_date")) else []
    currencies = strategies.CURRENCIES if name == "contact.revenue" else ["USD"]

    for zone in zones or strategies.ZONES[1:2]:
        for currency in currencies:
            moment = Moment(NOW, zone, currency)
            for batch in batches(strategies.written(field), 40):
                trees = [parse(all_of(each)) for each in batch]
                theirs = [who.met(tree, moment) for tree in trees]
                differing = [
                    each
                    for each, mine, other in zip(
                        batch, found(who, trees, moment), theirs, strict=True
                    )
                    if mine != other
                ]
                assert differing == []


@settings(max_examples=EXAMPLES)
@given(st.integers(0, POPULATIONS - 1), strategies.segments(in_trigger=False), strategies.moments)
def test_every_segment_finds_the_same_people(seed: int, written: Written, moment: Moment) -> None:
    who, tree = population(seed), parse(written)

    (mine,) = found(who, [tree], moment)

    assert mine == who.met(tree, moment)


@settings(max_examples=25)
@given(
    st.lists(strategies.contacts, min_size=1, max_size=4),
    st.lists(st.tuples(strategies.payments, st.integers(0, 3), st.booleans()), max_size=6),
    st.lists(strategies.segments(in_trigger=False), min_size=5, max_size=5),
    strategies.moments,
)
def test_whoever_the_people_are_the_same_are_found(
    contacts: Sequence[Written],
    held: Sequence[tuple[dict[str, Any], int, bool]],
    written: Sequence[Written],
    moment: Moment,
) -> None:
    heads = [
        {
            "view": {**view, "line_items": view["line_items"] or []},
            "contact_id": f"contact-{owner}",
            "mirror_of": "shop/other" if mirrored else None,
        }
        for view, owner, mirrored in held
    ]
    who, trees = people(contacts, heads), [parse(each) for each in written]

    assert found(who, trees, moment) == [who.met(tree, moment) for tree in trees]


def test_the_populations_have_what_the_rules_are_about() -> None:
    """Some in and some out: a draw that decides nothing would hold the compilers to nothing."""
    for seed in range(POPULATIONS):
        who = population(seed)
        counts = [len(who.payments.get(each["contact_id"], ())) for each in who.contacts]
        assert {0, 1, 2} <= set(counts)
        for condition in (
            one("recurring_payment.line_items.name", "contains", "cag"),
            one("recurring_payment.name", "is", "chicago"),
            none_of(one("recurring_payment.status", "is", "active")),
            any_of(one("contact.tags", "is", "cag"), one("contact.customer", "is", True)),
        ):
            assert 0 < len(who.met(parse(all_of(condition)), Moment(NOW))) < CONTACTS


def test_the_recurring_payment_at_hand_is_the_only_one_asked() -> None:
    who = population(0)
    zone = strategies.ZONES[1]
    segments = [
        all_of(
            one("recurring_payment.name", "is_not", "chicago"),
            none_of(one("recurring_payment.status", "is", "active")),
        ),
        any_of(
            one("contact.tags", "does_not_contain", "c"), one("contact.revenue", "at_least", "0")
        ),
        none_of(one("recurring_payment.line_items.quantity", "at_least", "1")),
        all_of(one("recurring_payment.billing_address.city", "is_blank")),
    ]

    for written in segments:
        tree, moment = parse(written), Moment(NOW, zone)
        where = sql.compile_at_hand(tree, moment)
        rows = who.session.rows(
            "SELECT r.id FROM recurring_payments r LEFT JOIN contacts c USING (contact_id)"
            f" WHERE {where.text}",
            where.params,
        )
        assert {identity for (identity,) in rows} == met_at_hand(who, tree, moment)


def met_at_hand(who: People, tree: Group, moment: Moment) -> set[str]:
    """Return the recurring payments a trigger's segment would let pass, nobody's among them."""
    known = {each["contact_id"]: dict(each) for each in who.contacts}
    asked = compile(tree)
    return {
        each["store_recurring_payment_id"]
        for owner, held in who.everybodys.items()
        for each in held
        if asked(Subject(moment, known.get(owner or ""), at_hand=each))
    }


def test_kinds_of_fields_are_all_among_them() -> None:
    assert {FIELDS[name].kind for name in asked_of_contacts} == set(Kind)
