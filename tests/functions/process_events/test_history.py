"""Importing contacts with tags and lists: each object an event, each page counted once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.samples.activecampaign import STARTS_AT, Account, Person, webhook
from shared.adapters.table import Table
from shared.domain import emails, history_progress
from shared.providers.activecampaign_api import PAGE_CONTACTS, ActiveCampaignApi
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.activecampaign_api import TOKEN, ActiveCampaignStandIn
from tests.support.history import HistoryShop

PEOPLE = 2 * PAGE_CONTACTS + 5


class Crm:
    """ActiveCampaign connections, each with an account behind its API."""

    def __init__(self) -> None:
        self._open: list[Any] = []

    def __call__(self, account: Account, token: str = TOKEN, **about: Any) -> HistoryShop:
        stand_in = ActiveCampaignStandIn(account)
        stand_in.__enter__()
        api = ActiveCampaignApi(stand_in.url, token, sleep=lambda _: None)
        self._open.append((stand_in, api))
        return HistoryShop(api, provider="activecampaign", **about)

    def close(self) -> None:
        for stand_in, api in self._open:
            api.close()
            stand_in.__exit__(None, None, None)


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.close()


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


def test_an_account_becomes_contacts_with_dated_tags_and_lists(crm: Crm) -> None:
    account = Account(PEOPLE)
    account.people[0].lists["Left"] = -(STARTS_AT + 1)
    shop = crm(account)

    started = shop.start()
    queued = shop.progress
    shop.run()

    assert (queued["status"], queued["imported"], queued["total"]) == ("queued", 0, None)
    assert queued["job_id"] == started["job_id"]
    told = shop.progress
    assert (told["status"], told["imported"], told["total"]) == ("ready", PEOPLE, PEOPLE)
    assert (told["pages"], told["phase"], told["errors"]) == (3, "contacts", [])
    check(shop, account)
    job = history_progress.answer(shop.job)
    assert (job["kind"], job["state"]) == ("import_history", "done")
    assert job["progress"] == {"done": PEOPLE, "total": PEOPLE}


def test_over_the_real_table_it_comes_to_the_same(crm: Crm) -> None:
    account, fake = Account(12), FakeDynamoDB()
    shop = crm(account, store=Table(fake.schema.name, fake))
    shop.receive(webhook("open", account.people[3], STARTS_AT + 9000))
    shop.receive(webhook("contact_tag_removed", account.people[0], STARTS_AT + 9000))

    shop.start()
    shop.run()

    assert (shop.progress["status"], shop.progress["imported"]) == ("ready", 12)
    names = [("email", each.email) for each in account.people]
    claims = shop.store.read(names)
    told = shop.store.read(("contact", (claims[name] or {})["contact_id"]) for name in names)
    found = {(each or {})["email"]: dict(each or {}) for each in told.values()}
    assert found["person4@example.com"]["last_open_date"] == STARTS_AT + 9000
    for person in account.people[1:]:
        assert labels(found[person.email], "tag") == person.tags


def test_the_connection_is_told_of_the_start_and_the_end_alone(crm: Crm) -> None:
    shop = crm(Account(PEOPLE))
    shop.start()
    versions = {shop.connection["version"]}
    done = set()

    def note(step: int) -> None:
        versions.add(shop.connection["version"])
        done.add(shop.progress["imported"])

    shop.on_step = note
    shop.run()
    versions.add(shop.connection["version"])

    assert len(versions) == 2
    assert {0, PEOPLE} < done | {PEOPLE}
    assert shop.connection["history"]["status"] == "ready"


def test_asking_twice_is_one_import(crm: Crm) -> None:
    account = Account(PEOPLE)
    shop = crm(account)

    first, second = shop.start(), shop.start()
    shop.run()

    assert first == second
    assert shop.progress["imported"] == PEOPLE
    check(shop, account)


def test_an_import_that_is_done_can_be_begun_anew_and_changes_nothing(crm: Crm) -> None:
    account = Account(7)
    shop = crm(account)
    first = shop.start()
    shop.run()
    before = people_of(shop)

    second = shop.start()
    meanwhile = shop.connection["history"]
    shop.run()

    assert first["job_id"] != second["job_id"]
    assert people_of(shop) == before
    assert (shop.progress["status"], shop.progress["imported"]) == ("ready", 7)
    assert meanwhile["status"] == "queued"
    assert history_progress.is_complete(meanwhile)


def test_a_refused_token_fails_the_import_and_a_mended_one_goes_on(crm: Crm) -> None:
    account = Account(PEOPLE)
    shop, refused = crm(account), crm(account, token="revoked")
    good, shop.api = shop.api, refused.api
    shop.start()
    shop.run()

    failed, told = shop.progress, shop.connection["history"]
    shop.api = good
    resumed = shop.start()
    shop.run()

    assert (failed["status"], failed["imported"]) == ("failed", 0)
    assert failed["errors"] == [{"id": None, "message": "ActiveCampaign's API answers 403"}]
    assert told["status"] == "failed"
    assert resumed == {"job_id": failed["job_id"], "state": "queued"}
    assert (shop.progress["status"], shop.progress["errors"]) == ("ready", [])
    assert shop.progress["imported"] == PEOPLE
    check(shop, account)


def test_people_who_are_known_keep_their_names_and_gain_labels(crm: Crm) -> None:
    account = Account()
    account.people = [
        Person(1, "ada@example.com", "Ada", "L", tags={"VIP": STARTS_AT}, lists={"News": STARTS_AT})
    ]
    shop = crm(account)
    shop.add_contact("ada@example.com")
    document = people_of(shop)["ada@example.com"]
    document.update(first_name="Augusta", tags=[{"tag": "VIP", "applied_date": 5}])

    shop.start()
    shop.run()

    found = people_of(shop)["ada@example.com"]
    assert (found["first_name"], found["last_name"]) == ("Augusta", "L")
    assert labels(found, "tag") == {"VIP": 5}
    assert labels(found, "list") == {"News": STARTS_AT}


def test_one_address_twice_is_one_contact_and_one_without_is_nobody(crm: Crm) -> None:
    account = Account()
    account.people = [
        Person(1, "ada@example.com", "Ada", tags={"one": STARTS_AT}),
        Person(2, "ADA@example.com", "Adele", tags={"two": STARTS_AT}),
        Person(3, ""),
        Person(4, "bob@example.com"),
    ]
    shop = crm(account)

    shop.start()
    shop.run()

    assert set(people_of(shop)) == {"ada@example.com", "bob@example.com"}
    assert labels(people_of(shop)["ada@example.com"], "tag") == {"one": STARTS_AT, "two": STARTS_AT}
    assert (shop.progress["imported"], shop.progress["rejected"]) == (4, 0)


def test_where_nobody_may_be_made_only_known_people_are_completed(crm: Crm) -> None:
    shop = crm(Account(3), policy="match_only")
    shop.add_contact("person2@example.com")

    shop.start()
    shop.run()

    found = people_of(shop)
    assert list(found) == ["person2@example.com"]
    assert found["person2@example.com"]["last_name"] == "Last 2"
    assert shop.progress["imported"] == 3


def test_what_waited_for_an_imported_address_is_attached(crm: Crm) -> None:
    account = Account(1)
    shop = crm(account)
    shop.receive(webhook("open", account.people[0], STARTS_AT + 9000))

    shop.start()
    shop.run()

    assert people_of(shop)["person1@example.com"]["last_open_date"] == STARTS_AT + 9000


def test_who_cannot_be_taken_is_quarantined_told_of_and_holds_nobody_back(crm: Crm) -> None:
    account = Account()
    many = {f"tag {number}": STARTS_AT for number in range(501)}
    account.people = [Person(1, "ada@example.com", tags=many), Person(2, "bob@example.com")]
    shop = crm(account)

    shop.start()
    shop.run()

    told = shop.progress
    assert (told["status"], told["imported"], told["rejected"]) == ("ready", 1, 1)
    (fault,) = told["errors"]
    assert fault["message"] == "its tags are more than a contact can have"
    (kept,) = shop.quarantined()
    assert (kept["code"], kept["source"]) == ("contact_full", "history")
    assert list(people_of(shop)) == ["bob@example.com"]


@pytest.mark.parametrize("state", ["gone", "ended", "removed"])
def test_a_page_nobody_waits_for_changes_nothing(crm: Crm, state: str) -> None:
    shop = crm(Account(2))
    shop.start()
    if state == "gone":
        del shop.memory.documents["job", shop.job["job_id"]]
    elif state == "ended":
        shop.memory.documents["job", shop.job["job_id"]]["state"] = "done"
    else:
        del shop.memory.documents["connection", "shop"]

    shop.run()

    assert people_of(shop) == {}
    left = shop.memory.documents.get(("job", "job-1"))
    assert (left or {}).get("state") == {"ended": "done", "removed": "failed"}.get(state)
