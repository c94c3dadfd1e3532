"""Every status the documentation promises is answered at least once, and none that it does not.

What all routes owe their callers is asked of every route; what only some answer, one story tells,
in which an operator does everything once, and everything that contradicts what is stored. The
client refuses undocumented answers by itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from functions.manage.routes import ROUTES as MANAGE
from functions.query import exports
from functions.query.routes import ROUTES as QUERY
from infra import openapi
from shared.api.access import ACCESS, PUBLIC, SCOPES, pattern
from shared.api.keys import KeyRing
from shared.api.resolver import BODY_BYTES_MAX, Api
from shared.api.route import Answer, Request, Route
from shared.domain import contact_import, mails
from shared.domain.errors import Retryable
from tests.functions.manage.test_duplicates import two_sales
from tests.functions.manage.test_quarantine import shop_with_a_quarantined_event
from tests.functions.test_every_route import EXAMPLES, UNKNOWN, call
from tests.support.api_client import ROUTES, ApiClient, Reply
from tests.support.automated import add_delivery, add_run
from tests.support.store_items import sale, subscription

Seen = set[tuple[str, str, int]]

LONGEST_FIRST = sorted(ROUTES, key=lambda each: -each.path.count("/"))
# 429 is the gateway's own word: no Lambda is asked then.
GATEWAYS_OWN = 429
RESCUE = EXAMPLES["/v1/automations/{automation_id}"]
WEBHOOK = {"type": "webhook", "endpoint_id": "crm"}
SEGMENT = {"name": "VIPs", "match": "all", "conditions": []}
LEDGERS = ("/v1/reports/orders/ledger",)
RUN, DELIVERY = "/v1/runs/{}", "/v1/deliveries/{}"


class Noting(ApiClient):
    """A client that notes which route has answered what."""

    def __init__(self, seen: Seen, store: Any = None) -> None:
        super().__init__(store)
        self.seen = seen

    def call(self, method: str, path: str, **options: Any) -> Reply:
        reply = super().call(method, path, **options)
        self.seen.add((method, route_of(method, path).path, reply.status))
        return reply


def route_of(method: str, path: str) -> Route[Any]:
    """Return the route that answers a request."""
    found = (each for each in LONGEST_FIRST if pattern(each.path).match(unquote(path)))
    return next(each for each in found if each.method == method)


def documented() -> Seen:
    """Return all that the document promises, but for the gateway's own."""
    return {
        (route.method, route.path, status)
        for route in ROUTES
        for status in openapi.statuses(route)
        if status != GATEWAYS_OWN
    }


def ask_what_every_route_owes(seen: Seen) -> None:
    """Send each route what is refused whatever it is about."""
    for route in ROUTES:
        client = Noting(seen)
        call(client, route, raw="x" * (BODY_BYTES_MAX + 1))
        call(client, route, raw="{")
        call(client, route, query={"limit": "0"})
        call(client, route, body={**EXAMPLES.get(route.path, {}), "unheard_of": 1})
        # An id that nobody has; some of these routes ask for more than that.
        call(client, route, body=EXAMPLES.get(route.path), query={"contact": UNKNOWN})
        if ACCESS[route.method, route.path] != PUBLIC:
            call(client, route, authorization=None)
            others = [scope for scope in SCOPES if scope != ACCESS[route.method, route.path]]
            call(client, route, authorization=f"Bearer {client.key(*others)}")
        if route.method != "GET":
            _say_base64_that_is_none(client, route)
        for fault in (RuntimeError("a fault of ours"), Retryable("later")):
            _fail_with(client, fault)
            call(client, route)


def _say_base64_that_is_none(client: Noting, route: Route[Any]) -> None:
    call(changed(client, body="%", isBase64Encoded=True), route)


def changed(client: Noting, **event: Any) -> Noting:
    """Return the client as if the gateway gave its requests these parts; headers are added."""
    other = Noting(client.seen, client.store)
    other.admin = client.admin
    headers = event.pop("headers", {})
    for name in ("query", "manage"):
        lambda_ = getattr(client, name)

        def changing(given: dict[str, Any], context: Any, lambda_: Any = lambda_) -> Any:
            told = {**given, **event, "headers": {**given["headers"], **headers}}
            return lambda_(told, context)

        setattr(other, name, changing)
    return other


def _fail_with(client: Noting, fault: Exception) -> None:
    """Have every route of the client fail."""

    def fail(request: Request, adapters: Any) -> Answer:
        raise fault

    keys = KeyRing(client.store, cache_seconds=60, now=lambda: client.now)
    client.query = Api([replace(each, run=fail) for each in QUERY], None, keys=keys)  # type: ignore[arg-type]
    client.manage = Api([replace(each, run=fail) for each in MANAGE], None, keys=keys)  # type: ignore[arg-type]


