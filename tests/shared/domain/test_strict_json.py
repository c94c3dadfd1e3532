"""Strict JSON against what `json.loads` lets through, and against what crashes it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.strict_json import DEPTH_MAX, NotStrictJson, parse_object

_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**64), 2**64),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _VALUES, max_size=5))
def test_every_plain_object_is_read_as_json_reads_it(value: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        raw = json.dumps(value, ensure_ascii=ascii_only).encode()
        assert parse_object(raw) == value


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    try:
        value = parse_object(raw)
    except NotStrictJson:
        return
    assert isinstance(value, dict)


def _nested(depth: int, opening: str, closing: str) -> bytes:
    return ('{"a":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}").encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"true",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":1,"a":1}',
        b'{"b":{"a":1,"a":2}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\uDC00x"}',
        b'{"a":["\\udc00\\ud800"]}',
        b'{"\\ud800":1}',
        b'{"b":{"\\udfff":1}}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"tab\there"}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":1,}',
        b'{"a":' + b"9" * 41 + b"}",
        b'{"a":-' + b"9" * 41 + b"}",
        b'{"a":' + b"9" * 1_000_000 + b"}",
        _nested(DEPTH_MAX + 1, "[", "]"),
        _nested(DEPTH_MAX + 1, '{"a":', "}"),
        b'{"a":' + b"[" * 200_000,
        b'{"a":' * 200_000,
        _nested(200_000, "[", "]"),
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-32"),
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_two_readers_could_understand_differently_is_refused(raw: bytes) -> None:
    """Matrix rows 10 and 11; symfony/symfony#65772: a scalar body was a 500."""
    with pytest.raises(NotStrictJson) as raised:
        parse_object(raw)

    assert len(str(raised.value)) < 40, "the message never quotes the input"


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b' \n{"a": 1}\t',
        b'{"a":"\\ud83d\\ude00"}',
        b'{"\\uD83D\\uDE00":{"a":["\\ud83d\\ude00"]}}',
        '{"a":"\N{GRINNING FACE}"}'.encode(),
        b'{"a":"\\\\ud800"}',
        b'{"a":' + b"9" * 40 + b"}",
        b'{"a":1.5e300,"b":{"a":1}}',
        b'{"a":"\\u0000"}',
        _nested(DEPTH_MAX, "[", "]"),
        _nested(DEPTH_MAX, '{"a":', "}"),
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_strict_is_read(raw: bytes) -> None:
    assert parse_object(raw) == json.loads(raw)


def test_numbers_keep_their_types() -> None:
    value = parse_object(b'{"whole":1900,"real":0.1,"negative":-5}')

    assert value == {"whole": 1900, "real": 0.1, "negative": -5}
    assert isinstance(value["whole"], int)
    assert math.isclose(value["real"], 0.1)
