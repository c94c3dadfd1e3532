"""What a person imported of another provider's records: said in that provider's own names.

The provider goes on telling of the same subscriptions and orders. So that its events join what was
imported, an order bears the provider's names of it, and each facet is called and keyed as the
provider's own parser does: the provider's next word replaces the imported one, and no payment or
refund is counted beside itself. Of people an import only fills in what their provider leaves blank.

Pure. Nothing here overrides what a provider has told: whoever folds an import leaves that alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain import times
from shared.domain.observations import UPDATED, CustomerSaid, Facet, OrderSaid, SubscriptionSaid

Item = Mapping[str, Any]

PAYKICKSTART, PAYPAL, STRIPE, WOOCOMMERCE = "paykickstart", "paypal", "stripe", "woocommerce"
# How Stripe's ids begin, from the strongest name of an order to the weakest.
_STRIPES = {"in_": "document", "pi_": "intent", "ch_": "charge", "py_": "charge", "cs_": "session"}
# PayKickstart tells a subscription in parts, and each replaces its own alone.
_PARTS = {
    "terms": ("status", "store_status", "email", "is_trial", "cancelled_date"),
    "terms:about": ("name", "items", "external_id", "billing_address", "shipping_address"),
    "terms:interval": ("billing_interval", "billing_interval_count"),
    "terms:price": ("currency", *(f"{part}_amount" for part in ("payment", "discount", "tax"))),
    "terms:next": ("next_payment_date",),
    "terms:start": ("start_date", "created_date"),
}


def faults(kind: str, item: Item, provider: str) -> list[tuple[str, str]]:
    """Return why an item cannot be imported for a provider, each a path and a message."""
    if kind != "order":
        dated = item.get("start_date") or item.get("store_created_date")
        return [] if dated else [("start_date", "is needed of what is imported")]
    found = []
    if item["status"] == "disputed":
        found.append(("status", "disputed is for the provider to tell: import it as completed"))
    names = (item["store_order_id"], item.get("processor_reference") or "")
    went_back = item.get("refunded") or item["status"] == "refunded"
    if provider == STRIPE and went_back and not any(name.startswith("pi_") for name in names):
        found.append(("processor_reference", "has to be the payment intent (pi_…) of a refund"))
    return found


def refs(item: Item, provider: str) -> tuple[str, ...]:
    """Return an order's names as its provider's events bear them."""
    identity = str(item["store_order_id"])
    if provider == PAYPAL:
        return (f"charge:{identity}",)
    if provider != STRIPE:
        return (f"document:{identity}",)
    known = [f"{_STRIPES.get(identity[:3], 'document')}:{identity}"]
    reference = str(item.get("processor_reference") or "")
    if reference[:3] in _STRIPES and reference != identity:
        known.append(f"{_STRIPES[reference[:3]]}:{reference}")
    return tuple(known)


def subscription(said: SubscriptionSaid, provider: str, mark: Facet) -> SubscriptionSaid:
    """Return what was said of a subscription as its provider would say it; `mark` marks facets."""
    terms = {name: value for name, value in said.facets["terms"].items() if value is not None}
    facets: dict[str, Facet] = {"terms": {**terms, **mark}}
    customer_id = said.customer_id
    if provider == PAYKICKSTART:
        facets = {name: {**part, **mark} for name, part in _parts(terms).items()}
        customer_id = terms.get("email")
    if said.facets["origin"]["order_id"] is not None:
        facets["origin"] = said.facets["origin"]
    # A file tells of what is there, and begins nothing.
    return replace(said, facets=facets, rank=UPDATED, customer_id=customer_id, creation=False)


def order(said: OrderSaid, item: Item, provider: str, mark: Facet) -> OrderSaid:
    """Return what was said of an order as its provider would say it; `mark` marks facets."""
    document = {**said.facets["document"], **mark}
    if provider == STRIPE:
        document["customer_id"] = item.get("store_customer_id")
    facets: dict[str, Facet] = {"document": document}
    named = refs(item, provider)
    known = _payment_of(item, provider, named)
    if known is not None:
        name, payment = known
        paid = {**said.facets["payment:store"], "payment": payment, **mark}
        facets[f"payment:{name}"] = paid
        back = said.facets["refunded:store"]
        if back["amount"]:
            facets |= _refund(item, provider, {**back, "payment": payment, **mark})
    return OrderSaid(named, UPDATED, facets, said.mentions)


def customers(
    said: tuple[CustomerSaid, ...], kind: str, item: Item, provider: str
) -> tuple[CustomerSaid, ...]:
    """Return who buys, as an order names them: below the provider's own record of them."""
    email, identity = item.get("email"), item.get("store_customer_id")
    if not said and (kind == "order" or provider not in (PAYPAL, STRIPE)):
        return ()  # a subscription's address is its customer's there, whatever else is told of them
    person = {**said[0].facets["customer"]} if said else {}
    if email and provider != WOOCOMMERCE:
        person["email"] = email
    known = email if provider == PAYKICKSTART else said[0].customer_id if said else identity
    return (CustomerSaid(str(known), UPDATED, {"payer": person}),) if known and person else ()


def _parts(terms: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a subscription's terms in PayKickstart's parts, and in one what it never tells."""
    placed = {name for names in _PARTS.values() for name in names}
    parts = {
        part: {name: terms[name] for name in names if name in terms}
        for part, names in _PARTS.items()
    }
    # A renewal's date would go on standing before the next one that is told.
    rest = terms.keys() - placed - {"renewal_date"}
    parts["terms:imported"] = {name: terms[name] for name in terms if name in rest}
    return {part: told for part, told in parts.items() if told}


def _payment_of(item: Item, provider: str, named: tuple[str, ...]) -> tuple[str, str] | None:
    """Return how the provider calls the payment's facet, and the payment; None if not named."""
    identity = str(item["store_order_id"])
    if provider == WOOCOMMERCE:
        return identity, f"document:{identity}"
    if provider == PAYPAL:
        return identity, f"charge:{identity}"
    if provider != STRIPE:
        return "charge", f"charge:{identity}"
    told = dict(ref.split(":", 1) for ref in named)
    charge, intent = told.get("charge"), told.get("intent")
    name = charge or intent
    if name is None:
        return None  # an invoice alone: that it is paid it says itself
    return name, f"intent:{intent}" if intent else f"charge:{charge}"


def _refund(item: Item, provider: str, back: dict[str, Any]) -> dict[str, Facet]:
    payment, at = back["payment"], back["date"]
    if provider != PAYKICKSTART:
        return {f"refunded:{payment}": back}
    own = f"{item['store_order_id']}@{at // times.SECOND}"
    return {f"refund:{own}": {**back, "id": own, "status": "completed"}}
