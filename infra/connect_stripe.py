"""Connecting a Stripe account: one webhook endpoint with the events we read, and its secret stored.

Stripe tells an endpoint's secret once, when it makes it. So the secret is stored before anything
else happens, an endpoint whose secret could not be stored is removed again, and one that was there
before is only trusted where the connection has a secret already. Doing it again changes nothing.
The account's key goes into one header and never into a message.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

from shared.domain.errors import PaysignalError
from shared.providers.stripe import webhook_events
from shared.providers.stripe_api import API_VERSION

STRIPE_URL = "https://api.stripe.com"
_TIMEOUT_SECONDS = 20.0
_TRIES = 3
_PAGE = 100
_MODES = {"live": "live", "test": "test"}
# What a PUT of a connection would put back to its default if it were left out.
_KEPT = ("name", "resources", "contact_policy", "authority", "role", "late_match")

Json = dict[str, Any]


class ConnectError(PaysignalError):
    """The account cannot be connected as it stands; the message says what to do."""


class Connections(Protocol):
    """The stack's API, as far as its connections go."""

    def find(self, path: str) -> Any:
        """Return the answer of a read, None where there is no such thing."""

    def put(self, path: str, body: object) -> Any:
        """Return the answer of a write."""


class Stripe:
    """Stripe's webhook endpoints, under one secret key, while the `with` block lasts."""

    def __init__(
        self,
        secret_key: str,
        base_url: str = STRIPE_URL,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {secret_key}", "stripe-version": API_VERSION},
            timeout=_TIMEOUT_SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def endpoints(self, url: str) -> list[Json]:
        """Return the account's own endpoints of this URL, the newest first."""
        found: list[Json] = []
        after: dict[str, str] = {}
        while True:
            page = self._call("GET", "", params={"limit": str(_PAGE), **after})
            found += [
                each
                for each in page["data"]
                if each["url"] == url and each.get("application") is None
            ]
            if not page["has_more"]:
                return sorted(found, key=lambda each: -each["created"])
            after = {"starting_after": page["data"][-1]["id"]}

    def create(self, url: str, events: Sequence[str], connection_id: str) -> Json:
        """Make an endpoint and return it with its secret."""
        about = {
            "url": url,
            "enabled_events[]": list(events),
            "api_version": API_VERSION,
            "description": f"paysignal: {connection_id}",
        }
        return self._call("POST", "", data=about, key=uuid.uuid4().hex)

    def update(self, endpoint_id: str, events: Sequence[str]) -> None:
        """Give an endpoint exactly these events, and enable it."""
        about = {"enabled_events[]": list(events), "disabled": "false"}
        self._call("POST", f"/{endpoint_id}", data=about)

    def delete(self, endpoint_id: str) -> None:
        """Remove an endpoint, if it is still there."""
        self._call("DELETE", f"/{endpoint_id}", or_gone=True)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        key: str = "",
        or_gone: bool = False,
    ) -> Json:
        """Return Stripe's answer. Raise ConnectError for any but a success.

        `key` lets Stripe tell a repetition from a second wish: an answer can be lost.
        """
        headers = {"idempotency-key": key} if key else {}
        address = f"/v1/webhook_endpoints{path}"
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                answer = self._http.request(
                    method, address, params=params, data=data, headers=headers
                )
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the key.
                    raise ConnectError(
                        f"Stripe is out of reach ({type(error).__name__}). Try again."
                    ) from None
            else:
                if or_gone and answer.status_code == 404:
                    return {}
                if last or (answer.status_code != 429 and answer.status_code < 500):
                    return _content(answer)
            self._sleep(2.0**attempt)
        raise AssertionError("unreachable: the last try returns or raises")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What connecting comes to: `create`, `update`, `keep` or `recreate`, and on what."""

    action: str
    connection_id: str
    url: str
    mode: str
    connection: Json | None
    endpoints: tuple[Json, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def mode_of(secret_key: str) -> str:
    """Return the mode a secret key belongs to. Raise ConnectError for what is no secret key."""
    prefix, _, rest = secret_key.partition("_")
    mode = _MODES.get(rest.partition("_")[0])
    if prefix not in ("sk", "rk") or mode is None or not secret_key.isascii():
        raise ConnectError(
            "This is no secret key of Stripe's: it begins with sk_live_, sk_test_ or rk_."
        )
    return mode


def plan(
    connection_id: str,
    url: str,
    mode: str,
    *,
    stripe: Stripe,
    connections: Connections,
    recreate: bool = False,
) -> Plan:
    """Return what has to be done; nothing is changed.

    Raise ConnectError where only a person can decide.
    """
    connection = connections.find(f"/v1/connections/{connection_id}")
    if connection is not None and connection["provider"] != "stripe":
        raise ConnectError(f"The connection {connection_id} is not one of Stripe's.")
    if connection is not None and connection["mode"] != mode:
        raise ConnectError(
            f"The connection {connection_id} is of mode {connection['mode']}, the key of {mode}. "
            "Name another: --name"
        )
    endpoints = stripe.endpoints(url)
    has_secret = connection is not None and connection["status"] != "incomplete"
    held = set(endpoints[0]["enabled_events"]) if endpoints else set[str]()
    wanted = set(webhook_events())
    return Plan(
        action=_action(endpoints, has_secret, held == wanted, recreate=recreate),
        connection_id=connection_id,
        url=url,
        mode=mode,
        connection=connection,
        endpoints=tuple(endpoints),
        added=tuple(sorted(wanted - held)),
        removed=tuple(sorted(held - wanted)),
    )


def carry_out(
    made: Plan, *, stripe: Stripe, connections: Connections, api: Json | None = None
) -> None:
    """Do what a plan says; `api` is what the connection shall keep of Stripe's API, if anything."""
    events = webhook_events()
    if made.action in ("create", "recreate"):
        endpoint = stripe.create(made.url, events, made.connection_id)
        try:
            _store(made, connections, api, [endpoint["secret"]])
        except BaseException:
            # Whatever it was: what an endpoint posts whose secret nobody has is refused.
            stripe.delete(endpoint["id"])
            raise
        for old in made.endpoints:
            stripe.delete(old["id"])
        return
    if made.action == "update":
        stripe.update(made.endpoints[0]["id"], events)
    if api is not None:
        _store(made, connections, api, [])


