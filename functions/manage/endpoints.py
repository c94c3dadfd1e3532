"""Making, changing and removing endpoints, and their secrets, each of which is shown once.

The document says that there is an endpoint, the parameter holds what its webhooks are signed with.
The document is made first and the parameter goes first, so a crash in between leaves an endpoint
without a secret: nothing leaves for it unsigned, and writing it again, or rotating, mends it.
Rotation lies beside, in `rotation.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from functions.manage.automations import endpoints_of
from functions.manage.bodies import EndpointBody
from functions.manage.contention import settled
from functions.manage.names import check_name
from shared.api.bodies import validated
from shared.domain import endpoint_urls, standard_webhooks
from shared.domain import rendering_automations as rendering
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.rendering_automations import Json

_LISTED = 100


class Store(Reads, Writes, Protocol):
    """Where endpoints, their health and the automations that use them lie."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


class EndpointSecrets(Protocol):
    """Where endpoints' secrets lie."""

    def read(self, endpoint_id: str) -> dict[str, Any] | None:
        """Return them, None where there are none."""

    def create(self, endpoint_id: str, secrets: Mapping[str, Any]) -> bool:
        """Make them; return whether there were none."""

    def write(self, endpoint_id: str, secrets: Mapping[str, Any]) -> None:
        """Replace them."""

    def delete(self, endpoint_id: str) -> None:
        """Remove them, if there are any."""


def put_endpoint(
    endpoint_id: str,
    values: dict[str, Any],
    *,
    store: Store,
    secrets: EndpointSecrets,
    now: int,
    random_bytes: Callable[[int], bytes],
    own_host: str,
    local: bool,
) -> tuple[bool, bool, Json]:
    """Make or replace an endpoint; return whether it is new, whether to release what it holds, it.

    The secret is beside its fields where one was made. Raise Invalid for a body, id or URL that
    breaks a rule.
    """
    body = validated(EndpointBody, values)
    check_name("endpoint_id", endpoint_id)
    # On a loopback address the receivers of this machine live beside the API.
    own_hosts = () if local else (own_host,)
    url = endpoint_urls.parse(body.url, local=local, own_hosts=own_hosts).url
    created, document, health = settled(lambda: _write(endpoint_id, body, url, store, now))
    shown = rendering.endpoint(document, health)
    if created or secrets.read(endpoint_id) is None:
        secret = standard_webhooks.new_secret(random_bytes)
        if secrets.create(endpoint_id, {"secrets": [{"secret": secret}]}):
            shown["secret"] = secret
    return created, not created and body.status == "enabled", shown


def delete_endpoint(endpoint_id: str, *, store: Store, secrets: EndpointSecrets) -> None:
    """Remove an endpoint and its secrets; the log of its deliveries stays.

    Raise NotFound where there is none, Conflict naming the automations that still use it.
    """
    name: Name = ("endpoint", endpoint_id)

    def remove() -> None:
        stored = store.read([name])[name]
        if stored is None:
            raise NotFound("There is no such endpoint.")
        using = _automations_using(endpoint_id, store)
        if using:
            raise Conflict(
                f"The endpoint is used by the automations {', '.join(using)}.",
                tuple((each, "has a step that sends to this endpoint") for each in using),
            )
        secrets.delete(endpoint_id)
        # As it was read: a rotation that ended in between has made the parameter again.
        gone: list[Write] = [Write(name, None, stored["version"])]
        store.commit([*gone, Write(("health", endpoint_id), None, None)])

    settled(remove)


def _write(
    endpoint_id: str, body: EndpointBody, url: str, store: Store, now: int
) -> tuple[bool, Document, Document | None]:
    """Write an endpoint; return whether it is new, its document, and how it fares."""
    name: Name = ("endpoint", endpoint_id)
    health: Name = ("health", endpoint_id)
    found = store.read([name, health])
    stored, known = found[name], found[health]
    document = _document(endpoint_id, body, url, stored, now)
    if document == stored:
        return False, document, known
    steps = [Write(name, document, stored["version"] if stored else 0)]
    if stored is None or _is_enabled_again(stored, document):
        # What brought it down is over, or somebody else's who had the id before.
        steps.append(Write(health, None, None))
        known = None
    store.commit(steps)
    return stored is None, document, known


def _automations_using(endpoint_id: str, store: Store) -> list[str]:
    using: list[str] = []
    cursor = None
    while True:
        found, cursor = store.listed("automation", _LISTED, cursor)
        using += [
            each["automation_id"]
            for each in found
            if any(named == endpoint_id for _, named in endpoints_of(each["steps"]))
        ]
        if cursor is None:
            return using


def _is_enabled_again(before: Document, after: Document) -> bool:
    return bool(before["status"] == "disabled" and after["status"] == "enabled")


def _document(
    endpoint_id: str, body: EndpointBody, url: str, stored: Document | None, now: int
) -> dict[str, Any]:
    """Return the endpoint as the body leaves it; the very same where it changes nothing."""
    kept = stored or {
        "endpoint_id": endpoint_id,
        "status": "enabled",
        "created_date": now,
        "rotated_date": None,
        "version": 0,
    }
    said = {"url": url, "events": list(body.events)}
    if body.status is not None:
        said["status"] = body.status
    after = {**kept, **said}
    return after if after == stored else {**after, "version": kept["version"] + 1}
