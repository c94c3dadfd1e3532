"""Cursors: what was given out leads back to its place, and nothing else leads anywhere."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.cursors import read_cursor, read_key, write_cursor, write_key
from shared.adapters.table_keys import LONGEST_KEY, escape
from shared.domain.errors import BadRequest

PLACES = st.text(min_size=1, max_size=200).map(escape)
KEYS = st.fixed_dictionaries(
    {name: PLACES.map(lambda text: {"S": text}) for name in ("pk", "sk", "gsi1pk", "gsi1sk")}
)


@given(place=PLACES)
def test_a_place_is_found_again(place: str) -> None:
    cursor = write_cursor(place)

    assert read_cursor(cursor) == place
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(key=KEYS)
def test_a_key_is_found_again(key: dict[str, dict[str, str]]) -> None:
    assert read_key(write_key(key)) == key


def test_the_longest_key_of_an_index_fits_into_a_cursor() -> None:
    key = {name: {"S": "x" * LONGEST_KEY} for name in ("pk", "sk", "gsi1pk", "gsi1sk")}

    assert read_key(write_key(key)) == key


@given(text=st.text(max_size=100))
def test_whatever_is_sent_as_a_cursor_is_a_place_or_a_bad_request(text: str) -> None:
    try:
        place = read_cursor(text, 50)
    except BadRequest:
        return
    assert 0 < len(place) <= 50
    assert place.isascii()


@pytest.mark.parametrize(
    "cursor",
    ["", "=", "a", "!!!!", "QQ==\n", " QQ", "Q Q=", "\u00e9", "QQ=A", "w6k"],
)
def test_what_nobody_has_given_out_is_a_bad_request(cursor: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(cursor)


def test_a_place_longer_than_its_list_has_is_a_bad_request() -> None:
    cursor = base64.urlsafe_b64encode(b"x" * 11).decode()

    assert read_cursor(cursor, 11) == "x" * 11
    with pytest.raises(BadRequest):
        read_cursor(cursor, 10)
