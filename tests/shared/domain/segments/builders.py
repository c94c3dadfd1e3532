"""Short words for the tests of segments: people, what they pay, and one question about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

import pytest

from shared.domain import contacts, times
from shared.domain.errors import Invalid
from shared.domain.recurring_payments import show
from shared.domain.segments.evaluate import Predicate, compile
from shared.domain.segments.moments import Moment
from shared.domain.segments.parse import parse
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change

# 2026-09-21T14:13:20Z, a Monday.
NOW = 1_790_000_000_000
DAY = times.DAY
# A condition as it is written, which is understood.
CITY = {
    "field": "recurring_payment.billing_address.city",
    "operator": "is",
    "value": "Chicago",
}


def at(text: str) -> int:
    """Return the ms of an ISO time, UTC where it names no offset."""
    return times.from_text(text)


def contact(**fields: Any) -> contacts.Contact:
    """Return a contact document; `tags` and `lists` may be plain texts."""
    document = contacts.new("contact-1", "ada@example.com", NOW - 90 * DAY)
    for name, kind in (("tags", "tag"), ("lists", "list")):
        if name in fields:
            fields[name] = [{kind: each, "applied_date": NOW} for each in fields[name]]
    return {**document, **fields}


def payment(identity: str = "sub_1", **fields: Any) -> dict[str, Any]:
    """Return a recurring payment as it shows, before it is printed; `city` is of its billing."""
    shown = show({"terms": {"status": "active", "currency": "USD"}}) or {}
    if "city" in fields:
        fields["billing_address"] = {"city": fields.pop("city")}
    return {
        **shown,
        "connection_id": "shop",
        "store_recurring_payment_id": identity,
        "store_customer_id": "cus_1",
        "store_modified_date": NOW,
        **fields,
    }


def moment(now: int = NOW, zone: tzinfo = UTC, currency: str = "USD") -> Moment:
    """Return a moment of the business."""
    return Moment(now, zone, currency)


def subject(
    who: contacts.Contact | None = None,
    payments: Sequence[Mapping[str, Any]] = (),
    at_hand: Mapping[str, Any] | None = None,
    changes: Sequence[Change] = (),
    when: Moment | None = None,
) -> Subject:
    """Return a subject: an ordinary contact at an ordinary moment where nothing else is said."""
    return Subject(when or moment(), who or contact(), payments, at_hand, changes)


def one(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    """Return a condition as it is written."""
    written = {"field": field, "operator": operator}
    return written if value is None else {**written, "value": value}


def all_of(*members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of which all must be met."""
    return {"match": "all", "conditions": list(members)}


def any_of(*members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of which any may be met."""
    return {"match": "any", "conditions": list(members)}


def none_of(*members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of which none may be met."""
    return {"match": "none", "conditions": list(members)}


def predicate(written: Mapping[str, Any]) -> Predicate:
    """Return the predicate of a segment, or of a single condition, as written."""
    segment = written if "match" in written else all_of(written)
    return compile(parse(segment, changes=True))


def holds(written: Mapping[str, Any], who: Subject) -> bool:
    """Ask a segment, or a single condition, about a subject."""
    return predicate(written)(who)


def faults(written: object, **options: Any) -> list[tuple[str, str]]:
    """Return the faults of a segment that is refused, each as its path and what is wrong."""
    with pytest.raises(Invalid) as refused:
        parse(written, **options)
    return list(refused.value.errors)
