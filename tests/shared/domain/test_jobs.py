"""Paged jobs: each record its own transaction, done again without harm."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import directory, jobs
from shared.domain.errors import Retryable
from shared.domain.folding import Habits, Plan
from shared.domain.ports import Missing, Name, Page, Reading, Store, Write
from tests.fakes.memory_store import MemoryStore
from tests.laws import words
from tests.support.shop import Shop

ADA = "ada@example.com"
ORDER: Name = ("order", "shop", "pi_1")
SUBSCRIPTION: Name = ("recurring_payment", "shop", "sub_1")
CUSTOMER: Name = ("customer", "shop", "cus_1")
HABITS = Habits(states_creation=True, fetchable=frozenset())


def _run(job: dict[str, Any], name: Name, store: Store) -> Plan:
    reading = Reading()
    while True:
        try:
            return jobs.fold_record(job, name, HABITS, reading, now=9, new_id=lambda: "contact-9")
        except Missing as missing:
            reading.load(store, missing)


def _recount(contact_id: str, store: Store, names: list[Name], **more: Any) -> Plan:
    job = {"job": "recount_contact", "contact_id": contact_id, **more}
    reading = Reading()
    while True:
        try:
            return jobs.recount(job, reading, names, now=9, new_id=lambda: "x")
        except Missing as missing:
            reading.load(store, missing)


def _shop() -> Shop:
    shop = Shop()
    shop.hear_all([words.customer("1", 0, ADA), words.charge("1", 1)])
    return shop


class _Paged(MemoryStore):
    """A store that answers one record a page."""

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        return _page(super().of_customer(connection_id, customer_id, None)[0], cursor)

    def waiting(self, email: str, cursor: str | None) -> Page:
        return _page(super().waiting(email, None)[0], cursor)

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        return _page(super().of_contact(contact_id, None)[0], cursor)


def _page(names: list[Name], cursor: str | None) -> Page:
    start = int(cursor or 0)
    return names[start : start + 1], str(start + 1) if start + 1 < len(names) else None


@pytest.mark.parametrize(
    ("job", "names"),
    [
        ({"job": "refresh_customer", "connection_id": "shop", "customer_id": "cus_1"}, [ORDER]),
        ({"job": "refresh_customer", "connection_id": "other", "customer_id": "cus_1"}, []),
        ({"job": "attach_contact", "email": ADA}, []),
        (
            {"job": "attach_record", "connection_id": "shop", "record": "order", "id": "pi_1"},
            [ORDER],
        ),
        ({"job": "recount_contact", "contact_id": "contact-1"}, [("contact", "contact-1")]),
    ],
)
def test_job_names_what_it_goes_through(job: dict[str, Any], names: list[Name]) -> None:
    found, cursor = jobs.names_of(job, _shop().store)

    assert (found, cursor) == (names, None)


def test_customers_records_are_all_reached_page_by_page() -> None:
    shop = Shop(store=_Paged())
    shop.hear_all([words.charge(str(n), 60 * n, amount=100 * (n + 1)) for n in range(5)])

    shop.hear(words.customer("1", 0, ADA))

    assert {view["email"] for view in shop.orders().values()} == {ADA}
    assert shop.contacts()[ADA]["orders_count"] == 5


def test_dates_are_counted_over_all_pages() -> None:
    shop = Shop(store=_Paged())
    shop.hear(words.customer("2", 0, ADA))
    shop.hear_all([words.charge(str(n), 60 * n, customer="cus_2") for n in (1, 2, 3)])
    shop.hear_all([words.customer("9", 0, ADA), words.charge("9", 5, customer="cus_9")])

    shop.hear(words.customer("9", 500, "king@example.com"))

    assert shop.contacts()[ADA]["first_order_date"] == words.at(60)


def test_record_that_shows_its_customer_already_is_left_alone() -> None:
    job = {"job": "refresh_customer", "connection_id": "shop", "customer_id": "cus_1"}

    plan = _run(job, ORDER, _shop().store)

    assert (plan.outcome, plan.steps) == ("unchanged", [])


@pytest.mark.parametrize(("policy", "matched"), [("create", True), ("match_only", False)])
def test_record_of_somebody_erased_whom_the_first_run_missed_is_matched_by_the_next(
    policy: str, matched: bool
) -> None:
    """The index had not listed it yet, and no word is left that would tell it anything."""
    shop = Shop(policy=policy)
    shop.hear(words.subscription("1", 0))
    held = shop.store.read([CUSTOMER])[CUSTOMER] or {}
    erased = {**held, "erased": [words.at(9), None], "version": held["version"] + 1}
    book = directory.erased(None, words.at(9))
    shop.store.commit([Write(CUSTOMER, erased, None), Write(directory.NAME, book, None)])
    about = {"connection_id": "shop", "customer_id": "cus_1", "again": True}

    plan = _run({"job": "refresh_customer", **about}, SUBSCRIPTION, shop.store)

    heads = [s for s in plan.steps if isinstance(s, Write) and s.name == SUBSCRIPTION]
    assert [bool((each.document or {})["contact_id"]) for each in heads] == [True] * matched


def test_record_that_is_gone_is_passed_over() -> None:
    shop = _shop()
    shop.hear(words.invoice("1", 2))
    job = {"job": "refresh_customer", "connection_id": "shop", "customer_id": "cus_1"}

    assert _run(job, ORDER, shop.store).outcome == "ignored"


def test_job_of_a_connection_that_is_gone_does_nothing() -> None:
    store = MemoryStore()

    plan = _run({"job": "attach_contact", "email": ADA}, ORDER, store)

    assert (plan.outcome, plan.steps) == ("ignored", [])


def test_counting_again_what_is_right_writes_nothing() -> None:
    shop = _shop()

    plan = _recount("contact-1", shop.store, [ORDER])

    assert (plan.outcome, plan.steps) == ("unchanged", [])


def test_counting_again_sets_the_dates_from_all_records() -> None:
    shop = _shop()
    contact = shop.memory.documents["contact", "contact-1"]
    contact |= {"first_order_date": 1, "last_order_date": 2, "first_start_date": 3}

    plan = _recount("contact-1", shop.store, [ORDER])

    (step,) = plan.steps
    document = getattr(step, "document", None)
    assert document is not None
    assert document["first_order_date"] == document["last_order_date"] == words.at(1)
    assert document["first_start_date"] is None


def test_nothing_is_counted_while_the_index_lacks_an_order() -> None:
    shop = _shop()
    shop.memory.documents["contact", "contact-1"]["first_order_date"] = 1

    assert _recount("contact-1", shop.store, []).outcome == "unchanged"
    with pytest.raises(Retryable):
        _recount("contact-1", shop.store, [], again=True)


def test_record_the_index_still_lists_but_that_went_elsewhere_is_not_counted() -> None:
    shop = _shop()
    shop.hear(words.charge("2", 5, customer="cus_2", email="bob@example.com"))
    shop.memory.documents["contact", "contact-1"]["last_order_date"] = 1

    plan = _recount("contact-1", shop.store, [ORDER, ("order", "shop", "pi_2")])

    (step,) = plan.steps
    document = getattr(step, "document", None)
    assert document is not None
    assert document["last_order_date"] == words.at(1)


def test_contact_that_is_gone_is_not_counted() -> None:
    assert _recount("nobody", MemoryStore(), []).outcome == "ignored"
