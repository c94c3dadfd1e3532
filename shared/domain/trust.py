"""What an event shows beyond its signature, where that binds the body loosely, as PayPal's does.

A transmission brings one event only: its token is claimed in the event's own commit, and whoever
comes with the same token and something else is refused. And where the provider's API can be asked,
an event is kept but does not count until the provider itself has told it: what counts is what the
API holds under the event's id. Where it cannot, the records say that they are unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.folding import Arrival, Habits
from shared.domain.observations import VERIFIED as SUFFIX
from shared.domain.observations import OrderSaid, Parsed, SubscriptionSaid
from shared.domain.ports import Document, Name, Reading, Write

UNCONFIRMED = "unconfirmed"
# The source of what a verification has found at the provider.
VERIFIED = "verified"
# Far longer than any door takes the transmission, and any queue holds it.
_CLAIMED = 90 * times.DAY


def names(arrival: Arrival, parsed: Parsed) -> Iterator[Name]:
    """Yield what `claim` is going to read."""
    if parsed.once is not None:
        yield ("claim", arrival.connection_id, parsed.once)


def claim(arrival: Arrival, parsed: Parsed, reading: Reading, now: int) -> list[Write]:
    """Return the write by which the event takes its token, none where it has it or needs none.

    Raise Quarantined where the token has brought another event or another body before.
    """
    for name in names(arrival, parsed):
        taken = reading.get(name)
        mine = {"event": [parsed.event_id, parsed.event_type], "digest": parsed.digest}
        if taken is None:
            expires = (now + _CLAIMED) // times.SECOND
            return [Write(name, {"version": 1, **mine, "expires_at": expires}, 0)]
        if {key: taken[key] for key in mine} != mine:
            reason = "the same transmission came before with another event or another body"
            raise Quarantined("transmission_reuse", reason)
    return []


def settles(arrival: Arrival, marker: Document) -> bool:
    """Tell whether this is the provider's own word on an event that was waiting for it."""
    return arrival.source == "fetched" and marker["outcome"] == UNCONFIRMED


def has_to_wait(arrival: Arrival, habits: Habits, connection: Document) -> bool:
    """Tell whether an event does not count before the provider's API has confirmed it."""
    return habits.confirms and arrival.source == "live" and bool(connection.get("has_api"))


def marked(parsed: Parsed, arrival: Arrival, habits: Habits) -> Parsed:
    """Return what counts of an event: where nobody can confirm it, marked as unconfirmed."""
    if not habits.confirms or arrival.source != "live":
        return parsed
    return replace(
        parsed,
        subscriptions=tuple(map(_unconfirmed, parsed.subscriptions)),
        orders=tuple(map(_unconfirmed_order, parsed.orders)),
    )


def named(parsed: Parsed, arrival: Arrival) -> Parsed:
    """Return an event under the type it is kept by: what a verification has found is no event."""
    if arrival.source != VERIFIED or parsed.event_type.endswith(SUFFIX):
        return parsed
    return replace(parsed, event_type=parsed.event_type + SUFFIX)


def digests(marker: Document) -> tuple[Any, ...]:
    """Return the digests under which an event is known: as it came, and as it was confirmed."""
    return marker["digest"], marker.get("confirmed")


def _unconfirmed_order(said: OrderSaid) -> OrderSaid:
    """Return what is said of an order, each part marked: whoever confirms it tells it anew."""
    marked = {name: {**facet, UNCONFIRMED: True} for name, facet in said.facets.items()}
    # A sum of what went back is told by events alone, and beside the single amount it came with.
    kept = {n: said.facets[n] if n.startswith("refunded:") else f for n, f in marked.items()}
    return replace(said, facets=kept)


def _unconfirmed(said: SubscriptionSaid) -> SubscriptionSaid:
    terms = said.facets.get("terms")
    if terms is None:
        return said
    inferred = [*(terms.get("inferred") or ()), UNCONFIRMED]
    return replace(said, facets={**said.facets, "terms": {**terms, "inferred": inferred}})
