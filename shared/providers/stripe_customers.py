"""What Stripe says of people: customers, their cards, and who an order or checkout names.

Subscriptions carry no email, so the customer's record is what leads to a contact. What an order
says of its payer is only stated where it names an email: a card's postal code alone must not
stand in front of what an earlier order knew.
"""

from __future__ import annotations

from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    CustomerSaid,
    Facet,
    Person,
)
from shared.providers.json_shapes import Json, email, identity, mapping, split_name, text
from shared.providers.stripe_shapes import Event, Said, address, expiry, linked, rolled_back, rows


def customer(event: Event) -> Said:
    """Read a customer; one that is deleted may have shrunk to its id."""
    thing = event.thing
    gone = event.type == "customer.deleted" or thing.get("deleted") is True
    rank = CREATED if event.type == "customer.created" else UPDATED
    facets: dict[str, Facet] = {"customer": _person(thing, gone=gone), **_cards(thing)}
    before: dict[str, Facet] | None = None
    if event.type == "customer.updated" and event.previous:
        before = {"customer": _person(rolled_back(thing, event.previous), gone=gone)}
    name = identity(thing.get("id"), "id")
    return Said(customers=(CustomerSaid(name, TERMINAL if gone else rank, facets, before),))


def method(event: Event) -> Said:
    """Read a payment method or legacy source that came, changed, expires or went."""
    thing = event.thing
    gone = event.type in ("payment_method.detached", "customer.source.deleted")
    # A detached one has no customer any more; the previous values name whose it was.
    owner = linked(thing, "customer") or linked(event.previous or {}, "customer")
    if owner is None:
        return Said()
    facets: dict[str, Facet] = {_method(thing): {"expires": None if gone else _expires(thing)}}
    return Said(customers=(CustomerSaid(owner, TERMINAL if gone else UPDATED, facets),))


def payer(
    customer_id: str | None,
    who: Json,
    billing: Json,
    shipping: Json,
    rank: int,
    at: int | None = None,
) -> tuple[CustomerSaid, ...]:
    """Return how an order names its payer, at `at` (ms) if that is not the event's own time.

    `who` has `name`, `phone` and `email`.
    """
    address_of = email(who, "email")
    if customer_id is None or address_of is None:
        return ()
    first, last = split_name(text(who, "name"))
    person: Person = {
        "email": address_of,
        "first_name": first,
        "last_name": last,
        "phone": text(who, "phone"),
        "billing_address": address(billing, who),
        "shipping_address": address(mapping(shipping, "address"), shipping),
    }
    return (CustomerSaid(customer_id, rank, {"payer": person}, at=at),)


def expanded_people(thing: Json) -> tuple[CustomerSaid, ...]:
    """Return what a fetched object says of its customer and card, where those came expanded."""
    owner = linked(thing, "customer")
    if owner is None:
        return ()
    facets: dict[str, Facet] = {}
    whole = mapping(thing, "customer")
    if "email" in whole or whole.get("deleted") is True:
        facets["customer"] = _person(whole, gone=whole.get("deleted") is True)
        facets.update(_cards(whole))
    for key in ("default_payment_method", "default_source"):
        card = mapping(thing, key)
        if card:
            facets[_method(card)] = {"expires": _expires(card)}
    return (CustomerSaid(owner, UPDATED, facets),) if facets else ()


def _person(thing: Json, *, gone: bool) -> Person:
    if gone and "email" not in thing:
        return {"deleted": True}
    first, last = split_name(text(thing, "name"))
    settings, shipping = mapping(thing, "invoice_settings"), mapping(thing, "shipping")
    return {
        "email": email(thing, "email"),
        "first_name": first,
        "last_name": last,
        "phone": text(thing, "phone"),
        "billing_address": address(mapping(thing, "address"), thing),
        "shipping_address": address(mapping(shipping, "address"), shipping),
        "payment_method": linked(settings, "default_payment_method")
        or linked(thing, "default_source"),
        "deleted": gone,
    }


def _cards(thing: Json) -> dict[str, Facet]:
    """Return the cards a customer carries along: older shapes list them, newer ones expand one."""
    held = [
        *rows(thing, "sources"),
        mapping(thing, "default_source"),
        mapping(mapping(thing, "invoice_settings"), "default_payment_method"),
    ]
    return {_method(card): {"expires": _expires(card)} for card in held if card}


def _method(thing: Json) -> str:
    return f"method:{identity(thing.get('id'), 'id')}"


def _expires(thing: Json) -> str | None:
    """Return a card's last month; a legacy card is its own `card`, other methods do not expire."""
    return expiry(mapping(thing, "card") or thing)