def configure(client: Noting) -> None:
    """Set everything up, twice, look at it, and try what contradicts it."""
    for _ in range(2):
        client.put("/v1/connections/store", {"provider": "api"})
        stripe = {"provider": "stripe", "signing_secrets": ["whsec_a"]}
        client.put("/v1/connections/shop", stripe)
        client.put("/v1/connections/asked", {**stripe, "api": {"secret_key": "sk_live_x"}})
        client.put("/v1/endpoints/crm", EXAMPLES["/v1/endpoints/{endpoint_id}"])
        client.put("/v1/segments/vip", {"name": "VIPs", "kind": "static"})
        client.put("/v1/segments/all", SEGMENT)
        steps = [{"type": "add_tag", "tag": "Paused"}, WEBHOOK]
        client.put("/v1/automations/rescue", {**RESCUE, "steps": steps})
        client.post("/v1/recipes/paused", {})
        client.put("/v1/contacts", {"email": "ada@example.com", "aliases": []})
        client.put("/v1/contacts", {"email": "ada@example.com"})
        client.put("/v1/contacts", {"email": "bob@example.com"})
        client.put("/v1/segments/vip/contacts/ada@example.com", None)
    client.put("/v1/contacts", {"email": "bob@example.com", "add_aliases": ["ada@example.com"]})
    client.put("/v1/connections/shop", {"provider": "paypal"})
    client.put("/v1/segments/vip", SEGMENT)
    client.put("/v1/segments/all/contacts/ada@example.com", None)
    client.delete("/v1/segments/all/contacts/ada@example.com")
    client.delete("/v1/endpoints/crm")
    client.put("/v1/settings", {"timezone": "Europe/Paris"})
    client.post("/v1/keys", {"name": "CRM", "scopes": ["config:read"]})
    client.put("/v1/recurring-payments", {"items": [subscription(connection_id="store")]})
    client.put("/v1/orders", {"items": [sale(connection_id="store")]})
    client.post("/v1/activity", EXAMPLES["/v1/activity"])
    client.put("/v1/spend", EXAMPLES["/v1/spend"])


def begin_jobs(client: Noting) -> None:
    """Begin what takes time, begin it again, and where it cannot be."""
    for path in ("history", "verify"):
        for connection in ("asked", "shop"):
            client.post(f"/v1/connections/{connection}/{path}", {})
    client.post("/v1/connections/asked/history", {"from": "2020-01-01"})
    client.get("/v1/connections/asked/history")
    csv = {"raw": "email\nada@example.com\n", "content_type": "text/csv"}
    client.call("POST", "/v1/contacts/import", **csv)
    expected = client.call("POST", "/v1/contacts/import", **csv, query={"upload": "true"})
    job_id = expected.body["job_id"]
    client.post(f"/v1/jobs/{job_id}/start")
    client.uploads.put(contact_import.key_of(job_id), b"email\n")
    client.post(f"/v1/jobs/{job_id}/start")
    client.get(f"/v1/jobs/{job_id}")
    backtest = EXAMPLES["/v1/automations/{automation_id}/backtest"]
    client.post("/v1/automations/rescue/backtest", backtest)


def carry_out(client: Noting) -> None:
    """Look into what fires and is posted, and hold it up, resume and replay it."""
    waiting, ended = (add_run(client.store, "rescue", n) for n in (1, 2))
    client.store.documents["run", ended]["state"] = "done"
    for run_id in (waiting, ended):
        client.post(f"{RUN.format(run_id)}/resume")
        client.delete(RUN.format(run_id))
    for state in ("dead", "pending"):
        delivery_id = add_delivery(client.store, "crm", len(state), state)
        client.get(DELIVERY.format(delivery_id))
        client.post(f"{DELIVERY.format(delivery_id)}/replay")
    client.get("/v1/automations/rescue/firings")
    for query in ({"contact": "ada@example.com"}, {}):
        client.get("/v1/automations/rescue/why", query=query)
    client.post("/v1/endpoints/crm/rotate")
    stored = client.store.documents["endpoint", "crm"]
    stored["rotating"] = {"claim": stored["version"], "until": client.now + 60_000}
    client.post("/v1/endpoints/crm/rotate")
    client.get("/v1/unsubscribe/any")
    client.endpoint_secrets.held[mails.KEY_ID] = {"key": "k" * 32}
    contact_id = client.get("/v1/contacts/ada@example.com").body["contact_id"]
    client.post(f"/v1/unsubscribe/{mails.token_of(contact_id, 'k' * 32)}")


