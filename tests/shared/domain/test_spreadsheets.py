"""No text from outside becomes a formula in a spreadsheet."""

from __future__ import annotations

import pytest

from shared.domain.spreadsheets import harmless


@pytest.mark.parametrize(
    "text", ["=1+1", "+1 555", "-tea", "@SUM(A1)", "\t=1", "  =1", "\uff1d1", "-1.2.3", "-\u0661"]
)
def test_what_would_start_a_formula_is_quoted(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "tea", "-19.00", "1900", "a=b", "19.00", "+5"])
def test_all_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
