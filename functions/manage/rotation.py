"""A new secret for an endpoint while the one before goes on; two who rotate never lose either.

The secrets lie in a parameter, and a parameter has no conditional write: two who read it together
would each write theirs and the first one's, shown already, would be gone. So the endpoint's
document decides who rotates. Its versioned write claims the rotation; only then are the secrets
read and replaced; then the claim is given up. Who comes in between is answered 409. A claim whose
holder died ends by itself, later than any request of ours can live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from functions.manage.contention import settled
from functions.manage.endpoints import EndpointSecrets
from shared.domain import rendering_automations as rendering
from shared.domain import standard_webhooks, times
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.rendering_automations import Json

# Twice as long as `manage` may run.
_CLAIM = times.MINUTE


class Store(Reads, Writes, Protocol):
    """Where endpoints and their health lie."""


def rotate_secret(
    endpoint_id: str,
    *,
    store: Store,
    secrets: EndpointSecrets,
    now: int,
    random_bytes: Callable[[int], bytes],
) -> Json:
    """Give an endpoint a new secret and return it, shown once; the one before is valid for a day.

    Raise NotFound where there is no such endpoint, Conflict while somebody else rotates.
    """
    secret = standard_webhooks.new_secret(random_bytes)
    claim = settled(lambda: _claim(endpoint_id, store, now))
    rotated_at = None
    try:
        _replace(endpoint_id, secret, secrets, now)
        rotated_at = now
    finally:
        shown = settled(lambda: _give_up(endpoint_id, claim, rotated_at, store))
    if shown is None:
        # Removed in between: its successor of the same id must not inherit what we wrote.
        secrets.delete(endpoint_id)
        raise NotFound("There is no such endpoint.")
    return {**shown, "secret": secret}


def _claim(endpoint_id: str, store: Store, now: int) -> int:
    """Claim the rotation; return the version that marks the claim as ours."""
    name: Name = ("endpoint", endpoint_id)
    stored = store.read([name])[name]
    if stored is None:
        raise NotFound("There is no such endpoint.")
    if stored.get("rotating", {}).get("until", 0) > now:
        raise Conflict("The secret is being rotated by another request. Try again in a minute.")
    version: int = stored["version"] + 1
    rotating = {"claim": version, "until": now + _CLAIM}
    store.commit([Write(name, {**stored, "rotating": rotating, "version": version}, version - 1)])
    return version


def _replace(endpoint_id: str, secret: str, secrets: EndpointSecrets, now: int) -> None:
    held = secrets.read(endpoint_id)
    if held is None:
        # An endpoint written again makes what is missing, too: who comes second adds to it.
        if secrets.create(endpoint_id, {"secrets": [{"secret": secret}]}):
            return
        held = secrets.read(endpoint_id) or {}
    kept = standard_webhooks.rotated(held.get("secrets", []), secret, now)
    secrets.write(endpoint_id, {"secrets": kept})


def _give_up(endpoint_id: str, claim: int, rotated_at: int | None, store: Store) -> Json | None:
    """Give the claim up, noting when it rotated; return the endpoint, None where it is gone."""
    name: Name = ("endpoint", endpoint_id)
    health: Name = ("health", endpoint_id)
    found = store.read([name, health])
    stored = found[name]
    if stored is None:
        return None
    if stored.get("rotating", {}).get("claim") != claim:
        return rendering.endpoint(stored, found[health])
    document: Document = {
        **{field: value for field, value in stored.items() if field != "rotating"},
        "version": stored["version"] + 1,
        "rotated_date": rotated_at if rotated_at is not None else stored["rotated_date"],
    }
    store.commit([Write(name, document, stored["version"])])
    return rendering.endpoint(document, found[health])
