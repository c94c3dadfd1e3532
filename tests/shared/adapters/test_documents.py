"""Documents as items: nothing is lost on the way, old rows still read, and little is paid for."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.documents import to_attributes, to_document
from shared.adapters.preset import PRESET
from shared.domain.timeline import Change, Entry
from tests.simulation.dynamodb.values import item_bytes

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
FIELDS = st.text(min_size=1, max_size=8).filter(
    lambda name: name not in ("version", "body", "expires_at", "entry")
)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.integers(1, 10**9)},
    optional={"body": st.binary(max_size=2_000), "expires_at": st.integers(0, 10**12)},
).flatmap(lambda fixed: st.dictionaries(FIELDS, VALUES).map(lambda more: {**more, **fixed}))
FACETS = st.dictionaries(st.text(max_size=8), st.dictionaries(st.text(max_size=5), VALUES))
ENTRIES = st.builds(
    Entry,
    at=st.integers(0, 10**15),
    rank=st.integers(0, 99),
    event_id=st.text(max_size=20),
    event_type=st.text(max_size=20),
    received_at=st.integers(0, 10**15),
    said=FACETS,
    before=FACETS,
    turn=st.integers(0, 9),
    refs=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    creation=st.booleans(),
    historical=st.booleans(),
    kind=st.sampled_from([None, "created", "updated"]),
    changes=st.lists(st.builds(Change, st.text(max_size=9), VALUES, VALUES), max_size=3),
    late=st.booleans(),
    born=st.booleans(),
    joined=st.booleans(),
    recorded_at=st.integers(0, 10**15),
    contact_id=st.none() | st.text(max_size=9),
    contact_version=st.integers(0, 10**6),
    money=st.sampled_from([None, "first", "joined"]),
    mentions=st.lists(st.text(max_size=9), max_size=3).map(tuple),
)
TOLD = Entry(
    at=5,
    rank=10,
    event_id="evt_1",
    event_type="t",
    received_at=6,
    said={"terms": {"status": "active"}},
    refs=("document:in_1",),
    kind="updated",
    changes=[Change("status", "paused", "active")],
    late=True,
    born=True,
    contact_id="c1",
    contact_version=3,
    turn=2,
    money="first",
)


def _on_the_wire(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as DynamoDB hands it back."""
    item: dict[str, Any] = json.loads(json.dumps(attributes))
    return {**item, "pk": {"S": "p"}, "sk": {"S": "s"}, "gsi1pk": {"S": "x"}}


@given(document=DOCUMENTS)
def test_a_document_survives_the_table(document: dict[str, Any]) -> None:
    assert to_document(_on_the_wire(to_attributes(document))) == document


@given(entry=ENTRIES, version=st.integers(1, 9))
def test_an_entry_survives_the_table(entry: Entry, version: int) -> None:
    found = to_document(_on_the_wire(to_attributes({"entry": entry, "version": version})))

    assert found == {"entry": entry, "version": version}


def test_a_document_without_a_version_is_at_its_first() -> None:
    assert to_document(_on_the_wire(to_attributes({"a": 1}))) == {"a": 1, "version": 1}


def _row(attributes: Mapping[str, Any]) -> list[Any]:
    packed = base64.b64decode(attributes["d"]["B"])
    assert packed[:1] == b"j", "too long to be looked into"
    row: list[Any] = json.loads(packed[1:])
    return row


def _item(row: list[Any]) -> dict[str, Any]:
    packed = base64.b64encode(b"j" + json.dumps(row).encode()).decode()
    return _on_the_wire({"v": {"N": "1"}, "d": {"B": packed}})


@pytest.mark.parametrize("missing", range(1, 9))
def test_rows_of_older_releases_read_with_what_they_lack_at_its_default(missing: int) -> None:
    row = _row(to_attributes({"entry": TOLD}))

    entry = to_document(_item(row[:-missing]))["entry"]

    assert (entry.place[0], entry.said, entry.refs) == (5, TOLD.said, TOLD.refs)
    assert entry.changes == TOLD.changes
    assert entry.mentions == ()
    assert entry.money == ("first" if missing < 2 else None)
    assert entry.turn == (2 if missing < 3 else 0)
    assert entry.contact_id == ("c1" if missing < 5 else None)


def test_rows_of_a_newer_release_read_after_a_roll_back() -> None:
    told = replace(TOLD, announced=("status",))
    row = _row(to_attributes({"entry": told}))

    assert to_document(_item([*row, "something new"]))["entry"] == told


def test_what_was_announced_before_takes_room_only_where_there_is_such() -> None:
    plain = _row(to_attributes({"entry": TOLD}))
    marked = _row(to_attributes({"entry": replace(TOLD, announced=("status",))}))

    assert marked == [*plain, ["status"]]


def test_the_order_of_a_rows_values_is_for_ever() -> None:
    """Items of all releases are read by it: values may only be appended."""
    row = _row(to_attributes({"entry": TOLD}))

    assert row[:20] == [
        *(5, 10, "evt_1", "t", 6, {"terms": {"status": "active"}}, {}, ["document:in_1"], False),
        *(False, "updated", [["status", "paused", "active"]], True, True, False, 0, "c1", 3, 2),
        "first",
    ]


def test_what_is_long_is_deflated_and_what_is_short_is_not() -> None:
    text = "the same again and " * 200

    assert item_bytes(to_attributes({"text": text})) < len(text) / 20
    assert base64.b64decode(to_attributes({"text": "a"})["d"]["B"]) == b'j{"text":"a"}'


def test_what_readers_need_without_unpacking_stays_outside() -> None:
    item = to_attributes({"version": 3, "body": b"{}", "expires_at": 17, "a": 1})

    assert (item["v"], item["expires_at"], set(item)) == (
        {"N": "3"},
        {"N": "17"},
        {"v", "d", "b", "expires_at"},
    )


def test_the_preset_is_the_one_that_stored_items_were_written_with() -> None:
    """Changing it would leave every item of an older release unreadable."""
    assert hashlib.sha256(PRESET).hexdigest() == (
        "cd7dd0c47c389db84eb3bb839581b1491468266b2117eac0e60924a46aae9d8c"
    )
