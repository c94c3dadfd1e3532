"""`DELETE /v1/contacts/{email}`: noted outside the table first, and answered alike for anybody."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.domain import contacts, directory, erasure
from shared.domain.erasure import hash_of, read_object
from shared.domain.errors import Contended
from tests.support.api_client import NOW, ApiClient

ADA, LOVELACE = "ada@example.com", "lovelace@example.com"
PATH = "/v1/contacts/ada%40example.com"


@pytest.fixture
def api() -> ApiClient:
    client = ApiClient()
    client.put("/v1/contacts", {"email": ADA, "add_aliases": [LOVELACE], "first_name": "Ada"})
    return client


def noted(api: ApiClient) -> list[Any]:
    return [read_object(held[0]) for held in api.ledger.objects.values()]


def contact_id(api: ApiClient) -> str:
    return str(api.get(PATH).body["contact_id"])


def test_a_contact_is_gone_at_once_with_all_addresses(api: ApiClient) -> None:
    mine = contact_id(api)

    reply = api.delete("/v1/contacts/LOVELACE@example.com")

    assert reply.status == 202
    assert api.get(PATH).status == api.get("/v1/contacts/lovelace%40example.com").status == 404
    (told,) = noted(api)
    assert (told.contact_id, told.erased_at) == (mine, NOW)
    assert set(told.email_hashes) == {hash_of(ADA), hash_of(LOVELACE)}
    assert api.get(f"/v1/jobs/{reply.body['job_id']}").body["kind"] == "erase"


def test_nobody_is_told_whether_there_was_such_a_person(api: ApiClient) -> None:
    known, unknown = api.delete(PATH), api.delete("/v1/contacts/byron%40example.com")

    assert known.status == unknown.status == 202
    assert known.body.keys() == unknown.body.keys()
    assert len(noted(api)) == 2


def test_an_id_will_do_and_one_that_nobody_has_does_no_harm(api: ApiClient) -> None:
    replies = [api.delete(f"/v1/contacts/{contact_id(api)}"), api.delete("/v1/contacts/nobody")]

    assert [each.status for each in replies] == [202, 202]
    assert api.get(PATH).status == 404


def test_what_is_kept_of_an_address_says_when_it_was_erased_and_whose_it_was(
    api: ApiClient,
) -> None:
    mine = contact_id(api)
    api.delete(PATH)

    mark = erasure.name_of(hash_of(LOVELACE))
    found = api.store.read([mark, directory.NAME])

    held = found[mark] or {}
    assert (held["erased_at"], held["contact_id"]) == (NOW, mine)
    assert directory.erased_at(found[directory.NAME]) == NOW


def test_asked_again_the_same_person_is_erased_again(api: ApiClient) -> None:
    mine = contact_id(api)
    api.delete(PATH)
    api.now += 1

    api.delete(PATH)

    assert [each.contact_id for each in noted(api)] == [mine, mine]


def test_without_its_note_in_the_ledger_nothing_is_erased(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise AwsError("SlowDown", "later", 503, {})

    monkeypatch.setattr(api.ledger, "put", fail)

    assert api.delete(PATH).status == 503
    assert api.get(PATH).status == 200


def test_a_crash_before_the_commit_leaves_a_job_that_can_begin_by_itself(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = contact_id(api)

    def fail(*_: Any) -> None:
        raise Contended("somebody is always faster")

    monkeypatch.setattr(api.store, "commit", fail)

    assert api.delete(PATH).status == 503
    assert api.outbox.erasures[-1]["contact_id"] == mine
    assert set(api.outbox.erasures[-1]["email_hashes"]) == {hash_of(ADA), hash_of(LOVELACE)}


def test_the_queues_message_names_nobody(api: ApiClient) -> None:
    api.delete(PATH)

    (message,) = api.outbox.erasures
    assert "example" not in str(message)


def test_a_contact_made_since_is_another_one(api: ApiClient) -> None:
    mine = contact_id(api)
    api.delete(PATH)

    api.put("/v1/contacts", {"email": ADA})

    assert contact_id(api) != mine


def test_activity_of_the_time_before_is_not_kept(api: ApiClient) -> None:
    api.delete(PATH)
    said = {"email": ADA, "kind": "visit", "campaign": "tea"}
    old = {**said, "occurred_date": "2020-01-01T00:00:00Z"}
    api.now += 1

    reply = api.post("/v1/activity", {"items": [old, said]})

    assert [each["status"] for each in reply.body["results"]] == ["unchanged", "created"]


@pytest.mark.parametrize("scope", ["contacts:read", "config:write"])
def test_erasing_takes_the_scope_of_writing_contacts(api: ApiClient, scope: str) -> None:
    key = api.key(scope)

    assert api.delete(PATH, authorization=f"Bearer {key}").status == 403


def test_who_is_made_again_on_purpose_is_no_leftover_of_who_was_erased(api: ApiClient) -> None:
    api.delete(PATH)

    api.put("/v1/contacts", {"email": ADA})

    made = api.store.documents["contact", contact_id(api)]
    assert made[contacts.ERASED] == NOW


def test_whoever_is_given_an_erased_address_is_known_not_to_be_that_person(api: ApiClient) -> None:
    api.put("/v1/contacts", {"email": "byron@example.com"})
    api.delete(PATH)
    api.now += 1

    api.put("/v1/contacts", {"email": "byron@example.com", "add_aliases": [ADA]})

    made = api.store.documents["contact", contact_id(api)]
    assert (made["email"], made[contacts.ERASED]) == ("byron@example.com", NOW)


def test_an_address_given_between_reading_and_forgetting_is_erased_too(api: ApiClient) -> None:
    mine = contact_id(api)
    put, late = api.ledger.put, "countess@example.com"

    def given(key: str, content: bytes) -> str:
        if not api.ledger.objects:
            api.put("/v1/contacts", {"email": ADA, "add_aliases": [late]})
        return put(key, content)

    api.ledger.put = given  # type: ignore[method-assign, assignment]
    job_id = api.delete(PATH).body["job_id"]

    held = api.store.documents["job", job_id]
    assert hash_of(late) in held["email_hashes"]
    assert api.store.documents[erasure.name_of(hash_of(late))]["contact_id"] == mine
    assert [hash_of(late) in each.email_hashes for each in noted(api)] == [False, True]
    assert ("email", late) not in api.store.documents


def test_for_nobody_without_an_address_nothing_is_looked_through(api: ApiClient) -> None:
    job_id = api.delete("/v1/contacts/nobody").body["job_id"]

    assert api.get(f"/v1/jobs/{job_id}").body["state"] == "done"
    assert (noted(api), api.outbox.erasures) == ([], [])
    assert directory.NAME not in api.store.documents
