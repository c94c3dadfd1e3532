"""A change sets automations off: each firing once, whatever crashes, repeats or races.

The order of things is what makes that true. A firing is committed under its identity together with
the mark that a `once` automation has run for the contact; then its message is sent; then the bus
is told. Whoever comes again finds the firing, and sends the message of one that nobody has taken
up yet. So nothing is lost by a crash in between, and what is sent twice is the same firing.

    commit firing + once mark ── crash: the stream comes again, the firing is pending: sent again
    send {"kind": "run"} ─────── crash: sent again; whoever runs it claims it by its state
    tell the bus ─────────────── crash: told again, under the same id

Whoever comes again has to know the automation, though, and workers learn of an edit one by one. So
a firing by one edited a moment ago is asked for ahead, with a delay after which everybody knows:

    send {"kind": "again"} ───── then as above; it finds the firing, and sends and tells it again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from shared.domain import times
from shared.domain.automations import bus_events
from shared.domain.automations.announced import Place, is_creation, places_of
from shared.domain.automations.bus_events import BusEvent
from shared.domain.automations.configuration import Configuration, Known
from shared.domain.automations.definition import CHANGES, Automation
from shared.domain.automations.due_dates import NearDates
from shared.domain.automations.firings import Firings, Queue, firing_of
from shared.domain.automations.happening import Happening, as_created, came_too_late
from shared.domain.automations.identity import firing_id
from shared.domain.automations.sight import Records, Sight
from shared.domain.automations.subscribers import Subscribers
from shared.domain.automations.trigger import judge
from shared.domain.ports import Document, Name, Writes
from shared.domain.timeline import Entry

# How often a record may have gone into another one.
_HOPS_MAX = 5
# Times of the stream are whole seconds.
_GRAIN = times.SECOND
Fired = list[tuple[Document, Automation]]


class Store(Records, Writes, Protocol):
    """Where records and firings lie."""


class Bus(Protocol):
    """The event bus."""

    def put(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus."""


