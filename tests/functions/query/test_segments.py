"""Segments as they are asked about: counts, members, previews and searches over the change log.

Wildmetrics, which connects no payment provider, is one of those who use them: contacts with tags
and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from functions.query.segments import EXAMPLES_MAX
from tests.support.api_client import ApiClient, Reply

AS_OF = "2026-09-21T14:13:20.000Z"
CUSTOMER = {"field": "contact.tags", "operator": "is", "value": "Customer"}
EVERYBODY: dict[str, Any] = {"match": "all", "conditions": []}


def wildmetrics() -> ApiClient:
    """Return an API that knows 30 contacts by their tags; no connection, no payment."""
    client = ApiClient()
    for number in range(30):
        tags = [tag for every, tag in ((3, "customer"), (5, "Trial")) if number % every == 0]
        body = {"email": f"user{number:02d}@example.com", "add_tags": [*tags, "WILD"]}
        assert client.put("/v1/contacts", body).status == 201
    return client


def write(client: ApiClient, segment_id: str, *conditions: Mapping[str, Any]) -> None:
    body = {"name": segment_id.title(), "match": "all", "conditions": list(conditions)}
    assert client.put(f"/v1/segments/{segment_id}", body).status == 201


def emails(reply: Reply, key: str = "items") -> list[str]:
    return sorted(each["email"] for each in reply.body[key])


def test_wildmetrics_counts_its_customers_without_any_payment_provider() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)
    write(client, "trying", {"field": "contact.tags", "operator": "contains", "value": "tri"})
    write(client, "won", {"segment_id": "customers"}, {"segment_id": "trying"})
    client.put("/v1/segments/vip", {"name": "VIP", "kind": "static"})
    client.put("/v1/segments/vip/contacts/user07%40example.com", None)
    client.put("/v1/contacts", {"email": "user00@example.com", "remove_tags": ["Trial"]})

    listed = client.get("/v1/segments")

    assert {each["segment_id"]: each["count"] for each in listed.body["items"]} == {
        "customers": 10,
        "trying": 5,
        "vip": 1,
        "won": 1,
    }
    assert (listed.body["next_cursor"], listed.body["as_of"]) == (None, AS_OF)
    assert client.get("/v1/connections").body["items"] == []
    assert emails(client.get("/v1/segments/won/contacts")) == ["user15@example.com"]
    assert emails(client.get("/v1/segments/vip/contacts")) == ["user07@example.com"]


def test_a_segment_is_read_with_its_count() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)

    found = client.get("/v1/segments/customers")

    assert found.body["conditions"] == [CUSTOMER]
    assert (found.body["count"], found.body["as_of"]) == (10, AS_OF)


def test_members_come_page_by_page_each_once() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)
    query = {"limit": "4"}
    pages = [client.get("/v1/segments/customers/contacts", query=query)]
    while cursor := pages[-1].body["next_cursor"]:
        again = {**query, "cursor": cursor}
        pages.append(client.get("/v1/segments/customers/contacts", query=again))

    found = [each for page in pages for each in page.body["items"]]

    assert [len(page.body["items"]) for page in pages] == [4, 4, 2]
    assert sorted(each["email"] for each in found) == [
        f"user{number:02d}@example.com" for number in range(0, 30, 3)
    ]
    assert [each["contact_id"] for each in found] == sorted({e["contact_id"] for e in found})
    assert pages[0].body["as_of"] == AS_OF


def test_a_preview_counts_and_shows_ten() -> None:
    client = wildmetrics()

    many = client.post("/v1/segments/preview", {"match": "none", "conditions": [CUSTOMER]})
    few = client.post("/v1/segments/preview", {"match": "any", "conditions": []})

    assert many.body["count"] == 20
    ids = [each["contact_id"] for each in many.body["examples"]]
    assert len(ids) == EXAMPLES_MAX
    assert ids == sorted(set(ids))
    assert few.body == {"count": 0, "examples": [], "as_of": AS_OF}
    assert client.get("/v1/segments").body["items"] == []


def test_a_search_takes_conditions_or_a_segment() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)
    inline = {"match": "all", "conditions": [CUSTOMER, {"segment_id": "customers"}]}

    by_tree = client.post("/v1/contacts/search", {"segment": inline, "limit": 1000})
    by_id = client.post("/v1/contacts/search", {"segment": {"segment_id": "customers"}})
    first = client.post("/v1/contacts/search", {"segment": inline, "limit": 9})
    rest = client.post(
        "/v1/contacts/search", {"segment": inline, "cursor": first.body["next_cursor"]}
    )

    assert by_tree.body == by_id.body
    assert len(by_tree.body["items"]) == 10
    assert first.body["items"] + rest.body["items"] == by_tree.body["items"]


def test_a_search_shows_a_hundred_at_once_however_many_are_wanted() -> None:
    client = ApiClient()
    for number in range(101):
        client.put("/v1/contacts", {"email": f"user{number}@example.com"})

    page = client.post("/v1/contacts/search", {"segment": EVERYBODY, "limit": 10**30}).body

    assert len(page["items"]) == 100
    assert page["next_cursor"]


@pytest.mark.parametrize(
    ("path", "body", "faults"),
    [
        ("search", {}, {"segment"}),
        ("search", {"segment": []}, {"segment"}),
        ("search", {"segment": {"segment_id": "gone"}}, {"segment.segment_id"}),
        ("search", {"segment": {"match": "all"}}, {"segment.conditions"}),
        ("search", {"segment": EVERYBODY, "limit": 0}, {"limit"}),
        ("search", {"segment": EVERYBODY, "limit": True}, {"limit"}),
        ("search", {"segment": EVERYBODY, "limit": "9"}, {"limit"}),
        ("search", {"segment": EVERYBODY, "cursor": 9}, {"cursor"}),
        ("preview", {}, {"match", "conditions"}),
        (
            "preview",
            {
                "match": "all",
                "conditions": [{"field": "change.to", "operator": "is", "value": "x"}],
            },
            {"conditions[0].field"},
        ),
    ],
)
def test_faults_are_told_with_their_paths(path: str, body: Any, faults: set[str]) -> None:
    whole = "/v1/contacts/search" if path == "search" else "/v1/segments/preview"

    reply = ApiClient().post(whole, body)

    assert (reply.status, set(reply.faults)) == (422, faults)


def test_a_cursor_of_ones_own_making_is_a_bad_request() -> None:
    body = {"segment": EVERYBODY, "cursor": "../etc"}

    assert ApiClient().post("/v1/contacts/search", body).status == 400


def test_settings_say_when_a_day_begins_and_what_revenue_is_of() -> None:
    client = wildmetrics()
    # 2026-09-21T14:13:20Z is the 22nd in Apia already.
    day = {"field": "contact.created_date", "operator": "on", "value": "2026-09-22"}
    euros = {"field": "contact.revenue", "operator": "at_least", "value": "19"}
    contact = next(each for name, each in client.store.documents.items() if name[0] == "contact")
    contact["revenue"] = {"EUR": {"orders": 1, "net": 1900}}

    def count(*conditions: Any) -> int:
        body = {"match": "all", "conditions": list(conditions)}
        found = client.post("/v1/segments/preview", body).body["count"]
        assert isinstance(found, int)
        return found

    before = count(day), count(euros)
    client.put("/v1/settings", {"timezone": "Pacific/Apia", "currency": "EUR"})

    assert before == (0, 0)
    assert (count(day), count(euros)) == (30, 1)


def test_a_segment_that_no_longer_makes_sense_stops_no_other() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)
    write(client, "old", CUSTOMER)
    gone = {"field": "contact.shoe_size", "operator": "is", "value": "42"}
    client.store.documents["segment", "old"]["conditions"] = [gone]

    counts = {e["segment_id"]: e["count"] for e in client.get("/v1/segments").body["items"]}
    members = client.get("/v1/segments/old/contacts")

    assert counts == {"customers": 10, "old": None}
    assert client.get("/v1/segments/old").body["count"] is None
    assert members.status == 409
    assert 'there is no field "contact.shoe_size"' in members.faults["segment_id"]


def test_before_anything_is_recorded_everything_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ApiClient()
    write(client, "customers", CUSTOMER)
    snapshot = replace(client.log.snapshot(), as_of=0)
    monkeypatch.setattr(client.log, "snapshot", lambda: snapshot)

    listed = client.get("/v1/segments").body
    members = client.get("/v1/segments/customers/contacts").body

    assert (listed["items"][0]["count"], listed["as_of"]) == (0, None)
    assert members == {"items": [], "next_cursor": None, "as_of": None}


def test_people_are_shown_to_who_may_read_people_alone() -> None:
    client = wildmetrics()
    write(client, "customers", CUSTOMER)
    client.admin = client.key("config:read")

    assert client.get("/v1/segments").status == 200
    assert client.get("/v1/segments/customers/contacts").status == 403
    assert client.post("/v1/segments/preview", EVERYBODY).status == 403
    assert client.post("/v1/contacts/search", {"segment": EVERYBODY}).status == 403


def test_pages_of_segments_are_counted_page_by_page() -> None:
    client = wildmetrics()
    for number in range(3):
        write(client, f"s-{number}", CUSTOMER)

    first = client.get("/v1/segments", query={"limit": "2"}).body
    rest = client.get("/v1/segments", query={"cursor": first["next_cursor"]}).body

    ids = [each["segment_id"] for page in (first, rest) for each in page["items"]]
    assert ids == ["s-0", "s-1", "s-2"]
