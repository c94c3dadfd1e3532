"""Segments over HTTP: written, refused with the paths of all faults, kept while they are used."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage.segments import DEFINITION_BYTES_MAX
from shared.domain.segments.stored import NAMED_MAX
from tests.support.api_client import ApiClient

TEA = {"field": "contact.tags", "operator": "is", "value": "Tea"}
CUSTOMERS: dict[str, Any] = {
    "name": "Tea drinkers",
    "kind": "dynamic",
    "match": "all",
    "conditions": [TEA, {"match": "any", "conditions": []}],
}
STATIC = {"name": "VIP", "kind": "static"}
AUTOMATION: dict[str, Any] = {
    "name": "Greet",
    "trigger": {"type": "recurring_payment_created", "segment": None},
    "steps": [],
}


def containing(*ids: str) -> dict[str, Any]:
    return {**CUSTOMERS, "conditions": [{"segment_id": each} for each in ids]}


def test_a_segment_is_answered_as_it_was_written() -> None:
    client = ApiClient()

    made = client.put("/v1/segments/tea", CUSTOMERS)
    client.now += 1000
    again = client.put("/v1/segments/tea", CUSTOMERS)

    assert made.status == 201
    assert made.body == {
        "segment_id": "tea",
        **CUSTOMERS,
        "created_date": "2026-09-21T14:13:20.000Z",
        "updated_date": "2026-09-21T14:13:20.000Z",
    }
    assert (again.status, again.body) == (200, made.body)
    assert client.store.documents["segment", "tea"]["version"] == 1


def test_a_change_keeps_when_it_was_made() -> None:
    client = ApiClient()
    client.put("/v1/segments/tea", CUSTOMERS)
    client.now += 1000

    changed = client.put("/v1/segments/tea", {**CUSTOMERS, "match": "none"})

    assert (changed.status, changed.body["match"]) == (200, "none")
    assert changed.body["created_date"] == "2026-09-21T14:13:20.000Z"
    assert changed.body["updated_date"] == "2026-09-21T14:13:21.000Z"


def test_a_segment_without_a_kind_is_dynamic_and_a_static_one_has_no_conditions() -> None:
    client = ApiClient()

    plain = client.put("/v1/segments/a", {"name": "A", "match": "all", "conditions": []})
    static = client.put("/v1/segments/vip", {**STATIC, "match": None, "conditions": None})
    refused = client.put("/v1/segments/b", {**CUSTOMERS, "kind": "static"})

    assert plain.body["kind"] == "dynamic"
    assert (static.status, static.body["match"], static.body["conditions"]) == (201, None, None)
    assert refused.faults == dict.fromkeys(
        ("match", "conditions"), "belongs to dynamic segments alone"
    )


def test_all_faults_are_told_at_once_each_with_its_path() -> None:
    wrong = {
        "name": " ",
        "match": "some",
        "conditions": [
            {"field": "contact.tgas", "operator": "is", "value": "x"},
            {"field": "change.field", "operator": "is", "value": "status"},
            {"match": "all", "conditions": [{"segment_id": "nowhere"}]},
        ],
    }

    reply = ApiClient().put("/v1/segments/tea", wrong)

    assert reply.status == 422
    assert set(reply.faults) == {
        "name",
        "match",
        "conditions[0].field",
        "conditions[1].field",
        "conditions[2].conditions[0].segment_id",
    }
    told = reply.faults["conditions[1].field"]
    assert told == '"change.field" is known inside triggers by a change only'


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"name": "A"}, {"match", "conditions"}),
        ({"name": "A", "kind": "some"}, {"kind"}),
        ({"name": "A", "kind": []}, {"kind"}),
        ({"name": "A", "match": "all", "conditions": {}}, {"conditions"}),
    ],
)
def test_a_body_of_wrong_shape_is_refused(body: dict[str, Any], paths: set[str]) -> None:
    reply = ApiClient().put("/v1/segments/tea", body)

    assert (reply.status, set(reply.faults)) == (422, paths)


def test_conditions_too_long_to_keep_are_refused() -> None:
    many = [{**TEA, "value": "é" * 900}] * (DEFINITION_BYTES_MAX // 1800 + 1)

    reply = ApiClient().put("/v1/segments/tea", {**CUSTOMERS, "conditions": many})

    assert list(reply.faults) == ["conditions"]


@pytest.mark.parametrize("identity", ["a b", "x" * 65, "%C3%A9", "a.b"])
def test_an_id_that_is_none_is_refused(identity: str) -> None:
    reply = ApiClient().put(f"/v1/segments/{identity}", CUSTOMERS)

    assert (reply.status, list(reply.faults)) == (422, ["segment_id"])


def test_two_ids_that_conditions_could_not_tell_apart_are_not_both_taken() -> None:
    client = ApiClient()
    client.put("/v1/segments/vip", STATIC)

    reply = client.put("/v1/segments/VIP", STATIC)

    assert (reply.status, reply.body["detail"]) == (
        409,
        "There is a segment vip, written otherwise.",
    )


def test_the_kind_stays() -> None:
    client = ApiClient()
    client.put("/v1/segments/vip", STATIC)

    assert client.put("/v1/segments/vip", CUSTOMERS).status == 409


def test_no_segment_contains_itself() -> None:
    client = ApiClient()
    client.put("/v1/segments/a", CUSTOMERS)
    client.put("/v1/segments/b", containing("a"))

    own = client.put("/v1/segments/a", containing("a"))
    round_about = client.put("/v1/segments/a", containing("b"))

    assert "contains itself" in own.faults["conditions[0].segment_id"]
    assert "contains itself" in round_about.faults["conditions[0].segment_id"]


def test_a_segment_may_not_contain_more_others_than_one_commit_can_check() -> None:
    client = ApiClient()
    ids = [f"s-{number}" for number in range(NAMED_MAX + 1)]
    for each in ids:
        client.put(f"/v1/segments/{each}", STATIC)

    assert client.put("/v1/segments/few", containing(*ids[1:])).status == 201
    assert list(client.put("/v1/segments/many", containing(*ids)).faults) == ["conditions"]


def test_a_segment_in_use_cannot_be_removed_and_its_users_are_told() -> None:
    client = ApiClient()
    client.put("/v1/segments/vip", STATIC)
    client.put("/v1/segments/tea", CUSTOMERS)
    by_membership = {"field": "contact.segments", "operator": "is_not", "value": "VIP"}
    client.put("/v1/segments/others", {**CUSTOMERS, "conditions": [by_membership]})
    client.put("/v1/segments/both", containing("vip", "tea"))
    arm = {"segment": {"match": "all", "conditions": [{"segment_id": "tea"}]}, "steps": []}
    branch = {"type": "branch", "branches": [arm], "else": [{"type": "add_tag", "tag": "x"}]}
    client.put("/v1/automations/branching", {**AUTOMATION, "steps": [branch]})
    trigger = {**AUTOMATION["trigger"], "segment": {"segment_id": "tea"}}
    client.put("/v1/automations/triggered", {**AUTOMATION, "trigger": trigger})
    adding = {"type": "add_to_segment", "segment_id": "vip"}
    payload = {"type": "emit_event", "name": "x", "payload": {"segment_id": "others"}}
    client.put("/v1/automations/adding", {**AUTOMATION, "steps": [adding, payload]})

    vip, tea = client.delete("/v1/segments/vip"), client.delete("/v1/segments/tea")

    assert (vip.status, tea.status) == (409, 409)
    assert vip.faults == {
        "adding": "names this segment at steps[0]",
        "both": "names this segment at conditions[0]",
        "others": "names this segment at conditions[0]",
    }
    assert tea.faults == {
        "branching": "names this segment at steps[0].branches[0].segment.conditions[0]",
        "triggered": "names this segment at trigger.segment",
        "both": "names this segment at conditions[1]",
    }
    assert tea.body["detail"] == (
        "The segment is used by the automation branching, the automation triggered, "
        "the segment both."
    )
    assert client.delete("/v1/segments/others").status == 204, "what a step sends is no use of it"
    assert client.get("/v1/segments/others").status == 404


def test_an_edit_that_would_stop_another_from_making_sense_is_refused() -> None:
    client = ApiClient()
    client.put("/v1/segments/part", CUSTOMERS)
    client.put("/v1/segments/whole", containing("part"))
    trigger = {**AUTOMATION["trigger"], "segment": {"segment_id": "whole"}}
    client.put("/v1/automations/greet", {**AUTOMATION, "trigger": trigger})
    nested: dict[str, Any] = {"match": "all", "conditions": [TEA]}
    for _ in range(6):
        nested = {"match": "all", "conditions": [nested]}

    reply = client.put("/v1/segments/part", {**CUSTOMERS, "conditions": [nested]})

    assert reply.status == 409
    assert set(reply.faults) == {"whole", "greet"}
    assert client.put("/v1/segments/alone", {**CUSTOMERS, "conditions": [nested]}).status == 201


def test_what_made_no_sense_before_is_no_reason_to_refuse_an_edit() -> None:
    client = ApiClient()
    client.put("/v1/segments/part", CUSTOMERS)
    client.put("/v1/segments/old", containing("part"))
    gone = {"field": "contact.shoe_size", "operator": "is", "value": "42"}
    client.store.documents["segment", "old"]["conditions"].append(gone)

    assert client.put("/v1/segments/part", {**CUSTOMERS, "match": "any"}).status == 200


def test_a_segment_that_names_itself_can_be_removed() -> None:
    client = ApiClient()
    by_membership = {"field": "contact.segments", "operator": "is", "value": "tea"}
    client.put("/v1/segments/tea", {**CUSTOMERS, "conditions": [by_membership]})

    assert client.delete("/v1/segments/tea").status == 204


def test_an_automation_may_name_only_segments_that_there_are_or_that_it_makes() -> None:
    client = ApiClient()
    trigger = {**AUTOMATION["trigger"], "segment": {"segment_id": "later"}}
    body = {**AUTOMATION, "trigger": trigger}
    adding = {"type": "add_to_segment", "segment_id": "later"}

    refused = client.put("/v1/automations/greet", body)
    makes_it = client.put("/v1/automations/greet", {**body, "steps": [adding]})
    client.put("/v1/segments/later", STATIC)

    assert refused.faults == {"trigger.segment.segment_id": 'there is no segment "later"'}
    assert makes_it.status == 201
    assert client.put("/v1/automations/greet", body).status == 200


def test_a_segment_that_goes_while_it_is_being_named_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = ApiClient()
    client.put("/v1/segments/part", CUSTOMERS)
    commit = client.store.commit

    def overtaken(steps: Any) -> None:
        monkeypatch.setattr(client.store, "commit", commit)
        assert client.delete("/v1/segments/part").status == 204
        commit(steps)

    monkeypatch.setattr(client.store, "commit", overtaken)
    reply = client.put("/v1/segments/whole", containing("part"))

    assert reply.faults == {"conditions[0].segment_id": 'there is no segment "part"'}
