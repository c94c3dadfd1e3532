"""API stores: items folded at once, through the processor's own use case, each with its result.

The result is told by what was committed, so it is the truth when the caller reads it. An item is
an event like any provider's: kept with its marker, and the same whether it comes live or is
replayed. A wrong item is rejected alone. Where the request breaks off, what was committed stays,
and sending all of it again is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.manage.store_bodies import Fault, Item, Items, OrderItem, RecurringPaymentItem
from shared.api.bodies import invalid, validated
from shared.domain import foresight, orders, recurring_payments, times
from shared.domain.apply import apply
from shared.domain.errors import Invalid, Quarantined
from shared.domain.fold import fold
from shared.domain.folding import Arrival, Habits, Message, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Missing, Name, Reading, Store, Write
from shared.domain.rendering import Json
from shared.providers import api_store
from shared.providers.api_store import ORDER, RECURRING_PAYMENT

PROVIDER = "api"
# The same as the provider's line in the catalogue, which `manage` does not pay to load.
HABITS = Habits(states_creation=False, fetchable=frozenset())

# A document holds an item with what it changed, before and after.
ITEM_BYTES_MAX = 64 * 1024

_MODELS: Mapping[str, type[Item]] = {RECURRING_PAYMENT: RecurringPaymentItem, ORDER: OrderItem}
_SHOWN = {RECURRING_PAYMENT: recurring_payments.show, ORDER: orders.show}


class Following(Protocol):
    """The way to the jobs that follow from a fold."""

    def follow(self, messages: Sequence[Message], nonce: str) -> None:
        """Have them done now."""

    def follow_later(self, messages: Sequence[Message]) -> None:
        """Have the same done once the index has followed the table."""


@dataclass(frozen=True, slots=True)
class Form:
    """How items are written that are not written as ours.

    `read` returns one as ours would be, raising Invalid; `paths` has the names its sender knows by
    those of ours.
    """

    read: Callable[[Any], Any]
    paths: Mapping[str, str]


OURS = Form(lambda given: given, {})


@dataclass(frozen=True, slots=True)
class _Ready:
    """A valid item as the event it has become."""

    kind: str
    name: Name
    dated: bool
    arrival: Arrival
    parsed: Parsed


def put_items(
    kind: str,
    body: Items,
    *,
    store: Store,
    jobs: Following,
    now: int,
    new_id: Callable[[], str],
    form: Form = OURS,
) -> list[Json]:
    """Fold items one after another; return the result of each, in their order.

    Raise Contended where others never rest.
    """
    opened = [_open(kind, item, body, now + place, form) for place, item in enumerate(body.items)]
    ready = [each for each in opened if isinstance(each, _Ready)]
    stores = _Stores(store, jobs, _read_ahead(store, ready), now, new_id)
    return [stores.fold(each) if isinstance(each, _Ready) else each for each in opened]


def _read_ahead(store: Store, ready: Sequence[_Ready]) -> Reading:
    """Read what all items are going to need, in few calls."""
    reading = Reading()
    events = [(each.arrival, each.parsed) for each in ready]
    try:
        named = [n for event in events for n in foresight.at_first(*event)]
        reading.load(store, Missing([*named, *(each.name for each in ready)]))
        following = [n for event in events for n in foresight.then(*event, reading)]
        reading.load(store, Missing(following))
    except Quarantined:
        # Some id is too long for a key: each item is told of its own when its turn comes.
        reading.forget()
    return reading


def _open(kind: str, given: Any, body: Items, received_at: int, form: Form) -> _Ready | Json:
    """Return an item as its event, or its rejection."""
    try:
        ours = form.read(given)
    except Invalid as error:
        return _rejected(*error.errors)
    try:
        item = _valid(kind, ours, received_at)
    except Invalid as error:
        return _rejected(*((form.paths.get(path, path), message) for path, message in error.errors))
    stated = item.stated()
    event = api_store.event_of(kind, stated, received_at, suppressed=body.suppress_automations)
    if len(event) > ITEM_BYTES_MAX:
        return _rejected(("", f"is larger than {ITEM_BYTES_MAX // 1024} kB"))
    identity = stated[api_store.IDENTITY[kind]]
    arrival = Arrival(
        provider=PROVIDER,
        connection_id=item.connection_id,
        received_at=received_at,
        body=event,
        subject=stated.get("store_customer_id") or stated.get("email") or identity,
    )
    parsed = api_store.parse(event, {})
    name = (kind, item.connection_id, identity)
    return _Ready(kind, name, item.store_modified_date is not None, arrival, parsed)


def _valid(kind: str, given: Any, now: int) -> Item:
    if not isinstance(given, dict):
        raise invalid(("", "is not an object"))
    item = validated(_MODELS[kind], given)
    faults = list(item.faults())
    if item.store_modified_date and times.from_text(item.store_modified_date) > now + times.DAY:
        # Nothing the store says until then would count.
        faults.append(("store_modified_date", "lies in the future"))
    if faults:
        raise invalid(*faults)
    return item


class _Stores:
    """The folding of one request's items, over one Reading."""

    def __init__(
        self,
        store: Store,
        jobs: Following,
        reading: Reading,
        now: int,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._reading = reading
        self._now = now
        self._new_id = new_id

    def fold(self, ready: _Ready) -> Json:
        """Fold and commit one item; return its result."""
        known = False

        def folding(reading: Reading) -> Plan:
            nonlocal known
            reading.want([("connection", ready.arrival.connection_id), ready.name])
            connection = reading.get(("connection", ready.arrival.connection_id))
            if connection is None or connection["provider"] != PROVIDER:
                raise invalid(("connection_id", "is not the connection of an API store"))
            head = reading.get(ready.name)
            known = _is_shown(ready.kind, head)
            if not ready.dated and _said(ready.kind, head) == ready.parsed.digest:
                return Plan("unchanged")
            return fold(
                ready.arrival, ready.parsed, HABITS, reading, now=self._now, new_id=self._new_id
            )

        try:
            plan = apply(folding, self._reading, self._store, self._announce)
        except Invalid as error:
            return _rejected(*error.errors)
        except Quarantined as error:
            return _rejected(("", error.reason))
        nonce = f"{ready.parsed.event_id}~{ready.parsed.event_type}"
        if plan.messages:
            self._jobs.follow(plan.messages, nonce)
        return {"status": _status(ready, plan, known=known), "errors": []}

    def _announce(self, plan: Plan) -> None:
        # Before the commit: a crash right after it must not leave undone what follows.
        if plan.messages:
            self._jobs.follow_later(plan.messages)


def _is_shown(kind: str, head: Document | None) -> bool:
    return _SHOWN[kind](head["facets"]) is not None if head and "facets" in head else False


def _said(kind: str, head: Document | None) -> str | None:
    """Return the digest of the item a record was last told by."""
    facet = ((head or {}).get("facets") or {}).get(api_store.FACET[kind]) or {}
    said: str | None = facet.get(api_store.SAID)
    return said


def _status(ready: _Ready, plan: Plan, *, known: bool) -> str:
    """Return what became of the item's own record by what was committed."""
    entries = [
        step.document["entry"]
        for step in plan.steps
        if isinstance(step, Write) and step.document and step.name[:4] == ("entry", *ready.name)
    ]
    if not any(each.kind and each.event_id == ready.parsed.event_id for each in entries):
        return "unchanged"
    return "updated" if known else "created"


def _rejected(*errors: Fault) -> Json:
    return {
        "status": "rejected",
        "errors": [{"path": path, "message": message} for path, message in errors],
    }
