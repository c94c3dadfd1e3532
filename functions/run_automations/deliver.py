"""One attempt at a delivery: admitted, posted, recorded; and what comes next put on its way.

The order of things makes every crash harmless. A place at the endpoint is taken in a commit of its
own, and given up after 30 s if we die; the attempt is recorded before its successor is sent, and
whoever comes with the old message after that sends the successor again. Only the post itself may
happen twice, under the same id and with the same bytes, when its record was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, cast

from shared.domain import deliveries, endpoint_health, standard_webhooks
from shared.domain.delivery_schedule import patience
from shared.domain.endpoint_health import Health
from shared.domain.errors import Contended
from shared.domain.ports import Check, Document, Name, Reads, Write, Writes

# All who attempt at one endpoint meet in its health: more of them than places there are.
_RIVALS = 12
_TYPE = {"content-type": "application/json"}


class Store(Reads, Writes, Protocol):
    """Where deliveries, endpoints and their health lie."""


class Secrets(Protocol):
    """The endpoints' secrets, kept for a while."""

    def read(self, identity: str, now: float) -> Mapping[str, Any] | None:
        """Return `{"secrets": […]}`, None where there are none; `now` is monotonic seconds."""


class Attempted(Protocol):
    """What came of a post; status 0 is no answer."""

    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def fault(self) -> str: ...  # noqa: D102
    @property
    def duration_ms(self) -> int: ...  # noqa: D102
    @property
    def excerpt(self) -> str: ...  # noqa: D102
    @property
    def retry_after(self) -> str: ...  # noqa: D102


class Posting(NamedTuple):
    """An attempt that was admitted; without headers there is no secret to sign with."""

    delivery: Document
    url: str
    headers: Mapping[str, str] | None
    attempt_id: str


class Unsigned(NamedTuple):
    """An attempt that never left, because nothing leaves unsigned."""

    status: int = 0
    fault: str = "no_secret"
    duration_ms: int = 0
    excerpt: str = ""
    retry_after: str = ""


