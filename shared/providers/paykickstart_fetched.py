"""PayKickstart's answers, as `call_providers` puts them on the queue: purchases, transactions.

A purchase tells what no notification does: between which dates the subscription bills. What the
interval is follows from the last charge and the next, and is no guess of ours any more. It also
tells of an end that no transaction shows. Names and shapes of the answer are those public clients
of the API read; what is not there tells nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.domain import emails, times
from shared.domain.errors import Quarantined
from shared.domain.observations import TERMINAL, UPDATED, Facet, Parsed, SubscriptionSaid
from shared.providers import paykickstart_rhythm as rhythm
from shared.providers import paykickstart_subscriptions as subscriptions
from shared.providers.paykickstart_transactions import moment

EVENT_TYPE = "fetched.subscription"
_ENDED = ("canceled_at", "cancelled_at", "canceled_date", "cancelled_date")


def read(body: bytes) -> Mapping[str, Any]:
    """Return an answer's event. Raise Quarantined for what is none."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Quarantined("bad_field", "the event is not a fetched purchase") from error
    if not isinstance(event, dict):
        raise Quarantined("bad_field", "the event is not a fetched purchase")
    return event


def parse(event: Mapping[str, Any], body: bytes) -> Parsed:
    """Return what an answer about a purchase says. Raise Quarantined for what is none."""
    event_id, purchase = event.get("id"), event.get("purchase")
    invoice, created = event.get("invoice_id"), event.get("created")
    texts = isinstance(event_id, str) and isinstance(invoice, str)
    if not texts or type(created) is not int or not isinstance(purchase, dict):
        raise Quarantined("bad_field", "the event is not a fetched purchase")
    at = created * times.SECOND
    end = ended(purchase, at)
    facets = _facets(purchase) if end is None else _ended(purchase, end)
    said = SubscriptionSaid(str(invoice), UPDATED if end is None else TERMINAL, facets)
    return Parsed(
        event_id=str(event_id),
        event_type=EVENT_TYPE,
        digest=hashlib.sha256(body).hexdigest(),
        occurred_at=at,
        live=None,
        subscriptions=(said,) if facets else (),
        began_at=min(_moments(purchase.get("transactions"), "created_at"), default=None),
    )


def ended(purchase: Mapping[str, Any], now: int) -> int | None:
    """Return when a purchase's last subscription ended (ms), None where one goes on at `now`."""
    listed = _rows(purchase.get("subscriptions"))
    ends = [next((m for n in _ENDED if (m := moment(row.get(n)))), None) for row in listed]
    known = [end for end in ends if end is not None and end <= now]
    return max(known) if known and len(known) == len(listed) else None


def last_charge(purchase: Mapping[str, Any]) -> int | None:
    """Return when a purchase was charged last (ms), None where it says of no charge."""
    return max(_moments(purchase.get("transactions"), "created_at"), default=None)


def _ended(purchase: Mapping[str, Any], at: int) -> dict[str, Facet]:
    """Return the end as its own notification tells it, with the interval that held until then."""
    address = purchase.get("buyer_email")
    email = emails.normalise(address if isinstance(address, str) else None)
    told = _facets(purchase)
    told.pop("terms:next", None)
    return {"terms": subscriptions.ending(email, at), **told}


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
    kept = (row for row in _rows(rows) if not costing or _cost(row))
    return [each for each in (moment(row.get(name)) for row in kept) if each is not None]


def _rows(rows: object) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _cost(row: Mapping[str, Any]) -> bool:
    return bool(str(row.get("amount", "?")).strip("0."))
