"""Endpoints with how they fare, and the log of what was delivered to them."""

from __future__ import annotations

from collections.abc import Sequence

from functions.query.adapters import Shelf
from functions.query.logs import Page, check_owner, walk
from shared.domain import rendering_automations as rendering
from shared.domain.errors import BadRequest, NotFound
from shared.domain.ports import Document, Name
from shared.domain.rendering_automations import Json

# What waits for a person lies together, whatever the endpoint.
_TOGETHER = ("held", "dead", "gone")
STATES = ("pending", "held", "delivered", "dead", "gone")


def read_endpoint(endpoint_id: str, *, store: Shelf) -> Json:
    """Return an endpoint and how it fares. Raise NotFound where there is none."""
    name: Name = ("endpoint", endpoint_id)
    health: Name = ("health", endpoint_id)
    found = store.read([name, health])
    known = found[name]
    if known is None:
        raise NotFound("There is no such endpoint.")
    return rendering.endpoint(known, found[health])


def with_health(endpoints: Sequence[Document], *, store: Shelf) -> list[Json]:
    """Return endpoints as the API prints them, each with how it fares."""
    names: list[Name] = [("health", each["endpoint_id"]) for each in endpoints]
    found = store.read(names) if names else {}
    return [
        rendering.endpoint(each, found[name]) for each, name in zip(endpoints, names, strict=True)
    ]


def read_deliveries(
    state: str | None, endpoint_id: str | None, limit: int, cursor: str | None, *, store: Shelf
) -> Page:
    """Return a page of deliveries, of one endpoint or of all.

    Raise BadRequest for a bad state or cursor.
    """
    if state is not None and state not in STATES:
        raise BadRequest(f"The state is not one of {', '.join(STATES)}.")

    def read(owner: str, most: int, place: str | None) -> Page:
        log: Name = ("deliveries", owner) if state is None else ("deliveries", owner, state)
        return store.newest(log, most, place)

    if endpoint_id is not None:
        check_owner(endpoint_id, "endpoint")
        return read(endpoint_id, limit, cursor)
    if state in _TOGETHER:
        return store.newest(("deliveries_in", state), limit, cursor)
    return walk("endpoint", read, limit, cursor, store=store)


def read_delivery(delivery_id: str, *, store: Shelf) -> Json:
    """Return a delivery with its payload. Raise NotFound where there is none."""
    name: Name = ("delivery", delivery_id)
    found = store.read([name])[name]
    if found is None:
        raise NotFound("There is no such delivery.")
    return rendering.delivery_with_payload(found)
