"""Closed request models: unknown and read-only fields are refused with their path."""

from __future__ import annotations

from typing import Any

import pytest

from shared.api.bodies import Body, Line, validated
from shared.domain.errors import Invalid


class Inner(Body):
    words: list[Line]


class Outer(Body):
    name: Line
    inner: Inner


GOOD: dict[str, Any] = {"name": " Ada ", "inner": {"words": ["a"]}}


def faults(**change: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(Invalid) as refused:
        validated(Outer, {**GOOD, **change})
    assert refused.value.__cause__ is None
    return refused.value.errors


def test_a_line_is_trimmed() -> None:
    assert validated(Outer, GOOD).name == "Ada"


def test_every_fault_is_named_by_its_path_at_once() -> None:
    paths = [path for path, _ in faults(name=7, inner={"words": ["", "b"], "x": 1}, y=2)]

    assert sorted(paths) == ["inner.words.0", "inner.x", "name", "y"]


def test_no_value_is_repeated() -> None:
    assert "canary" not in repr(faults(name=["canary"], inner={"words": "canary"}))


def test_a_path_is_not_longer_than_anybody_wants_to_read() -> None:
    ((path, _),) = faults(**{"x" * 5000: 1})

    assert len(path) == 200


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "\x7f", "x\x85x", "   ", "x" * 201])
def test_a_line_has_no_control_characters_and_an_end(text: str) -> None:
    assert [path for path, _ in faults(name=text)] == ["name"]
