"""API stores over HTTP: a request's people, kept events and jobs, and how much it may hold."""

from __future__ import annotations

import json

import pytest

from shared.domain.errors import Contended
from shared.domain.ports import Check, Write
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.support.api_client import ApiClient
from tests.support.store_items import DAYS, ApiStore, orders_of, sale


def test_the_email_makes_a_contact_and_the_name_fills_its_blanks() -> None:
    store = ApiStore()
    store.client.put("/v1/contacts", {"email": "ada@example.com", "first_name": "Countess"})

    store.put(ORDER, sale(customer={"first_name": "Ada", "phone": "555"}, store_customer_id=None))

    found = store.client.get("/v1/contacts/ada@example.com").body
    assert (found["first_name"], found["phone"]) == ("Countess", "555")
    assert found["orders"][0]["store_order_id"] == "o-1"


def test_an_item_without_an_email_waits_for_one() -> None:
    store = ApiStore()

    store.put(ORDER, sale(email=None, store_customer_id=None))
    nobody = store.client.get("/v1/contacts/ada@example.com")
    store.put(ORDER, sale())

    assert nobody.status == 404
    assert len(orders_of(store)) == 1


def test_the_kept_event_holds_the_item_as_it_was_sent() -> None:
    store = ApiStore()

    store.put(ORDER, sale(store_modified_date=DAYS[1]))

    (event,) = store.events()
    kept = json.loads(event["body"])
    assert kept["item"]["gross"] == "19.00"
    assert (event["provider"], event["source"], event["outcome"]) == ("api", "live", "applied")


def test_jobs_are_sent_before_the_commit_for_later_and_after_it_for_now() -> None:
    client = ApiClient(store=ApiStore().shop.memory)

    client.put("/v1/orders", {"items": [sale(customer={"first_name": "Ada"})]})
    assert client.outbox.followed == []  # no record is of somebody nobody has heard of

    client.now += 1_000
    renamed = sale(store_order_id="o-2", customer={"first_name": "Adele"})
    client.put("/v1/orders", {"items": [renamed]})

    assert [(when, job["job"]) for when, job in client.outbox.followed] == [
        ("later", "refresh_customer"),
        ("now", "refresh_customer"),
    ]


def test_a_rival_in_between_is_folded_in(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ApiStore()
    memory, rivals = store.shop.memory, [1, 2]
    commit = memory.commit

    def contended(steps: list[Write | Check]) -> None:
        if rivals:
            rivals.pop()
            raise Contended("somebody was faster")
        commit(steps)

    monkeypatch.setattr(memory, "commit", contended)
    results = store.put(ORDER, sale(), sale(store_order_id="o-2"))

    assert [each["status"] for each in results] == ["created", "created"]


def test_jobs_of_a_customer_who_goes_by_an_address_do_not_go_by_it() -> None:
    store = ApiStore()
    stated = {"store_customer_id": "ada@example.com"}

    store.client.put("/v1/orders", {"items": [sale(**stated, customer={"first_name": "Ada"})]})
    for number, name in enumerate(("Adele", "Ida")):
        renamed = sale(**stated, store_order_id=f"o-{number}", customer={"first_name": name})
        store.client.put("/v1/orders", {"items": [renamed]})

    subjects = [job["subject"] for _, job in store.client.outbox.followed]
    assert len(subjects) > 1
    assert len(set(subjects)) == 1, "what is of one customer stays in one order"
    assert "@" not in subjects[0]


def test_items_of_one_request_are_read_together() -> None:
    store = ApiStore()
    items = [sale(store_order_id=f"o-{n}", email=f"p{n}@example.com") for n in range(100)]
    before = store.shop.memory.reads

    store.put(ORDER, *items)

    # The key, what all of them need, and what each turns out to need beyond that.
    assert store.shop.memory.reads - before <= 2 + 2 * len(items)


def test_a_hundred_items_are_done_and_one_more_is_refused_whole() -> None:
    store = ApiStore()
    items = [sale(store_order_id=f"o-{n}") for n in range(101)]

    refused = store.client.put("/v1/orders", {"items": items})
    done = store.put(ORDER, *items[:100])

    assert (refused.status, list(refused.faults)) == (422, ["items"])
    assert {each["status"] for each in done} == {"created"}
    assert store.client.get("/v1/contacts/ada@example.com").body["orders_count"] == 100


def test_no_items_have_no_results() -> None:
    assert ApiStore().put(RECURRING_PAYMENT) == []
