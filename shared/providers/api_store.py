"""API-connected stores: what a store has PUT of a recurring payment or an order, as an event.

A store without webhooks of its own states its records through the API. Each item becomes an event
of our making, kept like any provider's: a replay of the kept bytes says what the live item said.
Items have been validated when they come here; amounts are text in major units, times ISO 8601.

An item is ordered by the store's own `store_modified_date`, else by when it was received, which is
why the event says that too. It replaces what the store said of the record before as a whole: all
its facets are stated every time, those that are blank as withdrawn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from shared.domain import mentions, money, times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    SUPPRESSED,
    TERMINAL,
    UPDATED,
    CustomerSaid,
    Facet,
    OrderSaid,
    Parsed,
    SubscriptionSaid,
)
from shared.domain.strict_json import NotStrictJson, parse_object
from shared.providers import api_store_history as history

RECURRING_PAYMENT, ORDER = "recurring_payment", "order"
IDENTITY = {RECURRING_PAYMENT: "store_recurring_payment_id", ORDER: "store_order_id"}
# The facets that carry `SAID`: the digest of the item a record was last told by.
FACET = {RECURRING_PAYMENT: "terms", ORDER: "document"}
SAID = "said"

Item = Mapping[str, Any]

_ENDED = ("cancelled", "expired")
_PAID = ("completed", "partially_refunded", "refunded", "disputed")
_ADDRESS = tuple(
    """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()
)
_LABELS = ("category", "name", "sku", "brand", "tag", "store_primary_id")
_AMOUNTS = ("payment_amount", "discount_amount", "tax_amount", "shipping_amount")
_TIMES = ("anchor_date", "cancelled_date", "last_payment_date", "payment_method_expiration")
_PERSON = ("first_name", "last_name", "phone", "company")