class Deliver:
    """Makes attempts; one for all messages of a warm Lambda."""

    def __init__(
        self,
        *,
        store: Store,
        secrets: Secrets,
        send: Callable[[Mapping[str, Any], int], None],
        random: Callable[[], float],
        log: Callable[..., None],
    ) -> None:
        """`send` puts a message on our queue after so many seconds."""
        self._store = store
        self._secrets = secrets
        self._send = send
        self._random = random
        self._log = log

    def prepare(self, message: Mapping[str, Any], now: int, monotonic: float) -> Posting | None:
        """Return the attempt a message asks for, admitted; None where none is to be made now.

        Raise Contended or whatever the store and the secrets raise.
        """
        endpoint_id = message.get("endpoint_id") or self._endpoint_of(message["delivery_id"])
        at: Name = ("endpoint", str(endpoint_id))
        how: Name = ("health", str(endpoint_id))
        for _ in range(_RIVALS):
            # In this order: whoever makes the attempt in between has changed the one or the other.
            found = self._store.read([at, how])
            delivery = self._delivery(message["delivery_id"])
            if delivery is None or not self._is_due(delivery, message, now):
                return None
            try:
                return self._admitted(delivery, found[at], found[how], now, monotonic)
            except Contended:
                continue
        raise Contended("others keep the attempt from being admitted")

    def settle(self, posting: Posting, attempted: Attempted, now: int) -> str:
        """Record an attempt that ended at `now`, and see to what follows; return its state."""
        delivery = self._record(posting, attempted, now)
        self._follow_up(delivery, now)
        self._give_back(posting, attempted, now)
        self._log(
            "attempted",
            delivery_id=delivery["delivery_id"],
            endpoint_id=delivery["endpoint_id"],
            state=delivery["state"],
            attempt=delivery["tries"],
            status=attempted.status,
            fault=attempted.fault,
            duration_ms=attempted.duration_ms,
        )
        return str(delivery["state"])

    def _delivery(self, delivery_id: str) -> Document | None:
        name = deliveries.name_of(delivery_id)
        return self._store.read([name])[name]

    def _endpoint_of(self, delivery_id: str) -> str:
        delivery = self._delivery(delivery_id)
        return str(delivery["endpoint_id"]) if delivery else ""

    def _is_due(self, delivery: Document, message: Mapping[str, Any], now: int) -> bool:
        """Tell whether an attempt is due; if it is not yet, its message goes back to the queue."""
        asked = message.get("turn", delivery["turn"])
        if delivery["state"] != "pending" or asked not in (delivery["turn"], delivery["turn"] - 1):
            return False
        if asked == delivery["turn"] and delivery["next_at"] - now <= deliveries.EARLY:
            return True
        self._follow_up(delivery, now)
        return False

    def _admitted(
        self,
        delivery: Document,
        endpoint: Document | None,
        stored: Document | None,
        now: int,
        monotonic: float,
    ) -> Posting | None:
        """Take a place at the endpoint. Raise Contended where somebody else was faster."""
        if endpoint is None:
            self._end(deliveries.gone(delivery, now), now)
            return None
        if endpoint["status"] != "enabled":
            self._end(deliveries.held(delivery, now), now)
            return None
        attempt_id = f"{delivery['delivery_id']}.{delivery['turn']}"
        health = _health(stored)
        under_way = health.get("leases", {}).get(attempt_id, 0) - now
        if under_way > 0:
            self._send(deliveries.message(delivery), _seconds(under_way))
            return None
        url, headers = endpoint["url"], self._headers(delivery, now, monotonic)
        # Whoever enables an endpoint again makes it sound; what was read in between is not.
        sound: list[Check] = []
        if "disabled_at" in health:
            at: Name = ("endpoint", endpoint["endpoint_id"])
            health, sound = {}, [Check(at, endpoint["version"])]
        admission = endpoint_health.admit(
            health, attempt_id, now, self._random, delivery["deferrals"]
        )
        if not admission.admitted:
            until = admission.retry_at or now + endpoint_health.BUSY_WAIT_MAX
            self._end(deliveries.put_off(delivery, until), now)
            return None
        write = _health_write(endpoint["endpoint_id"], stored, admission.health)
        self._store.commit([write, *sound])
        return Posting(delivery, url, headers, attempt_id)

    def _headers(self, delivery: Document, now: int, monotonic: float) -> dict[str, str] | None:
        """Return the signed headers of an attempt, None where there is no secret in force."""
        stored = self._secrets.read(delivery["endpoint_id"], monotonic) or {}
        secrets = standard_webhooks.in_force(stored.get("secrets", []), now)
        if not secrets:
            return None
        identity, body = delivery["delivery_id"], delivery["body"]
        return {**_TYPE, **standard_webhooks.headers(secrets, identity, now, body)}

    def _end(self, delivery: Document, now: int) -> None:
        """Write what became of a delivery without an attempt, and send what follows."""
        self._store.commit(deliveries.steps(delivery, now))
        self._follow_up(delivery, now)
        self._log(
            "not_attempted",
            delivery_id=delivery["delivery_id"],
            endpoint_id=delivery["endpoint_id"],
            state=delivery["state"],
        )

    def _record(self, posting: Posting, attempted: Attempted, now: int) -> Document:
        stored = posting.delivery
        for _ in range(_RIVALS):
            delivery = deliveries.attempted(
                stored,
                status=attempted.status,
                fault=attempted.fault,
                duration_ms=attempted.duration_ms,
                excerpt=attempted.excerpt,
                retry_after=attempted.retry_after,
                now=now,
                random=self._random,
            )
            try:
                self._store.commit(deliveries.steps(delivery, now))
            except Contended:
                found = self._delivery(delivery["delivery_id"])
                if found is None:
                    return delivery  # Its log was erased in the meantime.
                if found["attempts"][-1:] == delivery["attempts"][-1:]:
                    return found  # It was ours: the reply was lost, and the request sent again.
                stored = found
                continue
            return delivery
        raise Contended("others keep the attempt from being recorded")

    def _follow_up(self, delivery: Document, now: int) -> None:
        for each in deliveries.follow_up(delivery, now):
            self._send({name: each[name] for name in each if name != "delay"}, each["delay"])

    def _give_back(self, posting: Posting, attempted: Attempted, now: int) -> None:
        """Give the place back, and note how the endpoint fared; disable it where it is over."""
        endpoint_id = posting.delivery["endpoint_id"]
        at: Name = ("endpoint", endpoint_id)
        how: Name = ("health", endpoint_id)
        for tries in range(_RIVALS):
            found = self._store.read([at, how])
            health = _health(found[how])
            if found[at] is None or (tries and posting.attempt_id not in health.get("leases", {})):
                return  # Removed; or given back by a request whose reply was lost.
            settled = endpoint_health.settle(
                health,
                posting.attempt_id,
                status=attempted.status,
                fault=attempted.fault,
                now=now,
                patience=patience(attempted.retry_after, now),
            )
            steps = [_health_write(endpoint_id, found[how], settled.health)]
            if "disabled" in settled.notices:
                steps.append(_disabling(at, found[at]))
            try:
                self._store.commit(steps)
            except Contended:
                continue
            self._notice(endpoint_id, settled.notices)
            return
        # The place is free again when its time is up; the next attempts tell the same of it.
        self._log("health_contended", endpoint_id=endpoint_id)

    def _notice(self, endpoint_id: str, notices: Iterable[str]) -> None:
        for notice in notices:
            self._log("endpoint_notice", endpoint_id=endpoint_id, notice=notice)


def _health(stored: Document | None) -> Health:
    return cast(Health, {name: each for name, each in (stored or {}).items() if name != "version"})


def _health_write(endpoint_id: str, stored: Document | None, health: Health) -> Write:
    version = stored["version"] if stored else 0
    return Write(("health", endpoint_id), {**health, "version": version + 1}, version)


def _disabling(name: Name, endpoint: Document | None) -> Write:
    stored = endpoint or {}
    document = {**stored, "status": "disabled", "version": stored["version"] + 1}
    return Write(name, document, stored["version"])


def _seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1_000)
