"""Whom PayPal's subscriptions belong to: the payer, known under two names.

A sale names its subscription and nobody, and may come before anything that knows the payer. So the
subscription's own id is a customer as well: what is learnt of its payer is told to its sales.
"""

from __future__ import annotations

from shared.domain.observations import UPDATED, CustomerSaid, Person
from shared.providers.json_shapes import Json, email, mapping, split_name, text
from shared.providers.paypal_shapes import address, named


def subscriber(thing: Json) -> tuple[str | None, Person]:
    """Return the payer's id and person, as a subscription of v2 tells them."""
    told = mapping(thing, "subscriber")
    name, shipping = mapping(told, "name"), mapping(told, "shipping_address")
    card = mapping(mapping(told, "payment_source"), "card")
    person: Person = {
        "email": email(told, "email_address"),
        "first_name": text(name, "given_name"),
        "last_name": text(name, "surname"),
        "phone": text(mapping(mapping(told, "phone"), "phone_number"), "national_number"),
        "shipping_address": address(
            mapping(shipping, "address"), text(mapping(shipping, "name"), "full_name")
        ),
        "billing_address": address(mapping(card, "billing_address"), text(card, "name")),
    }
    return named(told, "payer_id"), person


def payer_info(thing: Json) -> tuple[str | None, Person]:
    """Return the payer's id and person, as an agreement of v1 tells them."""
    told = mapping(mapping(thing, "payer"), "payer_info")
    place = mapping(thing, "shipping_address") or mapping(told, "shipping_address")
    person: Person = {
        "email": email(told, "email"),
        "first_name": text(told, "first_name"),
        "last_name": text(told, "last_name"),
        "phone": text(told, "phone"),
        "shipping_address": address(place, text(place, "recipient_name")),
        "billing_address": address(mapping(told, "billing_address"), None),
    }
    return named(told, "payer_id"), person


def payer(thing: Json) -> tuple[str | None, Person]:
    """Return the payer's id and person, as a checkout of v2 tells them."""
    told = mapping(thing, "payer")
    first, last = split_name(text(mapping(told, "name"), "full_name"))
    person: Person = {
        "email": email(told, "email_address"),
        "first_name": text(mapping(told, "name"), "given_name") or first,
        "last_name": text(mapping(told, "name"), "surname") or last,
    }
    return named(told, "payer_id"), person


def customers(
    person: Person, *ids: str | None, facet: str = "customer"
) -> tuple[CustomerSaid, ...]:
    """Return what is said of a person under each of the ids; nothing where nothing is known.

    A checkout knows less than a subscription; as the facet `payer` it fills blanks only.
    """
    if not any(person.values()):
        return ()
    return tuple(CustomerSaid(each, UPDATED, {facet: person}) for each in ids if each)
