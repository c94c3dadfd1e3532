"""The mutator makes the mistakes it says, names them the same for ever, and hits what runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutator import mutants
from tests.mutation.targets import TARGETS

ROOT = Path(__file__).parents[2]
SOURCE = '''
"""A docstring."""
def allowed(age: int, name: str = "x") -> bool:
    """Another."""
    if age < 18 and not name:
        raise ValueError("this is worded for a reader")
    return True
'''


def source_of(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text()


def test_each_mistake_is_made_once_and_named_by_where_it_is() -> None:
    names = [each.name for each in mutants(SOURCE)]

    assert len(names) == len(set(names))
    assert {
        "allowed: age < 18 -> age <= 18",
        "allowed: age < 18 -> age >= 18",
        "allowed: age < 18 and (not name) -> age < 18 or not name",
        "allowed: not name -> name",
        "allowed: 18 -> 19",
        "allowed: 'x' -> 'xX'",
        "allowed: True -> False",
    } <= set(names)


def test_what_only_a_reader_sees_is_left_alone() -> None:
    names = [each.name for each in mutants(SOURCE)]

    assert [name for name in names if "docstring" in name or "Another" in name] == []
    assert [name for name in names if name.startswith("allowed: 'this is worded")] == []


def test_every_mutant_differs_from_the_source_and_can_be_compiled() -> None:
    made = list(mutants(SOURCE))

    assert len({each.source for each in made}) == len(made)
    for each in made:
        compile(each.source, "mutant", "exec")


@pytest.mark.parametrize("module", TARGETS)
def test_targets_and_their_tests_are_there(module: str) -> None:
    assert all((ROOT / each).is_file() for each in TARGETS[module])
    assert set(EQUIVALENT) <= set(TARGETS)


@pytest.mark.parametrize("module", EQUIVALENT)
def test_what_is_called_equivalent_is_still_a_mutant(module: str) -> None:
    names = {each.name for each in mutants(source_of(module))}

    assert set(EQUIVALENT[module]) - names == set()
    assert all(EQUIVALENT[module].values())
