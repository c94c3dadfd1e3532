"""An id of something else opens nothing: generated from the routes, over a store that is full.

I-15: whatever exists under another kind, another parent or another connection is answered as what
does not exist at all, to the byte, and nothing is changed, queued or read for the asker by it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from shared.api.access import ACCESS
from shared.api.route import Route
from tests.functions.query.test_lists import quarantine
from tests.functions.test_every_route import EXAMPLES
from tests.support.api_client import ROUTES, ApiClient
from tests.support.automated import add_delivery, add_run
from tests.support.store_items import sale, subscription

UNKNOWN = "unknown"
EMAIL = "ada@example.com"
_PLACE = re.compile(r"\{(\w+)\}")
# What stands for one thing by several names, none of which is foreign to it.
_SAME = {"contact": {"email", "contact_id"}, "email": {"contact", "contact_id"}}

with_ids = [route for route in ROUTES if 404 in route.problems and _PLACE.search(route.path)]


class Full:
    """A stack in which one of everything is known, and two connections."""

    def __init__(self) -> None:
        self.client = client = ApiClient()
        for name in ("shop", "stall"):
            client.put(f"/v1/connections/{name}", {"provider": "api"})
        client.put("/v1/contacts", {"email": EMAIL})
        client.put("/v1/recurring-payments", {"items": [subscription(connection_id="shop")]})
        client.put("/v1/orders", {"items": [sale(connection_id="shop")]})
        client.put("/v1/endpoints/crm", EXAMPLES["/v1/endpoints/{endpoint_id}"])
        client.put("/v1/automations/rescue", EXAMPLES["/v1/automations/{automation_id}"])
        client.put("/v1/segments/vip", {"name": "VIP", "kind": "static"})
        quarantine(client, 1)
        self.ids: Mapping[str, str] = {
            "connection_id": "shop",
            "contact": EMAIL,
            "contact_id": client.get(f"/v1/contacts/{EMAIL}").body["contact_id"],
            "email": EMAIL,
            "store_recurring_payment_id": subscription()["store_recurring_payment_id"],
            "automation_id": "rescue",
            "endpoint_id": "crm",
            "segment_id": "vip",
            "run_id": add_run(client.store, "rescue", 1),
            "delivery_id": add_delivery(client.store, "crm", 1, "dead"),
            "quarantine_id": "row-1",
            "job_id": client.call(
                "POST", "/v1/contacts/import", raw=f"email\n{EMAIL}\n", content_type="text/csv"
            ).body["job_id"],
            "key_id": client.post("/v1/keys", {"name": "CRM", "scopes": ["config:read"]}).body[
                "key_id"
            ],
            "report": "orders",
            "recipe": "failed-payment",
            "duplicate_id": "dup_1",
            "token": "token",
        }

    def answer(self, route: Route[Any], identity: Mapping[str, str]) -> tuple[int, str]:
        """Return what a route says to these ids; raise AssertionError if that changes anything."""
        path = _PLACE.sub(lambda place: quote(identity[place[1]], safe=""), route.path)
        before = copy.deepcopy((self.client.store.documents, vars(self.client.outbox)))
        body = EXAMPLES.get(route.path) if route.body else None
        reply = self.client.call(route.method, path, body=body)
        if reply.status >= 400:
            assert (self.client.store.documents, vars(self.client.outbox)) == before
        told = reply.text
        for each in sorted(identity.values(), key=len, reverse=True):
            told = told.replace(each, "ID")
        return reply.status, told


@pytest.fixture(scope="module")
def full() -> Full:
    return Full()


def places_of(route: Route[Any]) -> list[str]:
    return _PLACE.findall(route.path)


def foreign(full: Full, route: Route[Any], place: str) -> Iterator[tuple[str, str]]:
    """Yield what exists otherwise, by kind, that could be put into a place of a route."""
    for kind, identity in full.ids.items():
        if kind != place and kind not in _SAME.get(place, ()) and identity != full.ids[place]:
            yield kind, identity


@pytest.mark.parametrize(
    ("route", "place"),
    [(route, place) for route in with_ids for place in places_of(route)],
    ids=lambda value: value if isinstance(value, str) else f"{value.method} {value.path}",
)
def test_what_exists_as_something_else_is_as_unknown_as_what_does_not(
    full: Full, route: Route[Any], place: str
) -> None:
    assert ACCESS[route.method, route.path] is not None
    mine = {each: full.ids[each] for each in places_of(route)}

    unknown = full.answer(route, {**mine, place: UNKNOWN})
    answers = {
        kind: full.answer(route, {**mine, place: identity})
        for kind, identity in foreign(full, route, place)
    }

    assert unknown[0] in (404, 422)
    assert len(answers) > 10
    assert {kind: each for kind, each in answers.items() if each[0] != unknown[0]} == {}
    assert {each[1] for each in answers.values() if each[0] == 404} <= {unknown[1]}


def test_a_record_of_one_connection_is_unknown_under_another(full: Full) -> None:
    (route,) = [
        each
        for each in ROUTES
        if each.path == "/v1/recurring-payments/{connection_id}/{store_recurring_payment_id}"
    ]
    mine = {each: full.ids[each] for each in places_of(route)}

    there = full.answer(route, mine)
    elsewhere = full.answer(route, {**mine, "connection_id": "stall"})
    nowhere = full.answer(route, {**mine, "store_recurring_payment_id": UNKNOWN})

    assert there[0] == 200
    assert elsewhere == nowhere
    assert elsewhere[0] == 404