def _action(endpoints: list[Json], has_secret: bool, same: bool, *, recreate: bool) -> str:
    if not endpoints:
        return "create"
    if recreate:
        return "recreate"
    if len(endpoints) > 1:
        raise ConnectError(
            f"Stripe has {len(endpoints)} endpoints of this URL. Replace them by one: --recreate"
        )
    if not has_secret:
        raise ConnectError(
            "Stripe has an endpoint of this URL, and told its secret only when it was made. "
            "Store that secret with PUT /v1/connections, or replace the endpoint: --recreate"
        )
    return "keep" if same and endpoints[0]["status"] == "enabled" else "update"


def _store(made: Plan, connections: Connections, api: Json | None, secrets: list[str]) -> None:
    body: Json = {"provider": "stripe", "name": made.connection_id, "mode": made.mode}
    body |= {name: made.connection[name] for name in _KEPT} if made.connection else {}
    if secrets:
        body["signing_secrets"] = secrets
    if api is not None:
        body["api"] = api
    connections.put(f"/v1/connections/{made.connection_id}", body)


def _content(answer: httpx.Response) -> Json:
    """Return a success's content. Stripe's own words are not repeated: they may quote the key."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    if answer.is_success and isinstance(content, dict):
        return content
    if answer.status_code in (401, 403):
        raise ConnectError(
            f"Stripe refuses the key ({answer.status_code}). It has to be valid, and a restricted "
            "one may write webhook endpoints."
        )
    error = content.get("error") if isinstance(content, dict) else None
    about = [str(error[name]) for name in ("code", "param") if error.get(name)] if error else []
    raise ConnectError(f"Stripe answered {answer.status_code} {' '.join(about)}".strip() + ".")
