"""Keys: every name has its own, names can be read back, and no id reaches another's partition."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.adapters import table_keys
from shared.adapters.table_keys import (
    LONGEST_KEY,
    entry_name_of,
    index_keys,
    key_of,
    logged_name_of,
    name_of,
)
from shared.domain.errors import Quarantined
from shared.domain.ports import Name
from tests.contracts.store_contract import head

# How many ids each kind of name holds.
KINDS = {
    "event": 3,
    "recurring_payment": 2,
    "order": 2,
    "ref": 2,
    "look": 4,
    "alike": 5,
    "duplicate": 1,
    "customer": 2,
    "catalogue": 3,
    "email": 1,
    "activity": 1,
    "act": 2,
    "posted": 2,
    "spend": 4,
    "contact": 1,
    "connection": 1,
    "key": 1,
    "secret": 1,
    "settings": 0,
    "quarantine": 1,
    "broken": 1,
    "seen": 1,
    "automation": 1,
    "endpoint": 1,
    "segment": 1,
    "health": 1,
    "firing": 2,
    "once": 2,
    "run": 1,
    "delivery": 1,
}
IDS = st.one_of(
    st.text(min_size=1, max_size=20),
    st.text(alphabet="#%/.\n\x00 aA1", min_size=1, max_size=8),
    st.sampled_from(
        ["a#b", "a%23b", "HEAD", "AT#1", "..", "a/b", "\U0001f600", "\u00e9", "e\u0301"]
    ),
)
NAMES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), *[IDS] * KINDS[kind])
)
RECORDS = st.tuples(st.sampled_from(["recurring_payment", "order"]), IDS, IDS)
ENTRIES = st.tuples(st.just("entry"), st.sampled_from(["recurring_payment", "order"]), *[IDS] * 3)


@given(one=st.one_of(NAMES, ENTRIES), other=st.one_of(NAMES, ENTRIES))
@example(one=("order", "a#b", "c"), other=("order", "a", "b#c"))
@example(one=("ref", "a", "b#REF"), other=("ref", "a#b", "REF"))
@example(one=("email", "\u00e9"), other=("email", "e\u0301"))
@example(one=("key", "SETTINGS"), other=("settings",))
@example(one=("connection", "x"), other=("key", "x"))
def test_two_names_never_have_one_key(one: Name, other: Name) -> None:
    assume(one != other)

    assert key_of(one) != key_of(other)


@given(record=RECORDS)
def test_a_record_is_named_by_its_partition(record: Name) -> None:
    partition, place = key_of(record)

    assert name_of(partition) == record
    assert place == "HEAD"


@given(entry=ENTRIES)
def test_an_entry_lies_with_its_record_and_is_named_by_its_key(entry: Name) -> None:
    partition, place = key_of(entry)

    assert partition == key_of(entry[1:4])[0]
    assert entry_name_of(partition, place) == entry


LOGGED = {"act": 2, "spend": 4, "firing": 2, "delivery": 1, "contact": 1, "catalogue": 3}
LOGGED_NAMES = st.sampled_from(sorted(LOGGED)).flatmap(
    lambda kind: st.tuples(st.just(kind), *[IDS] * LOGGED[kind])
)


@given(name=st.one_of(LOGGED_NAMES, RECORDS, ENTRIES))
@example(name=("act", "ada@example.com", "001790000000000#a#b"))
@example(name=("spend", "2026-10-01", "", "", "USD"))
def test_what_the_change_log_keeps_is_named_by_its_key(name: Name) -> None:
    assert logged_name_of(*key_of(name)) == name


@given(name=NAMES)
def test_the_change_log_keeps_no_other_kind(name: Name) -> None:
    assume(name[0] not in {*LOGGED, "recurring_payment", "order"})

    assert logged_name_of(*key_of(name)) is None


@given(name=st.one_of(NAMES, ENTRIES))
def test_a_key_is_plain_text_that_dynamodb_and_a_cursor_take(name: Name) -> None:
    for part in key_of(name):
        assert part.isascii()
        assert part.isprintable()
        assert 0 < len(part) <= LONGEST_KEY


@given(one=RECORDS, other=RECORDS)
def test_no_id_reaches_another_records_history(one: Name, other: Name) -> None:
    assume(one != other)

    assert key_of(("entry", *one, "1"))[0] != key_of(other)[0]


@given(contact=IDS, email=IDS, record=RECORDS)
def test_who_is_waited_for_is_never_taken_for_who_has_come(
    contact: str, email: str, record: Name
) -> None:
    theirs = index_keys(record, head(contact_id=contact))["gsi1pk"]["S"]
    waiting = index_keys(record, head(email=email))["gsi1pk"]["S"]

    assert theirs.startswith("CONTACT#")
    assert waiting.startswith("WAITING#")
    assert theirs.count("#") == waiting.count("#") == 1


@pytest.mark.parametrize(
    "name",
    [
        ("customer", "shop", "x" * 1_001),
        ("customer", "shop", "#" * 400),
        ("event", "shop", "\u4e2d" * 85, "\u4e2d" * 85),
        ("email", "\U0001f600" * 90),
        ("entry", "order", "shop", "in_1", "x" * 1_001),
        ("quarantine", "x" * 1_001),
    ],
    ids=lambda name: str(name[0]),
)
def test_an_id_that_makes_a_key_too_long_can_never_be_accepted(name: Name) -> None:
    with pytest.raises(Quarantined) as refused:
        key_of(name)

    assert refused.value.code == "bad_id"


def test_the_longest_key_leaves_room_for_an_index_to_hold_it() -> None:
    """A sort key of DynamoDB has 1,024 bytes; an index's holds the kind and the date as well."""
    identity = "x" * (LONGEST_KEY - len("RECURRING_PAYMENT#shop#"))
    record = ("recurring_payment", "shop", identity)

    key_of(record)
    placed = index_keys(record, head(contact_id="c1", customer_id="cus_1", date=10**14))

    assert all(len(value["S"]) <= 1_024 for value in placed.values())


def test_the_chart_names_every_kind() -> None:
    chart = str(table_keys.__doc__)

    described = set(re.findall(r"^    (\w+)  ", chart, re.MULTILINE))

    drawn_as = {"recurring_payment": "record", "order": "record"}
    assert {drawn_as.get(kind, kind) for kind in KINDS} <= described


def test_keys_are_made_nowhere_else() -> None:
    """The table stays legible only while one module knows its keys."""
    root = Path(table_keys.__file__).parents[2]
    own = {"table.py", "table_keys.py", "table_walk.py", "table_writes.py"}
    makers = re.compile(r'"(?:pk|sk|gsi[12][ps]k)"|KeyConditionExpression')

    found = [
        str(path.relative_to(root))
        for folder in ("functions", "shared")
        for path in (root / folder).rglob("*.py")
        if path.name not in own and makers.search(path.read_text())
    ]

    assert found == []