def decide(seen: Seen) -> None:
    """Retry what was quarantined, and decide on what may be a duplicate."""
    shop, row = shop_with_a_quarantined_event()
    client = Noting(seen, shop.memory)
    client.post(f"/v1/quarantine/{row}/retry")
    shop.memory.documents["quarantine", row]["provider"] = ""
    client.post(f"/v1/quarantine/{row}/retry")
    shop, _ = two_sales()
    client = Noting(seen, shop.memory)
    (suspicion,) = client.get("/v1/duplicates").body["items"]
    client.post(f"/v1/duplicates/{suspicion['duplicate_id']}", {"decision": "same"})


def read_what_is_large(client: Noting) -> None:
    """Read answers that are too large to be carried, and those one has already."""
    with patch.object(exports, "INLINE_BYTES_MAX", 1):
        for path in (*LEDGERS, "/v1/reports/orders", "/v1/contacts/ada@example.com/export"):
            client.get(path, query={"kpi": "gross"} if path in LEDGERS else {})
        client.post("/v1/reports/custom", EXAMPLES["/v1/reports/custom"])
    for path in ("/v1/reports/orders", *LEDGERS):
        query = {"kpi": "gross"} if path in LEDGERS else {}
        etag = client.get(path, query=query).headers["etag"]
        changed(client, headers={"if-none-match": etag}).get(path, query=query)
    client.get("/v1/reports/orders", query={"interval": "century"})


def read_everything(client: Noting) -> None:
    """Read all there is, and the reports of it."""
    for name in ("connections", "quarantine", "duplicates", "keys", "settings", "automations"):
        client.get(f"/v1/{name}")
    for name in ("runs", "endpoints", "deliveries", "recipes", "segments", "reports", "events"):
        client.get(f"/v1/{name}")
    for path in (
        *("connections/shop", "contacts/ada@example.com", "contacts/ada@example.com/export"),
        *("automations/rescue", "endpoints/crm", "segments/all", "segments/all/contacts"),
        *("openapi.json", "reports/orders", "reports/orders/ledger", "reports/orders/definition"),
    ):
        client.get(f"/v1/{path}")
    client.get("/docs")
    client.get("/v1/recurring-payments/store/sub-1")
    client.post("/v1/segments/preview", EXAMPLES["/v1/segments/preview"])
    client.post("/v1/contacts/search", EXAMPLES["/v1/contacts/search"])
    client.post("/v1/reports/custom", EXAMPLES["/v1/reports/custom"])


def spoil(client: Noting) -> None:
    """Have what is stored make no sense any more, as after a field was taken away."""
    gone = [{"field": "contact.shoe_size", "operator": "is", "value": "42"}]
    client.put("/v1/segments/old", SEGMENT)
    client.store.documents["segment", "old"]["conditions"] = gone
    client.get("/v1/segments/old/contacts")
    for path in ("/v1/reports/orders", *LEDGERS):
        client.get(path, query={"segment": "old", **({"kpi": "gross"} if path in LEDGERS else {})})
    client.post(
        "/v1/reports/custom", {"dataset": "orders", "measures": ["count"], "segment": "old"}
    )
    client.store.documents["automation", "rescue"]["trigger"] = {"type": "gone"}
    client.get("/v1/automations/rescue/why", query={"contact": "ada@example.com"})


def remove(client: Noting) -> None:
    """Take everything away again, what is used last."""
    trigger = {**RESCUE["trigger"], "segment": {"segment_id": "all"}}
    client.put("/v1/automations/uses", {**RESCUE, "trigger": trigger})
    for path in (
        *("segments/all", "segments/vip/contacts/ada@example.com", "segments/vip"),
        *("automations/rescue", "automations/paused", "automations/uses", "segments/all"),
        *("endpoints/crm", "segments/old"),
        *("connections/shop", "contacts/ada@example.com"),
    ):
        client.delete(f"/v1/{path}")
    for each in client.get("/v1/keys").body["items"][:1]:
        client.delete(f"/v1/keys/{each['key_id']}")


@cache
def seen() -> frozenset[tuple[str, str, int]]:
    """Return all that was answered."""
    found: Seen = set()
    ask_what_every_route_owes(found)
    client = Noting(found)
    for act in (configure, begin_jobs, carry_out, read_everything, read_what_is_large):
        act(client)
    spoil(client)
    remove(client)
    decide(found)
    return frozenset(found)


def test_every_documented_status_was_answered() -> None:
    missing = sorted(documented() - seen())

    assert missing == []


def test_no_other_status_was_answered() -> None:
    assert seen() - documented() == set()
