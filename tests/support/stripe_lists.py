"""How the stand-in of Stripe's API lists a collection: the newest first, a hundred at the most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

Json = dict[str, Any]

# Collection in the address, the object it holds, and how Stripe calls one that is missing.
COLLECTIONS = {
    "customers": "customer",
    "subscriptions": "subscription",
    "subscription_schedules": "subscription_schedule",
    "products": "product",
    "prices": "price",
    "invoices": "invoice",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
}
_LIMIT = 10
_LIMIT_MAX = 100


@dataclass(frozen=True)
class ApiRequest:
    """What was asked: never the key itself, only whether it was right."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    version: str
    authorized: bool


@dataclass(frozen=True)
class ApiAnswer:
    """A status with its JSON, and the seconds to wait where it asks for patience."""

    status: int
    content: dict[str, Any]
    retry_after: str | None = None


class Account(Protocol):
    """What a business holds at Stripe."""

    def snapshot_of(self, thing_id: str) -> Json | None:
        """Return a thing as it is now, None where there is none."""

    def invoice_payments(self, *, payment_intent: str = "", invoice: str = "") -> list[Json]:
        """Return the links between invoices and payments, narrowed by either."""

    def dated(self, kind: str) -> Sequence[tuple[int, str]]:
        """Return when each thing of a kind was made and its id, the newest first."""


def listed(account: Account, collection: str, query: Mapping[str, list[str]]) -> ApiAnswer:
    """Return a page of a collection, as the query narrows it."""
    limit = int(query.get("limit", [str(_LIMIT)])[0])
    (after,) = query.get("starting_after", [""])
    if not 1 <= limit <= _LIMIT_MAX:
        return ApiAnswer(400, error("invalid_request_error", "limit must be from 1 to 100."))
    if not all(path.startswith("data.") for path in query.get("expand[]", [])):
        return ApiAnswer(400, error("invalid_request_error", "A list expands its data alone."))
    kind = COLLECTIONS[collection]
    rows = account.dated(kind)
    start = 0
    if after:
        start = next((at for at, (_, own) in enumerate(rows, 1) if own == after), 0)
        if not start:
            return ApiAnswer(400, missing(collection, after, param="starting_after"))
    wanted = _wanted(account, kind, islice(rows, start, None), query)
    found = list(islice(wanted, limit + 1))
    content = {
        "object": "list",
        "data": found[:limit],
        "has_more": len(found) > limit,
        "url": f"/v1/{collection}",
    }
    return ApiAnswer(200, content)


def _wanted(
    account: Account, kind: str, rows: Iterator[tuple[int, str]], query: Mapping[str, list[str]]
) -> Iterator[Json]:
    """Yield the things a list shows; without a status it leaves out cancelled subscriptions."""
    (since,) = query.get("created[gte]", ["0"])
    (until,) = query.get("created[lte]", [""])
    (status,) = query.get("status", [""])
    (of,) = query.get("subscription", [""])
    for created, thing_id in rows:
        if created < int(since):
            return
        thing = account.snapshot_of(thing_id) if not until or created <= int(until) else None
        if thing is None:
            continue
        if kind == "subscription" and status != "all":
            hidden = thing["status"] == "canceled" if not status else thing["status"] != status
            if hidden:
                continue
        if of and of != _subscription_of(thing):
            continue
        yield thing


def _subscription_of(invoice: Json) -> str | None:
    parent = invoice.get("parent") or {}
    found: str | None = (parent.get("subscription_details") or {}).get("subscription")
    return found


def error(kind: str, message: str) -> dict[str, Any]:
    """Return an error as Stripe words it."""
    return {"error": {"type": kind, "message": message}}


def missing(collection: str, thing_id: str, *, param: str = "id") -> dict[str, Any]:
    """Return the error about an object nobody knows."""
    noun = COLLECTIONS.get(collection, collection).replace("_", " ")
    told = error("invalid_request_error", f"No such {noun}: '{thing_id}'")
    told["error"] |= {"code": "resource_missing", "param": param}
    return told