def event_of(
    kind: str, item: Item, received_at: int, *, suppressed: bool, history_of: str | None = None
) -> bytes:
    """Return the event of one valid item that was received at a time (ms).

    `history_of` is the provider whose record was imported, where it is not the store's own word.
    """
    event = {
        "kind": kind,
        "received_date": received_at,
        "suppress_automations": suppressed,
        "item": item,
        **({"history_of": history_of} if history_of is not None else {}),
    }
    return _text(event).encode()


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what an event of `event_of` says. Raise Quarantined for anything else."""
    del headers
    try:
        event = parse_object(body)
        kind, item = str(event["kind"]), event["item"]
        stated = item.get("store_modified_date")
        at = times.from_text(stated) if stated else int(event["received_date"])
        digest = sha256(_text({"kind": kind, "item": item}).encode()).hexdigest()
        # Said again without a date of its own, the same item is another word: what came in between
        # is to be replaced. With a date it is the same word, however often it comes.
        place = [item["connection_id"], kind, item[IDENTITY[kind]], digest, None if stated else at]
        provider = event.get("history_of")
        if provider is not None:
            place.append("history")
        parsed = Parsed(
            event_id=f"api_{sha256(_text(place).encode()).hexdigest()[:32]}",
            event_type=f"{kind}.put{SUPPRESSED if event['suppress_automations'] else ''}",
            digest=digest,
            occurred_at=at,
            live=None,
            subscriptions=(_subscription(item, digest),) if kind == RECURRING_PAYMENT else (),
            orders=(_order(item, digest, at),) if kind == ORDER else (),
            customers=_customers(item),
        )
        if provider is not None and provider != "api":
            parsed = _history(parsed, kind, item, provider)
    except NotStrictJson as error:
        raise Quarantined("bad_field", "the event is not JSON") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Quarantined("bad_field", "the event is not one of an API store's items") from error
    return parsed


def _history(parsed: Parsed, kind: str, item: Item, provider: str) -> Parsed:
    """Return what an item says, in the names of the provider whose record it is."""
    mark = {SAID: parsed.digest}
    return replace(
        parsed,
        subscriptions=tuple(history.subscription(e, provider, mark) for e in parsed.subscriptions),
        orders=tuple(history.order(each, item, provider, mark) for each in parsed.orders),
        customers=history.customers(parsed.customers, kind, item, provider),
    )


def _subscription(item: Item, digest: str) -> SubscriptionSaid:
    status = item["status"]
    items = _items(item)
    next_payment = _time(item, "next_payment_date") or _time(item, "renewal_date")
    terms: dict[str, Any] = {
        SAID: digest,
        "name": item.get("name") or (items[0]["name"] if items else None),
        "status": status,
        "store_status": item.get("store_status"),
        "billing_interval": item.get("billing_interval"),
        "billing_interval_count": _count(item),
        "currency": item.get("currency"),
        **{name: _money(item, name) for name in _AMOUNTS},
        "items": items,
        "created_date": _time(item, "store_created_date"),
        "start_date": _time(item, "start_date") or _time(item, "store_created_date"),
        "next_payment_date": next_payment,
        "renewal_date": _time(item, "renewal_date"),
        **{name: _time(item, name) for name in _TIMES},
        "last_payment_status": item.get("last_payment_status"),
        "cancel_at_period_end": bool(item.get("cancel_at_period_end")),
        "is_trial": bool(item.get("is_trial")),
        "total_cycles": item.get("total_cycles") or 0,
        "cycles_completed": item.get("cycles_completed"),
        "note": item.get("note"),
        "external_id": item.get("external_id"),
        "email": item.get("email"),
        "billing_address": _address(item.get("billing_address")),
        "shipping_address": _address(item.get("shipping_address")),
    }
    return SubscriptionSaid(
        subscription_id=item["store_recurring_payment_id"],
        rank=TERMINAL if status in _ENDED else UPDATED,
        facets={"terms": terms, "origin": {"order_id": item.get("origin_order_id")}},
        customer_id=_customer_id(item),
        # Who states no start says by the first word on a record that it begins.
        creation=terms["start_date"] is None,
    )


def _order(item: Item, digest: str, at: int) -> OrderSaid:
    """Return an order of one payment; what went back of it is one sum."""
    identity, status = item["store_order_id"], item["status"]
    gross = money.from_text(item["gross"], item["currency"])
    refunded = _money(item, "refunded") or (gross if status == "refunded" else 0)
    payment = _payment(item, gross)
    gone = _time(item, "refunded_date") or at
    withheld: Facet = {}
    if status == "disputed":
        withheld = {"id": identity, "amount": gross - refunded, "date": gone, "status": "open"}
    facets = {
        "document": {**_document(item, gross), SAID: digest},
        "payment:store": payment,
        "refunded:store": {
            "amount": refunded or None,
            "date": gone,
            "payment": payment["payment"],
        },
        "dispute:store": withheld,
    }
    said = mentions.ids_among([item.get("processor_reference")])
    return OrderSaid((f"document:{identity}",), UPDATED, facets, mentions=said)


def _document(item: Item, gross: int) -> dict[str, Any]:
    status, date = item["status"], _time(item, "occurred_date")
    subscription = item.get("recurring_payment_id")
    paid = status in _PAID
    return {
        "number": None,
        "state": "paid" if paid else "failed" if status == "declined" else "open",
        "gross": gross,
        "due": gross,
        **{name: _money(item, name) or 0 for name in ("discount", "tax", "shipping")},
        "currency": item["currency"],
        "created": date,
        "paid_date": date if paid else None,
        "cycle": "cycle" if subscription else None,
        "subscription_id": subscription,
        "email": item.get("email"),
        "items": _items(item),
    }


def _payment(item: Item, gross: int) -> dict[str, Any]:
    reference, status = item.get("processor_reference"), item["status"]
    return {
        "payment": f"charge:{reference or item['store_order_id']}",
        # Told with its order, it needs no look-alike.
        "weight": 1,
        "amount": gross,
        "currency": item["currency"],
        "status": "completed" if status in _PAID else status,
        "date": _time(item, "occurred_date"),
        "fee": _money(item, "fee"),
        "customer_id": _customer_id(item),
        "reference": reference,
    }


def _customers(item: Item) -> tuple[CustomerSaid, ...]:
    """Return who the item names; its email stays the record's own, for each may have another."""
    told = _named(item)
    identity = _customer_id(item)
    if identity is None or not told:
        return ()
    return (CustomerSaid(identity, UPDATED, {"customer": told}),)


def _customer_id(item: Item) -> str | None:
    """Return the store's customer; where one is named without an id, the email stands in."""
    identity = item.get("store_customer_id") or (item.get("email") if _named(item) else None)
    return str(identity) if identity else None


def _named(item: Item) -> dict[str, Any]:
    source = item.get("customer") or item.get("billing_address") or {}
    return {name: source[name] for name in _PERSON if source.get(name)}


def _items(item: Item) -> list[dict[str, Any]]:
    code = item.get("currency")
    return [
        {
            **{name: each.get(name) for name in _LABELS},
            "quantity": each.get("quantity") or 1,
            "amount": money.from_text(each["amount"], str(code)) if each.get("amount") else None,
        }
        for each in item.get("line_items") or ()
    ]


def _address(given: Item | None) -> dict[str, Any] | None:
    return {name: given.get(name) for name in _ADDRESS} if given else None


def _count(item: Item) -> int | None:
    count = item.get("billing_interval_count")
    return count or (1 if item.get("billing_interval") else None)


def _money(item: Item, name: str) -> int | None:
    text = item.get(name)
    return None if text is None else money.from_text(text, str(item["currency"]))


def _time(item: Item, name: str) -> int | None:
    text = item.get(name)
    return None if text is None else times.from_text(text)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
