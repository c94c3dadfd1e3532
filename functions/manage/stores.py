"""API stores: items folded at once, through the processor's own use case, each with its result.

The result is told by what was committed, so it is the truth when the caller reads it. An item is
an event like any provider's: kept with its marker, and the same whether it comes live or is
replayed. A wrong item is rejected alone. Where the request breaks off, what was committed stays,
and sending all of it again is safe. What is `historical` may be of any provider, and is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.manage import store_history
from functions.manage.item_results import accepted, rejected
from functions.manage.store_bodies import Item, Items, OrderItem, RecurringPaymentItem
from shared.api.bodies import invalid, validated
from shared.domain import foresight, orders, personal, recurring_payments, times
from shared.domain.apply import apply
from shared.domain.envelope import group_of
from shared.domain.errors import Invalid, Quarantined
from shared.domain.fold import fold
from shared.domain.folding import Arrival, Habits, Message, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Missing, Name, Reading, Store, Write
from shared.domain.rendering import Json
from shared.providers import api_store, api_store_history
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
    """A valid item as the event it has become; `habits` are those of the record's provider."""

    kind: str
    name: Name
    dated: bool
    arrival: Arrival
    parsed: Parsed
    habits: Habits
    provider: str

    @property
    def historical(self) -> bool:
        """Whether it was imported."""
        return self.arrival.source == "history"


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
    whose = store_history.providers(body.items, store) if body.historical else None
    opened = [
        _open(kind, item, body, now + place, form, whose) for place, item in enumerate(body.items)
    ]
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


def _open(
    kind: str,
    given: Any,
    body: Items,
    received_at: int,
    form: Form,
    whose: Mapping[str, str] | None,
) -> _Ready | Json:
    """Return an item as its event, or its rejection; `whose` are the providers of history."""
    try:
        ours = form.read(given)
    except Invalid as error:
        return rejected(*error.errors)
    try:
        item = _valid(kind, ours, received_at)
        provider = PROVIDER if whose is None else _whose(kind, item, whose)
    except Invalid as error:
        return rejected(*((form.paths.get(path, path), message) for path, message in error.errors))
    event = api_store.event_of(
        kind,
        item.stated(),
        received_at,
        suppressed=body.suppress_automations,
        history_of=None if whose is None else provider,
    )
    if len(event) > ITEM_BYTES_MAX:
        return rejected(("", f"is larger than {ITEM_BYTES_MAX // 1024} kB"))
    return _ready(kind, item, event, received_at, None if whose is None else provider)


def _ready(kind: str, item: Item, event: bytes, received_at: int, history_of: str | None) -> _Ready:
    """Return a valid item as its event; `history_of` is its provider, if it was imported."""
    stated = item.stated()
    identity = stated[api_store.IDENTITY[kind]]
    arrival = Arrival(
        provider=PROVIDER,
        connection_id=item.connection_id,
        received_at=received_at,
        body=event,
        subject=_subject(item.connection_id, stated) or identity,
        source="live" if history_of is None else "history",
    )
    return _Ready(
        kind=kind,
        name=(kind, item.connection_id, identity),
        dated=item.store_modified_date is not None,
        arrival=arrival,
        parsed=api_store.parse(event, {}),
        habits=HABITS if history_of is None else store_history.habits(history_of),
        provider=history_of or PROVIDER,
    )


def _subject(connection_id: str, stated: Mapping[str, Any]) -> str | None:
    """Return whom an item is about; who is known by an address goes by nothing that tells it."""
    subject: str | None = stated.get("store_customer_id") or stated.get("email")
    return group_of(connection_id, subject or "") if personal.is_address(subject) else subject


def _whose(kind: str, item: Item, whose: Mapping[str, str]) -> str:
    """Return the provider of an imported item's connection. Raise Invalid for one it cannot be."""
    provider = whose.get(item.connection_id)
    if provider is None:
        raise invalid(("connection_id", "is not a connection"))
    faults = api_store_history.faults(kind, item.stated(), provider)
    if faults and provider != PROVIDER:
        raise invalid(*faults)
    return provider


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
            connection_name: Name = ("connection", ready.arrival.connection_id)
            reading.want([connection_name, ready.name])
            connection = reading.get(connection_name)
            if connection is None or connection["provider"] != ready.provider:
                raise invalid(("connection_id", "is not the connection of an API store"))
            head = _head(ready, reading)
            known = _is_shown(ready.kind, head)
            if ready.historical and store_history.is_told(ready.kind, head):
                return Plan("unchanged")
            if not ready.dated and _said(ready.kind, head) == ready.parsed.digest:
                return Plan("unchanged")
            arrival, parsed, habits = ready.arrival, ready.parsed, ready.habits
            return fold(arrival, parsed, habits, reading, now=self._now, new_id=self._new_id)

        try:
            plan = apply(folding, self._reading, self._store, self._announce)
        except Invalid as error:
            return rejected(*error.errors)
        except Quarantined as error:
            return rejected(("", error.reason))
        nonce = f"{ready.parsed.event_id}~{ready.parsed.event_type}"
        if plan.messages:
            self._jobs.follow(plan.messages, nonce)
        return accepted(_status(ready, plan, known=known))

    def _announce(self, plan: Plan) -> None:
        # Before the commit: a crash right after it must not leave undone what follows.
        if plan.messages:
            self._jobs.follow_later(plan.messages)


def _head(ready: _Ready, reading: Reading) -> Document | None:
    """Return the head of an item's record. Raise Missing for more reading."""
    name = ready.name
    if ready.historical:
        name = store_history.record_of(name, ready.parsed, reading)
        reading.want([name])
    return reading.get(name)


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
        if isinstance(step, Write) and step.document and step.name[:2] == ("entry", ready.kind)
    ]
    if not any(each.kind and each.event_id == ready.parsed.event_id for each in entries):
        return "unchanged"
    return "updated" if known else "created"
