"""Ids by which systems speak of each other's sales, and who has said them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain import mentions
from shared.domain.mentions import MENTIONED, NAMED, REFERRED
from shared.domain.timeline import Entry


@pytest.mark.parametrize(
    "text",
    ["ch_3PqX1b", "PK-1042", "123456", "in_1:2", "order/2024-77", "#100042"[1:], "a" * 99 + "1"],
)
def test_an_id_has_a_digit_and_no_blank(text: str) -> None:
    assert mentions.ids_among([text]) == (text,)


@pytest.mark.parametrize(
    "value",
    [
        "", "12345", "summer-sale", "ada@example.com", "Ada Lovelace 2", "a" * 100 + "1",
        "ch_3 PqX", None, True, 1.5, ["ch_3PqX1b"], "été-100042",
    ],
)  # fmt: skip
def test_what_is_no_id_is_left_where_it_lies(value: Any) -> None:
    assert mentions.ids_among([value]) == ()


def test_ids_are_said_once_and_only_so_many() -> None:
    many = [f"order-{number}" for number in range(100, 130)]

    assert mentions.ids_among(["order-1", 100042, "order-1"]) == ("order-1", "100042")
    assert len(mentions.ids_among(many)) == mentions.MOST


def _entry(**about: Any) -> Entry:
    values: dict[str, Any] = {"at": 7, "rank": 10, "event_id": "evt_1", "event_type": "t"}
    return Entry(**{**values, "received_at": 9, "said": {}, **about})


def test_an_event_says_names_references_and_mentions() -> None:
    paid = {"payment:x": {"reference": "ch_1001"}, "payment:y": {"reference": "pi_1001"}}
    entry = _entry(refs=("intent:pi_1001", "document:in_1001"), said=paid, mentions=("PK-1001",))

    assert dict(mentions.said_by("shop", entry)) == {
        "pi_1001": ["shop", "intent:pi_1001", NAMED, 0],
        "in_1001": ["shop", "document:in_1001", NAMED, 0],
        "ch_1001": ["shop", "document:in_1001", REFERRED, 7],
        "PK-1001": ["shop", "document:in_1001", MENTIONED, 7],
    }
    assert mentions.ids_of(entry.refs, entry.mentions, paid) == {
        *("pi_1001", "in_1001", "ch_1001", "PK-1001")
    }


def test_who_says_an_id_does_not_depend_on_who_said_it_first() -> None:
    rows: list[list[Any]] = [
        *(["shop", f"charge:ch_{at}", MENTIONED, at] for at in (1, 2, 3)),
        ["shop", "charge:ch_2", MENTIONED, 9],
        ["kick", "document:PK-1", NAMED, 0],
    ]
    told = set()

    for arriving in itertools.permutations(rows):
        document: dict[str, Any] | None = None
        for row in arriving:
            by = mentions.heard(document, [row])
            document = {"by": by} if by is not None else document
        told.add(repr(document))

    (only,) = told
    assert only == repr({"by": [rows[4], rows[0], rows[1], rows[2]]})


def test_an_id_everybody_says_does_not_grow_without_end() -> None:
    document: dict[str, Any] = {"by": []}

    for at in reversed(range(40)):
        document = {"by": mentions.heard(document, [["shop", f"charge:{at}", MENTIONED, at]])}

    assert [row[3] for row in document["by"]] == list(range(8))


def test_what_was_heard_before_is_nothing_new() -> None:
    row = ["shop", "charge:ch_1", MENTIONED, 3]

    assert mentions.heard({"by": [row]}, [["shop", "charge:ch_1", MENTIONED, 5]]) is None