class Fire:
    """Fires automations; one for all changes of a warm Lambda."""

    def __init__(
        self, *, store: Store, queue: Queue, bus: Bus, configuration: Configuration, url: str
    ) -> None:
        """`url` is the queue of automations."""
        self._store = store
        self._queue = queue
        self._bus = bus
        self._configuration = configuration
        self._url = url
        self._firings = Firings(store=store, queue=queue, url=url)
        self._subscribers = Subscribers(store=store, queue=queue, url=url)
        self._dates = NearDates(store=store, queue=queue, url=url)

    def change(self, happening: Happening, now: int) -> list[str]:
        """Fire what a change sets off and tell the bus; return the firings' ids.

        Raise Retryable where it has to be tried again; nothing is fired twice by that.
        """
        announced = happening.announcement
        begun = self._change(announced, now) if announced is not None else []
        return begun + self._change(happening, now)

    def _change(self, happening: Happening, now: int) -> list[str]:
        heard = happening.tells and happening.is_new
        if not heard and not happening.pays_anew and not happening.begins:
            return []
        known = self._configuration.at(now, happening.record[1])
        connection = known.connections.get(happening.record[1])
        if connection is not None and connection.get("role") == "mirror":
            return []
        self._dates.seen(happening, known, now)
        due, rest = _due(happening, known, now)
        fired: Fired = []
        edited = _edited(happening, known)
        if due or rest or edited or (heard and known.subscribers(happening.type)):
            sight = self._sight(happening, known)
            if sight is not None:
                if rest:
                    self._put_off(happening, rest)
                fired = self._fire(due, sight, known, now)
                if heard:
                    self._subscribers.changed(happening, sight, known, now)
        hears = heard and _is_told(happening)
        return self._tell([bus_events.changed(happening, connection)] if hears else [], fired)

    def settled(self, message: Mapping[str, Any], now: int) -> list[str]:
        """Fire what a created record sets off once its first burst of events is over.

        `message` is `{"kind": "settled", "record": [kind, connection, id], "entry": place}`.
        """
        kind, connection_id, record_id = message["record"]
        name: Name = ("entry", kind, connection_id, record_id, message["entry"])
        found = self._entry(name)
        if found is None:
            return []
        entry = _as_announced(found["entry"])
        # As of when it was put off, however often this message has come since.
        happening = Happening(name, entry, None, entry.recorded_at)
        known = self._configuration.at(now, connection_id)
        due = [
            each
            for each in known.index.candidates(happening)
            if _settles(each, happening, known) and _was_there(each, happening)
        ]
        sight = self._sight(happening, known) if due or _edited(happening, known) else None
        return self._tell([], self._fire(due, sight, known, now) if sight else [])

    def again(self, message: Mapping[str, Any], now: int) -> list[str]:
        """Have run what fired by an automation in doubt, and tell of it; return its firing's id.

        `message` is what was sent ahead of the firing, which may not have come to be.
        """
        held = self._firings.again({message["automation_id"]: message["firing_id"]})
        if not held:
            return []
        kind, connection_id, record_id = message["record"]
        name: Name = ("entry", kind, connection_id, record_id, message["entry"])
        known = self._configuration.at(now, connection_id)
        automation = known.automation(message["automation_id"])
        found = self._entry(name)
        if automation is not None and found is not None:
            entry = found["entry"]
            sight = self._sight(Happening(name, entry, None, entry.recorded_at), known)
            if sight is not None:
                self._subscribers.fired([(each, automation) for each in held], sight, known, now)
        self._bus.put([bus_events.fired(each) for each in held])
        return [each["firing_id"] for each in held]

    def _entry(self, name: Name) -> Document | None:
        """Return an entry, also of a record that has gone into another one since."""
        kind, connection_id, record_id, place = name[1:]
        for _ in range(_HOPS_MAX):
            entry: Name = ("entry", kind, connection_id, record_id, place)
            record: Name = (kind, connection_id, record_id)
            found = self._store.read([entry, record])
            head = found[record]
            if found[entry] is not None or not (head and head.get("merged_into")):
                return found[entry]
            record_id = head["merged_into"]
        return None

    def _sight(self, happening: Happening, known: Known) -> Sight | None:
        """Return whom a change is about, None where nobody may be told of it."""
        if happening.entry.contact_id is None:
            return None
        contact_name: Name = ("contact", happening.entry.contact_id)
        found = self._store.read([contact_name, happening.record])
        contact, head = found[contact_name], found[happening.record]
        if contact is None or (head is not None and head.get("mirror_of")):
            return None
        connection = known.connections.get(happening.record[1])
        if came_too_late(happening, contact, connection, known.settle):
            return None
        return Sight(happening, contact, head, store=self._store, known=known)

    def _put_off(self, happening: Happening, rest: int) -> None:
        message = {
            "kind": "settled",
            "record": list(happening.record),
            "entry": happening.name[4],
        }
        self._queue.send_call(self._url, message, -(-rest // times.SECOND))

    def _fire(self, due: Sequence[Automation], sight: Sight, known: Known, now: int) -> Fired:
        happening = sight.happening
        connection = known.connections.get(happening.record[1])
        fired: Fired = []
        places: list[Place] | None = None
        for automation in due:
            decision = judge(automation, sight)
            if decision.fires:
                firing = firing_of(automation, happening, sight.contact, connection, decision, now)
                if places is None:
                    places = self._places(sight, known)
                if known.in_doubt(automation, now):
                    self._ask_ahead(happening, firing, known)
                held = self._firings.keep(firing, automation, places)
                fired += [(held, automation)] if held is not None else []
        fired += self._before(happening, known, {each.automation_id for _, each in fired})
        self._subscribers.fired(fired, sight, known, now)
        return fired

    def _ask_ahead(self, happening: Happening, firing: Document, known: Known) -> None:
        """Have a firing looked for once every worker knows its automation as we do."""
        message = {
            "kind": "again",
            "record": list(happening.record),
            "entry": happening.name[4],
            "automation_id": firing["automation_id"],
            "firing_id": firing["firing_id"],
        }
        self._queue.send_call(self._url, message, -(-known.doubt // times.SECOND))

    def _before(self, happening: Happening, known: Known, told: set[str]) -> Fired:
        """Return what a change has set off before its automation became another.

        A crash may have come between the firing and its message, and the edit since.
        """
        asked = {
            each.automation_id: each
            for each in _edited(happening, known)
            if each.automation_id not in told
        }
        ids = {name: firing_id(each, happening) for name, each in asked.items()}
        held = self._firings.again(ids)
        return [(each, asked[each["automation_id"]]) for each in held]

    def _places(self, sight: Sight, known: Known) -> list[Place]:
        """Return where else a creation may have been announced, if anybody else reports it."""
        happening = sight.happening
        if not is_creation(happening) or not known.directory.doubles(happening.record[1]):
            return []
        return places_of(happening, sight.head, self._store)

    def _tell(self, told: Sequence[BusEvent], fired: Fired) -> list[str]:
        events = [*told, *(bus_events.fired(firing) for firing, _ in fired)]
        if events:
            self._bus.put(events)
        return [firing["firing_id"] for firing, _ in fired]


def _due(happening: Happening, known: Known, now: int) -> tuple[list[Automation], int]:
    """Return the automations to ask now, and how long (ms) the others wait; 0 for no others."""
    rest = max(0, happening.entry.recorded_at + known.settle - now)
    due, waits = [], False
    for each in known.index.candidates(happening):
        if not _was_there(each, happening):
            continue
        if rest and _settles(each, happening, known):
            waits = True
        else:
            due.append(each)
    return due, rest if waits else 0


def _was_there(automation: Automation, happening: Happening) -> bool:
    """Tell whether an automation was made by the time a change was written.

    Whatever comes late, or comes again, sets nothing off that was not there yet.
    """
    return (automation.created or 0) < happening.written_at + _GRAIN


def _edited(happening: Happening, known: Known) -> list[Automation]:
    """Return the automations that may have been others when a change was first looked at.

    Of one whose trigger was edited to look at another field, the firing is not found again.
    """
    return known.edited_about(happening.written_at)


def _settles(automation: Automation, happening: Happening, known: Known) -> bool:
    """Tell whether an automation waits for a creation's first burst of events to be over.

    It does for a segment; and where a processor and a seller report one sale at the same moment,
    until it can be known which of them owns it.
    """
    both = is_creation(happening) and known.directory.sells_through(happening.record[1])
    return both or automation.trigger.settles


def _as_announced(entry: Entry) -> Entry:
    """Return an entry as it was when its firing was put off, whatever has joined it since."""
    if entry.money:
        return replace(entry, money="first")
    if entry.born:
        return as_created(entry)
    return entry


def _is_told(happening: Happening) -> bool:
    """Tell whether the bus hears of a change: not of imported history, nor of a contact's match."""
    entry, known = happening.entry, happening.type in CHANGES
    return known and not (entry.historical or entry.suppressed or happening.retells)
