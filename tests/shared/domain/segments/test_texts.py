"""How texts compare; the tables are what DuckDB's lower and nfc_normalize answer."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.segments.texts import as_text, fold


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Chicago", "CHICAGO"),
        ("Zürich", "ZU\u0308RICH"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"),
        ("\u0130zmir", "izmir"),
        ("I\u0307zmir", "izmir"),
        ("Łódź", "łódź"),
    ],
)
def test_texts_equal_but_for_case_and_encoding_fold_to_one(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("straße", "strasse"), ("Chicago", "Chicago "), ("Zürich", "Zurich"), ("", " ")],
)
def test_texts_that_differ_in_letters_or_spaces_stay_apart(left: str, right: str) -> None:
    assert fold(left) != fold(right)


def test_folding_goes_letter_by_letter_as_sql_does() -> None:
    """A letter must not become two, nor depend on its neighbours: no SQL `lower` does that."""
    letters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    composed = [each for each in letters if len(unicodedata.normalize("NFC", each)) == 1]

    assert [each for each in composed if len(fold(each)) != 1] == []
    assert fold("".join(letters[:0x3000])).count("\u03c3") == 3


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=127)), st.text(st.characters(max_codepoint=127)))
def test_folding_plain_text_is_lowering_it(left: str, right: str) -> None:
    assert fold(left + right) == left.lower() + right.lower()


@pytest.mark.parametrize(
    ("value", "text"),
    [("Tea", "Tea"), (True, "true"), (3, "3"), ([{"name": "Tée"}], '[{"name":"Tée"}]')],
)
def test_what_is_no_text_is_written_as_json(value: object, text: str) -> None:
    assert as_text(value) == text
