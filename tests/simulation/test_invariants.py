"""The claims are held by what exists: laws that name their invariants, tests that are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.simulation.invariants import (
    INVARIANTS,
    LAWS,
    WATCHED,
    Invariant,
    laws_of,
    named_by,
    table,
)
from tests.simulation.parts import PARTS
from tests.simulation.planted.table import quoted

ROOT = Path(__file__).parents[2]


def _number(value: object) -> str | None:
    return value.number if isinstance(value, Invariant) else None


def test_all_invariants_are_told_of() -> None:
    assert [each.number for each in INVARIANTS] == [f"I-{n:02d}" for n in range(1, 26)]


@pytest.mark.parametrize("invariant", INVARIANTS, ids=_number)
def test_an_invariant_is_held_by_a_law_or_a_test(invariant: Invariant) -> None:
    assert invariant.tests or list(laws_of(invariant.number))


@pytest.mark.parametrize("invariant", INVARIANTS, ids=_number)
def test_a_test_that_is_named_exists(invariant: Invariant) -> None:
    for named in invariant.tests:
        path, _, name = named.partition("::")
        tree = ast.parse((ROOT / path).read_text())

        assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, named


def test_every_law_names_the_invariants_it_holds() -> None:
    known = {each.number for each in INVARIANTS}
    told = {f"{part}: {law.__name__}": law.__doc__ for part in LAWS for law in LAWS[part]}

    assert {name for name, text in {**told, **WATCHED}.items() if not named_by(text)} == set()
    assert {each for text in told.values() for each in named_by(text)} <= known


def test_every_part_of_the_simulator_has_its_laws_here() -> None:
    assert {part.name for part in PARTS} <= LAWS.keys()


def test_the_readme_quotes_the_table() -> None:
    assert quoted("invariants") == table()
