"""Segments as they are stored: who names whom, and what is read of them."""

from __future__ import annotations

import pytest

from shared.domain.errors import Invalid
from shared.domain.ports import Check, Write
from shared.domain.segments.stored import NAMED_MAX, Stored, named_in, to_json, tree_of
from tests.fakes.memory_store import MemoryStore
from tests.shared.domain.segments.builders import all_of, any_of, none_of, one

MEMBERS = one("contact.segments", "is", "vip")


def store_of(**segments: object) -> MemoryStore:
    store = MemoryStore()
    for name, conditions in segments.items():
        kind = {"kind": "static"} if conditions is None else {"kind": "dynamic", "match": "all"}
        document = {"segment_id": name, **kind, "conditions": conditions, "version": 3}
        store.documents["segment", name] = document
    return store


def test_what_names_a_segment_is_found_wherever_it_lies() -> None:
    tree = all_of(one("contact.email", "is", "x"), any_of({"segment_id": "a"}, none_of(MEMBERS)))
    steps = [
        {"type": "add_to_segment", "segment_id": "b"},
        {"type": "webhook", "payload": {"segment_id": "c", "more": [{"segment_id": "d"}]}},
        {"type": "branch", "branches": [{"segment": {"segment_id": "e"}, "steps": []}]},
    ]

    assert list(named_in(tree)) == [
        ("conditions[1].conditions[0]", "a"),
        ("conditions[1].conditions[1].conditions[0]", "vip"),
    ]
    assert list(named_in(steps, "steps")) == [
        ("steps[0]", "b"),
        ("steps[2].branches[0].segment", "e"),
    ]
    assert list(named_in(None)) == list(named_in("segment_id")) == []


def test_a_static_segment_asks_for_its_members() -> None:
    resolve = Stored(store_of(vip=None, both=[{"segment_id": "vip"}]))

    (member,) = tree_of("vip", resolve).members
    ((within,),) = (group.members for group in (tree_of("both", resolve),))

    assert (member.field.name, member.operand) == ("contact.segments", "vip")  # type: ignore[union-attr]
    assert within.operand == "vip"  # type: ignore[union-attr]


def test_each_segment_is_read_once_and_no_key_is_made_of_what_is_no_id() -> None:
    store = store_of(vip=None)
    resolve = Stored(store)

    for each in ("vip", "vip", "gone", "gone", "#" * 3000, ""):
        resolve(each)

    assert store.reads == 2
    assert resolve.checks("conditions") == [Check(("segment", "vip"), 3)]


def test_more_segments_than_a_commit_can_check_are_refused() -> None:
    store = MemoryStore()
    resolve = Stored(store)
    for number in range(NAMED_MAX + 1):
        name = ("segment", f"s-{number}")
        store.commit([Write(name, {"segment_id": name[1], "kind": "static", "version": 1}, 0)])
        resolve(name[1])

    with pytest.raises(Invalid) as error:
        resolve.checks("steps")

    assert [path for path, _ in error.value.errors] == ["steps"]


def test_a_segment_that_a_step_has_made_prints_like_any_other() -> None:
    made = {"segment_id": "vip", "name": "vip", "kind": "static", "created_date": 0, "version": 1}

    assert to_json(made) == {
        "segment_id": "vip",
        "name": "vip",
        "kind": "static",
        "match": None,
        "conditions": None,
        "created_date": "1970-01-01T00:00:00.000Z",
        "updated_date": "1970-01-01T00:00:00.000Z",
    }
