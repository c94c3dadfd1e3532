"""The README's cost sheet is the one that is counted."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import costs


def test_the_readme_shows_the_sheet_as_counted() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

    assert costs.sheet() in readme


def test_the_budgets_hold() -> None:
    counts = costs.counted()

    assert sum(line.dollars for line in costs.per_million(counts)) <= costs.PER_MILLION_MAX
    assert sum(line.dollars for line in costs.at_rest()) <= costs.AT_REST_MAX
