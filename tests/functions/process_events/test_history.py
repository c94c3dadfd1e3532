"""Importing contacts with tags and lists: each page once, whoever dies or comes twice."""

from __future__ import annotations

from typing import Any

import pytest

from infra.samples.activecampaign import STARTS_AT, Account, Person, webhook
from shared.adapters.table import Table
from shared.domain import contact_import, contacts, emails
from shared.providers.activecampaign_api import PAGE_CONTACTS
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.history import HistoryShop

PEOPLE = 2 * PAGE_CONTACTS + 5


def people_of(shop: HistoryShop) -> dict[str, dict[str, Any]]:
    return {
        document["email"]: document
        for name, document in shop.memory.documents.items()
        if name[0] == "contact"
    }


def labels(contact: dict[str, Any], kind: str) -> dict[str, int]:
    return {each[kind]: each["applied_date"] for each in contact[f"{kind}s"]}


def check(shop: HistoryShop, account: Account) -> None:
    """Hold what was imported against the account itself."""
    found = people_of(shop)
    assert set(found) == {emails.normalise(each.email) for each in account.people}
    for person in account.people:
        contact = found[person.email]
        assert (contact["first_name"], contact["last_name"]) == (
            person.first_name,
            person.last_name,
        )
        assert contact["created_date"] == person.created
        assert labels(contact, "tag") == person.tags
        assert labels(contact, "list") == {n: at for n, at in person.lists.items() if at > 0}


def test_an_account_becomes_contacts_with_dated_tags_and_lists() -> None:
    account = Account(PEOPLE)
    account.people[0].lists["Left"] = -(STARTS_AT + 1)
    shop = HistoryShop(account)

    started = shop.start()
    queued = shop.progress
    outcomes = shop.run()

    assert queued == {
        "status": "queued", "imported": 0, "total": None, "job_id": started["job_id"],
    }  # fmt: skip
    assert outcomes == ["applied"] * 3
    assert shop.progress == {**queued, "status": "ready", "imported": PEOPLE, "total": PEOPLE}
    check(shop, account)
    told = contact_import.answer(shop.job)
    assert (told["kind"], told["state"]) == ("import_history", "done")
    assert told["result"]["created"] == PEOPLE


def test_over_the_real_table_it_comes_to_the_same() -> None:
    account, fake = Account(PEOPLE), FakeDynamoDB()
    shop = HistoryShop(account, store=Table(fake.schema.name, fake))
    shop.receive(webhook("open", account.people[3], STARTS_AT + 9000))
    shop.receive(webhook("contact_tag_removed", account.people[0], STARTS_AT + 9000))

    shop.start()
    outcomes = shop.run()

    assert outcomes == ["applied"] * 3
    assert shop.progress["imported"] == PEOPLE
    names = [("email", each.email) for each in account.people]
    claims = shop.store.read(names)
    told = shop.store.read(("contact", (claims[name] or {})["contact_id"]) for name in names)
    found = {(each or {})["email"]: dict(each or {}) for each in told.values()}
    assert found["person4@example.com"]["last_open_date"] == STARTS_AT + 9000
    assert found["person1@example.com"]["tags"] == []
    for person in account.people[1:]:
        assert labels(found[person.email], "tag") == person.tags


def test_the_connection_tells_how_far_it_is_after_each_page() -> None:
    shop = HistoryShop(Account(PEOPLE))
    shop.start()
    told = []

    def note(body: bytes) -> list[bytes]:
        told.append((shop.progress["status"], shop.progress["imported"], shop.progress["total"]))
        return [body]

    shop.on_page = note
    shop.run()

    assert told == [
        ("queued", 0, None),
        ("running", PAGE_CONTACTS, PEOPLE),
        ("running", 2 * PAGE_CONTACTS, PEOPLE),
    ]


def test_a_page_that_comes_twice_counts_once() -> None:
    account = Account(PEOPLE)
    shop = HistoryShop(account)
    shop.start()

    def twice(body: bytes) -> list[bytes]:
        return [body, body] if len(shop.outbox.calls) == 0 else []

    shop.on_page = twice
    shop.run()

    assert shop.progress["imported"] == PEOPLE
    check(shop, account)


def test_a_worker_that_dies_at_any_commit_leaves_nothing_half_done() -> None:
    account = Account(PEOPLE)
    whole = HistoryShop(account)
    whole.start()
    whole.run()

    for stop in (1, 2):
        shop = HistoryShop(account)
        shop.start()
        shop.stops_after = stop
        shop.run()
        # The next page's call is lost, with all that was on its way.
        shop.outbox.calls.clear()
        shop.stops_after = None
        assert shop.progress["imported"] == stop * PAGE_CONTACTS

        again = shop.start()
        shop.run()

        assert again == {"job_id": shop.progress["job_id"], "state": "running"}
        assert shop.progress["imported"] == whole.progress["imported"]
        assert shop.job["counts"] == whole.job["counts"]
        check(shop, account)


def test_asking_twice_is_one_import() -> None:
    account = Account(PEOPLE)
    shop = HistoryShop(account)

    first, second = shop.start(), shop.start()
    shop.run()

    assert first == second
    assert shop.job["counts"] == {"created": PEOPLE, "updated": 0, "unchanged": 0, "rejected": 0}
    check(shop, account)


