"""Contacts over HTTP: upsert by email, tags and lists, aliases that belong to others."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.domain.contact_edits import ALIASES_MAX, LABELS_MAX
from tests.support.api_client import ApiClient

ADA = "ada@example.com"
DOWN = AwsError("ServiceUnavailable", "down", 503, {})


def put(client: ApiClient, **body: Any) -> Any:
    return client.put("/v1/contacts", {"email": ADA, **body})


def test_a_contact_is_made_once_and_then_changed() -> None:
    client = ApiClient()

    made = put(client, first_name="Ada", phone="+1 555", source={"first_source": "podcast"})
    changed = put(client, last_name="Lovelace", source={"campaign": "spring"})

    assert (made.status, changed.status) == (201, 200)
    assert made.body["contact_id"] == changed.body["contact_id"]
    found = changed.body
    assert (found["first_name"], found["last_name"], found["phone"]) == (
        "Ada",
        "Lovelace",
        "+1 555",
    )
    assert found["source"] == {
        "first_source": "podcast",
        "campaign": "spring",
        "landing_page": None,
    }
    assert found["created_date"] == "2026-09-21T14:13:20.000Z"
    assert (found["customer"], found["orders_count"], found["revenue"]) == (False, 0, [])


def test_null_clears_a_field_and_omission_does_not() -> None:
    client = ApiClient()
    put(client, first_name="Ada", company="Engines", source={"campaign": "spring"})

    found = put(client, first_name=None, source={"campaign": None}).body

    assert (found["first_name"], found["company"]) == (None, "Engines")
    assert found["source"]["campaign"] is None


def test_where_a_contact_first_came_from_stays_until_it_is_cleared() -> None:
    client = ApiClient()
    put(client, source={"first_source": "podcast"})

    later = put(client, source={"first_source": "ads"}).body["source"]["first_source"]
    put(client, source={"first_source": None})
    mended = put(client, source={"first_source": "ads"}).body["source"]["first_source"]

    assert (later, mended) == ("podcast", "ads")


@pytest.mark.parametrize("email", [" ADA@Example.COM ", "ada@example.com\n"])
def test_one_person_is_meant_however_the_email_is_spelt(email: str) -> None:
    client = ApiClient()
    made = put(client)

    again = client.put("/v1/contacts", {"email": email})

    assert (again.status, again.body) == (200, made.body)


def test_tags_and_lists_keep_the_date_they_were_first_applied() -> None:
    client = ApiClient()
    put(client, add_tags=["VIP", "PURCHASE: Tea"], add_lists=["news"])
    client.now += 60_000

    found = put(client, add_tags=["VIP", " new "], remove_tags=["PURCHASE: Tea", "never had"]).body

    assert found["tags"] == [
        {"tag": "VIP", "applied_date": "2026-09-21T14:13:20.000Z"},
        {"tag": "new", "applied_date": "2026-09-21T14:14:20.000Z"},
    ]
    assert found["lists"] == [{"list": "news", "applied_date": "2026-09-21T14:13:20.000Z"}]
    assert put(client, remove_lists=["news"]).body["lists"] == []


def test_who_wants_no_emails_is_marked_since_it_was_first_said() -> None:
    client = ApiClient()
    made = put(client, unsubscribed=True).body
    client.now += 5_000

    again = put(client, unsubscribed=True).body
    left = put(client, first_name="Ada", unsubscribed=None).body
    back = put(client, unsubscribed=False).body

    since = "2026-09-21T14:13:20.000Z"
    assert [each["unsubscribed_date"] for each in (made, again, left, back)] == [
        *[since] * 3,
        None,
    ]


def test_the_date_somebody_unsubscribed_cannot_be_put() -> None:
    refused = put(ApiClient(), unsubscribed_date="2026-09-21T14:13:20.000Z")

    assert refused.status == 422
    assert [each["path"] for each in refused.body["errors"]] == ["unsubscribed_date"]


def test_a_put_that_changes_nothing_writes_nothing() -> None:
    client = ApiClient()
    put(client, add_tags=["VIP"], add_aliases=["a@example.org"])
    commits, jobs = client.store.commits, list(client.outbox.jobs)

    reply = put(client, add_tags=["VIP"], add_aliases=["A@example.org", ADA])

    assert reply.status == 200
    assert (client.store.commits, client.outbox.jobs) == (commits, jobs)


def test_an_alias_leads_to_its_contact() -> None:
    client = ApiClient()
    made = put(client, add_aliases=["A.Lovelace@Example.org"])

    by_alias = client.put("/v1/contacts", {"email": "a.lovelace@example.org", "first_name": "Ada"})

    assert made.body["aliases"] == ["a.lovelace@example.org"]
    assert by_alias.status == 200
    assert by_alias.body["contact_id"] == made.body["contact_id"]
    assert by_alias.body["email"] == ADA


@pytest.mark.parametrize("taken", ["bob@example.com", "bobby@example.org"])
def test_an_address_of_another_contact_is_refused_naming_both(taken: str) -> None:
    client = ApiClient()
    bob = client.put(
        "/v1/contacts", {"email": "bob@example.com", "add_aliases": ["bobby@example.org"]}
    ).body
    ada = put(client).body
    documents = dict(client.store.documents)

    reply = put(client, first_name="Ada", add_aliases=["free@example.org", taken])

    assert reply.status == 409
    for word in (taken, bob["contact_id"], bob["email"], ada["email"]):
        assert word in reply.body["detail"]
    assert list(reply.faults) == ["add_aliases.1"]
    assert client.store.documents == documents


def test_a_contact_that_is_not_made_claims_nothing() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": "bob@example.com"})

    assert put(client, add_aliases=["bob@example.com"]).status == 409
    assert client.get(f"/v1/contacts/{ADA}").status == 404


def test_what_waited_for_an_address_is_attached_now_and_again_later() -> None:
    client = ApiClient()

    put(client, add_aliases=["a@example.org"])
    put(client, first_name="Ada")

    assert sorted(client.outbox.jobs) == [
        ("later", "a@example.org"),
        ("later", ADA),
        ("now", "a@example.org"),
        ("now", ADA),
    ]


def test_a_contact_is_made_only_once_its_later_job_is_queued() -> None:
    client = ApiClient()
    client.outbox.fails = DOWN

    failed = put(client)
    client.outbox.fails = None

    assert failed.status == 503
    assert client.get(f"/v1/contacts/{ADA}").status == 404
    assert put(client).status == 201


def test_two_who_make_one_contact_at_once_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ApiClient()
    commit, rivals = client.store.commit, [1]

    def rivalled(steps: Any) -> None:
        if rivals:
            rivals.pop()
            put(client, first_name="Ada")
        commit(steps)

    monkeypatch.setattr(client.store, "commit", rivalled)
    reply = put(client, last_name="Lovelace")

    assert reply.status == 200
    assert (reply.body["first_name"], reply.body["last_name"]) == ("Ada", "Lovelace")
    assert len([name for name in client.store.documents if name[0] == "contact"]) == 1


def test_a_contact_has_room_for_so_many_tags_and_aliases() -> None:
    client = ApiClient()
    for start in range(0, LABELS_MAX, 100):
        put(client, add_tags=[f"tag {start + number}" for number in range(100)])
    for start in range(0, ALIASES_MAX, 10):
        put(client, add_aliases=[f"a{start + number}@example.org" for number in range(10)])

    assert list(put(client, add_tags=["one more"]).faults) == ["add_tags"]
    assert list(put(client, add_aliases=["more@example.org"]).faults) == ["add_aliases"]
    assert put(client, add_tags=["one more"], remove_tags=["tag 0"]).status == 200


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"email": None}, "email"),
        ({"email": "ada"}, "email"),
        ({"email": "ada@"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"email": "a" * 2000}, "email"),
        ({"first_name": ""}, "first_name"),
        ({"first_name": 7}, "first_name"),
        ({"last_name": "a\u0007b"}, "last_name"),
        ({"phone": "1" * 201}, "phone"),
        ({"source": {"medium": "x"}}, "source.medium"),
        ({"source": None}, "source"),
        ({"add_tags": "VIP"}, "add_tags"),
        ({"add_tags": [" "]}, "add_tags.0"),
        ({"add_tags": ["x"] * 101}, "add_tags"),
        ({"add_tags": ["x"], "remove_tags": [" x "]}, "add_tags"),
        ({"add_lists": ["x"], "remove_lists": ["x"]}, "add_lists"),
        ({"add_aliases": ["nobody"]}, "add_aliases.0"),
        ({"add_aliases": [f"{n}@example.org" for n in range(21)]}, "add_aliases"),
        ({"tags": []}, "tags"),
        ({"orders_count": 5}, "orders_count"),
        ({"customer_since": None}, "customer_since"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    client = ApiClient()

    reply = put(client, **change)

    assert (reply.status, list(reply.faults)) == (422, [path])
    assert client.outbox.jobs == []


def test_an_email_has_to_be_given() -> None:
    assert ApiClient().put("/v1/contacts", {}).faults == {"email": "Field required"}
