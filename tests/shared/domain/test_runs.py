"""Positions in an automation's steps: into branches, out of them, and to the end."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import runs
from shared.domain.automations.definition import Arm, Branch, ChangeTag, Step


def tag(name: str) -> Step:
    return ChangeTag("", name, True)


def branch(*arms: tuple[Step, ...]) -> Step:
    return Branch("", tuple(Arm(None, each) for each in arms))


STEPS = (tag("a"), branch((), (tag("b"), branch((tag("c"),)))), tag("d"))


def test_a_position_leads_into_a_branch_and_out_of_all_that_end_there() -> None:
    assert runs.after(STEPS, [0]) == [1]
    assert runs.inside(STEPS, [1], 1) == [1, 1, 0]
    assert runs.after(STEPS, [1, 1, 0]) == [1, 1, 1]
    assert runs.inside(STEPS, [1, 1, 1], 0) == [1, 1, 1, 0, 0]
    assert runs.after(STEPS, [1, 1, 1, 0, 0]) == [2]


def test_a_way_without_steps_leads_behind_the_branch() -> None:
    assert runs.inside(STEPS, [1], 0) == [2]


def test_behind_the_last_step_there_is_none() -> None:
    assert runs.step_at(STEPS, runs.after(STEPS, [2])) is None
    assert runs.step_at((), [0]) is None


trees: st.SearchStrategy[Any] = st.recursive(
    st.just("step"), lambda below: st.lists(st.lists(below, max_size=3), min_size=1, max_size=3)
)


def step_of(tree: Any) -> Step:
    if tree == "step":
        return tag("x")
    return branch(*(tuple(map(step_of, arm)) for arm in tree))


@given(st.lists(trees, max_size=4), st.data())
def test_every_walk_takes_steps_in_order_and_comes_to_an_end(drawn: Any, data: Any) -> None:
    steps = tuple(map(step_of, drawn))
    position, seen = [0], []

    while (step := runs.step_at(steps, position)) is not None:
        seen.append(position)
        if isinstance(step, Branch):
            position = runs.inside(steps, position, data.draw(st.integers(0, len(step.arms) - 1)))
        else:
            position = runs.after(steps, position)

    assert position == [len(steps)]
    assert seen == sorted(seen)
    assert [each[0] for each in seen if len(each) == 1] == list(range(len(steps)))