def test_an_import_that_is_done_can_be_begun_anew_and_changes_nothing() -> None:
    account = Account(PAGE_CONTACTS + 1)
    shop = HistoryShop(account)
    first = shop.start()
    shop.run()
    before = people_of(shop)

    second = shop.start()
    shop.run()

    assert first["job_id"] != second["job_id"]
    assert people_of(shop) == before
    assert shop.job["counts"]["unchanged"] == PAGE_CONTACTS + 1
    assert shop.progress["status"] == "ready"


def test_a_refused_token_fails_the_import_and_a_mended_one_goes_on_where_it_stopped() -> None:
    account = Account(PEOPLE)
    shop = HistoryShop(account)
    shop.start()
    shop.stops_after = 1
    shop.run()
    good, shop.token, shop.stops_after = shop.token, "revoked", None

    shop.run()
    failed = shop.progress
    told = contact_import.answer(shop.job)["result"]["errors"]
    shop.token = good
    resumed = shop.start()
    shop.run()

    assert (failed["status"], failed["imported"]) == ("failed", PAGE_CONTACTS)
    assert told == [{"row": None, "path": "", "message": "ActiveCampaign's API answers 403"}]
    assert resumed == {"job_id": failed["job_id"], "state": "queued"}
    assert shop.progress["imported"] == PEOPLE
    check(shop, account)


def test_people_who_are_known_keep_their_names_and_gain_labels() -> None:
    account = Account()
    account.people = [
        Person(1, "ada@example.com", "Ada", "L", tags={"VIP": STARTS_AT}, lists={"News": STARTS_AT})
    ]
    shop = HistoryShop(account)
    shop.add_contact("ada@example.com")
    held = next(iter(people_of(shop)))
    document = people_of(shop)[held]
    document.update(first_name="Augusta", tags=[{"tag": "VIP", "applied_date": 5}])

    shop.start()
    shop.run()

    found = people_of(shop)["ada@example.com"]
    assert (found["first_name"], found["last_name"]) == ("Augusta", "L")
    assert labels(found, "tag") == {"VIP": 5}
    assert labels(found, "list") == {"News": STARTS_AT}
    assert shop.job["counts"]["updated"] == 1


def test_one_address_twice_in_the_account_is_one_contact_and_none_is_rejected_alone() -> None:
    account = Account()
    account.people = [
        Person(1, "ada@example.com", "Ada", tags={"one": STARTS_AT}),
        Person(2, "ADA@example.com", "Adele", tags={"two": STARTS_AT}),
        Person(3, ""),
        Person(4, "bob@example.com"),
    ]
    shop = HistoryShop(account)

    shop.start()
    shop.run()

    assert labels(people_of(shop)["ada@example.com"], "tag") == {"one": STARTS_AT, "two": STARTS_AT}
    assert shop.job["counts"] == {"created": 2, "updated": 1, "unchanged": 0, "rejected": 1}
    (fault,) = shop.job["errors"]
    assert (fault["path"], fault["message"]) == ("email", "is not an email address")


def test_where_nobody_may_be_made_only_known_people_are_completed() -> None:
    account = Account(3)
    shop = HistoryShop(account, policy="match_only")
    shop.add_contact("person2@example.com")

    shop.start()
    shop.run()

    found = people_of(shop)
    assert list(found) == ["person2@example.com"]
    assert found["person2@example.com"]["last_name"] == "Last 2"
    assert shop.progress["imported"] == 3


def test_what_waited_for_an_imported_address_is_attached() -> None:
    account = Account(1)
    shop = HistoryShop(account)
    shop.receive(webhook("open", account.people[0], STARTS_AT + 9000))

    shop.start()
    shop.run()

    assert people_of(shop)["person1@example.com"]["last_open_date"] == STARTS_AT + 9000


def test_a_page_of_strangers_stays_in_one_transaction() -> None:
    shop = HistoryShop(Account(PAGE_CONTACTS))
    sizes: list[int] = []
    commit = shop.memory.commit

    def counted(steps: Any) -> None:
        sizes.append(len(steps))
        commit(steps)

    shop.memory.commit = counted  # type: ignore[method-assign]
    shop.start()
    shop.run()

    assert max(sizes) <= 98


def test_somebody_with_too_many_tags_is_told_of_and_holds_nobody_back() -> None:
    account = Account()
    many = {f"tag {number}": STARTS_AT for number in range(501)}
    account.people = [Person(1, "ada@example.com", tags=many), Person(2, "bob@example.com")]
    shop = HistoryShop(account)

    shop.start()
    shop.run()

    assert shop.job["counts"]["rejected"] == 1
    assert shop.progress["status"] == "ready"
    assert people_of(shop)["ada@example.com"] == {
        **contacts.new(people_of(shop)["ada@example.com"]["contact_id"], "ada@example.com", 0),
        "created_date": STARTS_AT,
        "version": 1,
    }


@pytest.mark.parametrize("state", ["gone", "ended"])
def test_a_page_nobody_waits_for_changes_nothing(state: str) -> None:
    shop = HistoryShop(Account(2))
    shop.start()
    if state == "gone":
        del shop.memory.documents["job", shop.progress["job_id"]]
        shop.ask()
        assert shop.outbox.calls == []
        return

    shop.ask()
    shop.job["state"] = "done"
    shop.run()

    assert people_of(shop) == {}
