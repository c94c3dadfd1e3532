"""PayKickstart's answer about one purchase, as `call_providers` puts it on the queue.

The answer tells what no notification does: between which dates the subscription bills. What the
interval is follows from the last charge and the next, and is no guess of ours any more. Names and
shapes of the answer are those public clients of the API read; what is not there tells nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.observations import UPDATED, Facet, Parsed, SubscriptionSaid
from shared.providers import paykickstart_rhythm as rhythm

EVENT_TYPE = "fetched.subscription"


def parse(body: bytes) -> Parsed:
    """Return what an answer says. Raise Quarantined for what is none."""
    try:
        event = json.loads(body)
        event_id, purchase = event["id"], event["purchase"]
        invoice, created = event["invoice_id"], event["created"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Quarantined("bad_field", "the event is not a fetched purchase") from error
    texts = isinstance(event_id, str) and isinstance(invoice, str)
    if not texts or type(created) is not int or not isinstance(purchase, dict):
        raise Quarantined("bad_field", "the event is not a fetched purchase")
    facets = _facets(purchase)
    said = SubscriptionSaid(invoice, UPDATED, facets)
    return Parsed(
        event_id=event_id,
        event_type=EVENT_TYPE,
        digest=hashlib.sha256(body).hexdigest(),
        occurred_at=created * times.SECOND,
        live=None,
        subscriptions=(said,) if facets else (),
    )


def _facets(purchase: Mapping[str, Any]) -> dict[str, Facet]:
    following = max(_moments(purchase.get("subscriptions"), "next_date"), default=None)
    charged = _moments(purchase.get("transactions"), "created_at", costing=True)
    if following is None:
        return {}
    told: dict[str, Facet] = {"terms:next": {"next_payment_date": following}}
    last = max((each for each in charged if each < following), default=None)
    found = None if last is None else rhythm.between(last, following)
    if found is not None:
        interval, count = found
        told["terms:interval"] = {"billing_interval": interval, "billing_interval_count": count}
    return told


def _moments(rows: object, name: str, *, costing: bool = False) -> list[int]:
    """Return the times of a list's rows; of those that cost something, if so asked.

    A free trial's row says nothing of the interval: the next charge is due at the trial's end.
    """
    listed = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    kept = (row for row in listed if not costing or _cost(row))
    return [each for each in (_moment(row.get(name)) for row in kept) if each is not None]


def _cost(row: Mapping[str, Any]) -> bool:
    return bool(str(row.get("amount", "?")).strip("0."))


def _moment(value: object) -> int | None:
    text = str(value) if type(value) in (int, str) else ""
    if text.isascii() and text.isdigit():
        milliseconds = int(text) * times.SECOND if len(text) <= 12 else 0
        return milliseconds if 0 < milliseconds <= times.LATEST else None
    try:
        return times.from_text(text)
    except ValueError:
        return None
