"""Making, changing and removing connections: a document for all to read, and secrets for the door.

The secrets' parameter is what makes a door accept events, so it is written last when a connection
is made and removed first when it goes: a crash in between leaves a door closed, never a door that
accepts for a connection nobody can read. Secrets that were not sent are not even rewritten, so
two people who save at once cannot undo each other's rotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from functions.manage.connection_bodies import CONNECTIONS
from functions.manage.connection_body import ConnectionBody
from functions.manage.contention import settled
from shared.api.bodies import invalid, validated
from shared.domain import directory, rendering
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.webhooks import is_connection_id

_LONGEST_ID = 63
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Store(Reads, Writes, Protocol):
    """Where connections' documents lie."""


class Secrets(Protocol):
    """Where connections' secrets lie."""

    def read(self, connection_id: str) -> dict[str, Any] | None:
        """Return them, None where there are none."""

    def write(self, connection_id: str, secrets: Mapping[str, Any]) -> None:
        """Replace them."""

    def delete(self, connection_id: str) -> None:
        """Remove them, if there are any."""


def put_connection(
    connection_id: str,
    values: dict[str, Any],
    *,
    store: Store,
    secrets: Secrets,
    now: int,
    local: bool,
) -> tuple[bool, rendering.Json]:
    """Make or replace a connection; return whether it is new, and the connection.

    Raise Invalid for a body or id that breaks a rule, Conflict where the provider would change.
    """
    body = _body(connection_id, values, local=local)
    name: Name = ("connection", connection_id)

    def write() -> tuple[bool, Document]:
        found = store.read([name, directory.NAME])
        stored, book = found[name], found[directory.NAME]
        if stored is not None and stored["provider"] != body.provider:
            raise Conflict("A connection cannot change its provider.")
        held = secrets.read(connection_id)
        wanted = _secrets(body, held)
        document = _document(connection_id, body, stored, wanted, now)
        steps = [
            Write(name, document, stored["version"] if stored else 0),
            Write(
                directory.NAME, directory.entered(book, document), book["version"] if book else 0
            ),
        ]
        if stored is None:
            store.commit(steps)
        if wanted != held:
            secrets.write(connection_id, wanted)
        if stored is not None:
            store.commit(steps)
        return stored is None, document

    created, document = settled(write)
    return created, rendering.connection(document)


def delete_connection(connection_id: str, *, store: Store, secrets: Secrets) -> None:
    """Remove a connection; its records stay. Raise NotFound where there is none."""
    name: Name = ("connection", connection_id)

    def forget() -> None:
        found = store.read([name, directory.NAME])
        book = found[directory.NAME]
        steps = [Write(name, None, None)]
        if book is not None:
            remaining = directory.left(book, connection_id)
            steps.append(Write(directory.NAME, remaining, book["version"]))
        store.commit(steps)

    if store.read([name])[name] is None:
        raise NotFound("There is no such connection.")
    secrets.delete(connection_id)
    settled(forget)


def _body(connection_id: str, values: dict[str, Any], *, local: bool) -> ConnectionBody:
    if not _is_name(connection_id):
        rule = f"has to be 1 to {_LONGEST_ID} small letters, digits and inner hyphens"
        raise invalid(("connection_id", rule))
    provider = values.get("provider")
    model = CONNECTIONS.get(provider) if isinstance(provider, str) else None
    if model is None:
        raise invalid(("provider", f"has to be one of {', '.join(CONNECTIONS)}"))
    body = validated(model, values)
    api = getattr(body, "api", None)
    for field in ("base_url", "url"):
        url = urlsplit(getattr(api, field, None) or "")
        if url.scheme == "http" and not (local and url.hostname in _LOOPBACK):
            raise invalid((f"api.{field}", "has to be an https URL"))
    return body


def _is_name(text: str) -> bool:
    plain = is_connection_id(text) and "_" not in text and text == text.lower()
    return plain and len(text) <= _LONGEST_ID and not text.startswith("-")


def _secrets(body: ConnectionBody, held: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the secrets a connection has after this body: what it omits stays."""
    kept = dict(held or {})
    return {"disabled": False, **kept, "provider": body.provider, **body.keep(kept)}


def _document(
    connection_id: str,
    body: ConnectionBody,
    stored: Document | None,
    secrets: Mapping[str, Any],
    now: int,
) -> dict[str, Any]:
    kept = stored or {}
    return {
        "connection_id": connection_id,
        "created_date": now,
        "last_event_date": None,
        "history": {"status": "none", "imported": 0, "total": None},
        **kept,
        "provider": body.provider,
        "name": body.name or connection_id,
        "mode": body.mode,
        "resources": list(body.resources),
        "contact_policy": body.contact_policy,
        "authority": body.authority,
        "role": body.role,
        "late_match": body.late_match.stored(),
        "verify": body.verify,
        "has_api": body.fetches(secrets),
        **body.stored(secrets),
        # Without a signing secret the door cannot prove anybody and asks the provider to wait.
        "status": "active" if body.opens(secrets) else "incomplete",
        "version": kept.get("version", 0) + 1,
    }
