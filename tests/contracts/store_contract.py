"""What every Store must do: the real table on each DynamoDB we can ask, and the fake in a dict.

A test module subclasses `StoreContract` and says how a fresh store is made. The fake is trusted by
hundreds of tests, so it must not drift from the table: it passes the very same suite.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Contended
from shared.domain.ports import Check, Name, Write
from shared.domain.timeline import Change, Entry

EMAIL = "ada@example.com"


def head(**changed: Any) -> dict[str, Any]:
    """Return a record's head, as far as a store looks into it."""
    about = {"shown": True, "contact_id": None, "email": None, "customer_id": None, "date": 1}
    return {"version": 1, "facets": {}, **about, **changed}


def entry(at: int, event: str = "evt_1", **changed: Any) -> Entry:
    """Return an entry of a record's history."""
    about = {"rank": 10, "event_type": "t", "received_at": at, "said": {}, **changed}
    return Entry(at=at, event_id=event, **about)


def entry_name(record: Name, told: Entry) -> Name:
    """Return the name an entry is stored under, as records make it."""
    at, rank, turn, received_at, event = told.place
    return ("entry", *record, f"{at:015d}.{rank:02d}{turn}.{received_at:015d}.{event}")


ORDER: Name = ("order", "shop", "in_1")
CONTACT: Name = ("contact", "c1")
DOCUMENTS: dict[Name, dict[str, Any]] = {
    ("event", "shop", "evt_1", "invoice.paid"): {
        "version": 1,
        "digest": "d",
        "body": b"\x00\xffraw",
        "expires_at": 1_800_000_000,
        "messages": [{"to": "jobs", "job": "refresh_customer", "subject": None}],
    },
    ("ref", "shop", "document:in_1"): {"version": 3, "order_id": "in_1"},
    ("look", "shop", "cus_1", "USD", "1900"): {"version": 1, "seen": [["in_1", 5, "document"]]},
    ("alike", EMAIL, "USD", "1900", "20717"): {"version": 1, "seen": [["shop", "in_1", 5]]},
    ("duplicate", "dup_1"): {"version": 1, "orders": [["shop", "in_1", 5], ["kick", "7", 6]]},
    ("customer", "shop", "cus_1"): {"version": 2, "said": []},
    ("catalogue", "shop", "price", "price_1"): {"version": 1, "at": 5, "values": {"name": "Tea"}},
    ("email", EMAIL): {"version": 1, "contact_id": "c1"},
    CONTACT: {"version": 7, "email": EMAIL, "revenue": {"USD": {"net": 1, "orders": 1}}},
    ("connection", "shop"): {"version": 1, "connection_id": "shop", "mode": "live"},
    ("key", "k1"): {"version": 1, "name": "\u00e9\u4e2d\U0001f600"},
    ("secret", "ab" * 32): {"version": 1, "key_id": "k1"},
    ("settings",): {"version": 1, "timezone": "Europe/Paris"},
    ("quarantine", "000000000000005-abc"): {"version": 1, "code": "thin_event", "body": b"{}"},
    ("broken", "f" * 40): {"version": 1, "reason": "x"},
    ("seen", "shop"): {"version": 1, "at": None, "big": 2**53, "no": False, "part": 0.5},
}


class StoreContract:
    """The suite; a subclass overrides the fixture `store`."""

    @pytest.fixture
    def store(self) -> Any:
        raise NotImplementedError

    @pytest.mark.parametrize("name", DOCUMENTS, ids=lambda name: str(name[0]))
    def test_a_document_comes_back_as_it_was_written(self, store: Any, name: Name) -> None:
        store.commit([Write(name, DOCUMENTS[name], 0)])

        assert store.read([name]) == {name: DOCUMENTS[name]}

    def test_what_does_not_exist_is_none(self, store: Any) -> None:
        assert store.read([ORDER, CONTACT]) == {ORDER: None, CONTACT: None}
        assert store.read([]) == {}
        assert store.history(ORDER) == []
        assert store.of_contact("c1", None) == ([], None)

    def test_many_documents_are_read_in_one_go(self, store: Any) -> None:
        names: list[Name] = [("ref", "shop", f"intent:pi_{number}") for number in range(230)]
        for name in names[::2]:
            store.commit([Write(name, {"version": 1, "order_id": name[2]}, 0)])

        found = store.read([*names, *names])

        assert list(found) == names
        assert {name for name in names if found[name] is not None} == set(names[::2])

    def test_what_was_read_is_the_readers_own(self, store: Any) -> None:
        store.commit([Write(CONTACT, DOCUMENTS[CONTACT], 0)])

        store.read([CONTACT])[CONTACT]["revenue"]["USD"]["net"] = 99

        assert store.read([CONTACT])[CONTACT] == DOCUMENTS[CONTACT]

    def test_what_must_not_exist_is_written_once(self, store: Any) -> None:
        store.commit([Write(CONTACT, {"version": 1, "a": 1}, 0)])

        with pytest.raises(Contended):
            store.commit([Write(CONTACT, {"version": 1, "a": 2}, 0)])

        assert store.read([CONTACT])[CONTACT] == {"version": 1, "a": 1}

    @pytest.mark.parametrize("expected", [1, 3])
    def test_another_version_than_the_expected_one_is_refused(
        self, store: Any, expected: int
    ) -> None:
        store.commit([Write(CONTACT, {"version": 2}, 0)])

        for step in (Write(CONTACT, {"version": 9}, expected), Write(CONTACT, None, expected)):
            with pytest.raises(Contended):
                store.commit([step])
        store.commit([Write(CONTACT, {"version": 3}, 2)])

        assert store.read([CONTACT])[CONTACT] == {"version": 3}

    def test_whatever_there_is_is_replaced_or_removed_if_nothing_is_expected(
        self, store: Any
    ) -> None:
        store.commit([Write(CONTACT, {"version": 1}, None)])
        store.commit([Write(CONTACT, {"version": 5}, None)])
        assert store.read([CONTACT])[CONTACT] == {"version": 5}

        store.commit([Write(CONTACT, None, None)])
        store.commit([Write(CONTACT, None, None)])

        assert store.read([CONTACT])[CONTACT] is None

    @pytest.mark.parametrize(
        "refused",
        [
            Write(CONTACT, {"version": 9}, 0),
            Write(CONTACT, {"version": 9}, 2),
            Write(ORDER, head(), 1),
            Check(CONTACT, 0),
            Check(CONTACT, 2),
            Check(ORDER, 1),
        ],
        ids=repr,
    )
    def test_a_commit_is_all_or_nothing(self, store: Any, refused: Write | Check) -> None:
        store.commit([Write(CONTACT, {"version": 1}, 0)])
        fine: Name = ("email", EMAIL)

        for steps in ([Write(fine, {"version": 1}, 0), refused], [refused, Write(fine, {}, None)]):
            with pytest.raises(Contended):
                store.commit(steps)

        assert store.read([fine, CONTACT, ORDER]) == {
            fine: None,
            CONTACT: {"version": 1},
            ORDER: None,
        }

    def test_checks_that_hold_let_a_commit_through(self, store: Any) -> None:
        store.commit([Write(CONTACT, {"version": 4}, 0)])

        store.commit([Write(ORDER, head(), 0), Check(CONTACT, 4), Check(("email", EMAIL), 0)])

        assert store.read([ORDER])[ORDER] is not None

    def test_a_history_comes_in_the_order_of_its_places(self, store: Any) -> None:
        told = [entry(at, f"evt_{at}") for at in (5, 40, 300, 2_000)]
        for each in reversed(told):
            store.commit([Write(entry_name(ORDER, each), {"entry": each}, None)])
        other: Name = ("order", "shop", "in_10")
        store.commit([Write(entry_name(other, entry(1)), {"entry": entry(1)}, None)])

        assert store.history(ORDER) == told
        assert store.latest(ORDER, 3) == told[:0:-1]

    def test_an_entry_comes_back_whole(self, store: Any) -> None:
        told = entry(
            7,
            before={"terms": {"status": "active"}},
            refs=("document:in_1", "intent:pi_1"),
            creation=True,
            kind="updated",
            changes=[Change("status", "active", None), Change("line_items", [], [{"a": "1"}])],
            late=True,
            recorded_at=9,
            contact_id="c1",
            contact_version=3,
            turn=2,
        )

        store.commit([Write(entry_name(ORDER, told), {"entry": told}, None)])

        assert store.history(ORDER) == [told]

    def test_records_are_found_by_whom_they_wait_for_or_belong_to(self, store: Any) -> None:
        waiting: Name = ("order", "shop", "waits")
        theirs: Name = ("recurring_payment", "shop", "theirs")
        store.commit([Write(waiting, head(email=EMAIL, customer_id="cus_1"), 0)])
        store.commit([Write(theirs, head(email=EMAIL, contact_id="c1", customer_id="cus_1"), 0)])
        store.commit([Write(("order", "shop", "hidden"), head(email=EMAIL, shown=False), 0)])
        tombstone = {"version": 1, "merged_into": "x"}
        store.commit([Write(("order", "shop", "gone"), tombstone, 0)])
        other: Name = ("order", "other", "o")
        store.commit([Write(other, head(contact_id="c2", customer_id="cus_1"), 0)])

        assert store.waiting(EMAIL, None) == ([waiting], None)
        assert store.of_contact("c1", None) == ([theirs], None)
        assert store.of_customer("shop", "cus_1", None)[0] == [waiting, theirs]
        assert store.of_customer("other", "cus_1", None)[0] == [other]

    def test_a_record_that_is_claimed_waits_no_more(self, store: Any) -> None:
        store.commit([Write(ORDER, head(email=EMAIL), 0)])

        store.commit([Write(ORDER, head(email=EMAIL, contact_id="c1", version=2), 1)])

        assert store.waiting(EMAIL, None) == ([], None)
        assert store.of_contact("c1", None) == ([ORDER], None)

    def test_many_records_are_found_page_by_page_and_each_once(self, store: Any) -> None:
        names: list[Name] = [("order", "shop", f"in_{number}") for number in range(60)]
        for number, name in enumerate(names):
            about = head(contact_id="c1", email=EMAIL, customer_id="cus_1", date=number % 7)
            store.commit([Write(name, about, 0)])

        for listing, of in ((store.of_contact, ["c1"]), (store.of_customer, ["shop", "cus_1"])):
            found, cursor = listing(*of, None)
            while cursor is not None:
                page, cursor = listing(*of, cursor)
                found = [*found, *page]
            assert sorted(found) == sorted(names)

    def test_the_newest_records_of_a_contact_come_first(self, store: Any) -> None:
        for number, date in enumerate((5, 1, 9)):
            store.commit(
                [Write(("order", "shop", str(number)), head(contact_id="c1", date=date), 0)]
            )
        later = head(contact_id="c1", date=99)
        store.commit([Write(("recurring_payment", "shop", "s"), later, 0)])

        newest = store.newest_of_contact("c1", "order", 2)

        assert newest == [("order", "shop", "2"), ("order", "shop", "0")]
        assert store.newest_of_contact("c1", "recurring_payment", 5) == [
            ("recurring_payment", "shop", "s")
        ]

    def test_refused_events_are_listed_the_newest_first(self, store: Any) -> None:
        for number in range(3):
            identity = f"{number:015d}-x"
            row = {"version": 1, "id": identity, "code": "thin_event"}
            store.commit([Write(("quarantine", identity), row, None)])

        rows, following = store.listed("quarantine", 2, None)
        rest, end = store.listed("quarantine", 2, following)

        assert [row["id"][14] for row in [*rows, *rest]] == ["2", "1", "0"]
        assert end is None
