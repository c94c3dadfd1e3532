"""Why an automation acted for a contact or did not: each change of theirs, and each date.

What fired is known from its firing, with the conditions it was kept with. What did not is asked
again, over the contact and the record as the change log has them of that moment. What the firing's
steps have sent is told with it: the attempts of webhooks, and emails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.query.adapters import Log, Shelf
from functions.query.contacts import find_contact
from functions.query.sendings import Sent, sent_by
from shared.adapters.log_chronicle import LogChronicle
from shared.domain import preferences, rendering, times
from shared.domain.automations import dates, why
from shared.domain.automations.announced import is_creation, name_of, places_of
from shared.domain.automations.configuration import Known
from shared.domain.automations.definition import ORDER_CREATED, Automation
from shared.domain.automations.due_dates import dates_of
from shared.domain.automations.fire_by_date import happening_of
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import firing_id
from shared.domain.automations.parse import automation_of
from shared.domain.automations.sight import Sight
from shared.domain.automations.why_dates import Had, answer_of_date, dates_had, newest
from shared.domain.backtest.chronicle import Version, Versions, second
from shared.domain.backtest.past import Past
from shared.domain.errors import BadRequest, Conflict, Invalid, NotFound
from shared.domain.ports import Document, Name
from shared.domain.records import ORDER, RECURRING_PAYMENT
from shared.domain.segments.stored import Stored

# The newest changes that are explained, of so many records.
CHANGES_MAX = 100
_RECORDS_MAX = 100
_PAGE = 200
_NOTHING = Sent([], [])

Json = dict[str, Any]
# A change, or a date that came; the firing it would be; and the date, where it is one.
Looked = tuple[Happening, str, Had | None]


def explain(
    automation_id: str, contact: str | None, *, store: Shelf, log: Log, now: int, local: bool
) -> Json:
    """Return the automation, the contact, and each change or date with its decision.

    The newest come first, of dates those that are due last.

    Raise NotFound where there is no such automation or contact, BadRequest where none is named,
    Conflict where the automation no longer makes sense.
    """
    name: Name = ("automation", automation_id)
    document = store.read([name])[name]
    if document is None:
        raise NotFound("There is no such automation.")
    if not contact:
        raise BadRequest("Name the contact: ?contact= with an email, alias or id.")
    person = find_contact(contact, store=store)
    try:
        automation = automation_of(document, Stored(store))
    except Invalid as error:
        detail = "The automation no longer makes sense; write it anew."
        raise Conflict(detail, error.errors) from error
    asked = _Asked(automation, document, person, store=store, log=log, now=now, local=local)
    return {
        "automation_id": automation_id,
        "contact": {"contact_id": person["contact_id"], "email": person["email"]},
        "changes": asked.rows(),
    }


class _Asked:
    """One automation and one contact."""

    def __init__(
        self,
        automation: Automation,
        document: Document,
        contact: Document,
        *,
        store: Shelf,
        log: Log,
        now: int,
        local: bool,
    ) -> None:
        self._automation = automation
        self._document = document
        self._contact = contact
        self._store = store
        self._now = now
        connections = {each["connection_id"]: each for each in _all("connection", store)}
        stored = store.read([preferences.NAME])[preferences.NAME]
        settings = preferences.effective(stored, local=local)
        self._known = Known([automation], connections, settings)
        self._past = Past(_Chronicle(store, log), store, looks_inside=True)

    def rows(self) -> list[Json]:
        """Return each change or date with its decision, the newest first."""
        looked = self._dates() if self._automation.trigger.by_date else self._changes()
        ids = [each for _, each, _ in looked]
        names: list[Name] = [("firing", self._automation.automation_id, each) for each in ids]
        firings = self._store.read(names)
        sent = sent_by(ids, store=self._store)
        return [
            self._row(happening, had, firings[name], sent.get(name[2], _NOTHING))
            for (happening, _, had), name in zip(looked, names, strict=True)
        ]

    def _changes(self) -> list[Looked]:
        return [(each, firing_id(self._automation, each), None) for each in self._happenings()]

    def _dates(self) -> list[Looked]:
        automation, contact_id = self._automation, self._contact["contact_id"]
        found = [
            had
            for record in self._store.newest_of_contact(contact_id, RECURRING_PAYMENT, _RECORDS_MAX)
            for had in dates_had(automation, record, self._store.history(record), self._known.zone)
        ]
        return [
            (
                happening_of(had.due, self._contact, had.since),
                dates.firing_id(automation, had.due.record, had.due.value),
                had,
            )
            for had in newest(found, CHANGES_MAX)
        ]

    def _happenings(self) -> list[Happening]:
        kind = ORDER if self._automation.trigger.type == ORDER_CREATED else RECURRING_PAYMENT
        contact_id = self._contact["contact_id"]
        found = [
            Happening(("entry", *record, entry.key), entry, None, entry.recorded_at)
            for record in self._store.newest_of_contact(contact_id, kind, _RECORDS_MAX)
            for entry in self._store.latest(record, CHANGES_MAX)
            if entry.kind is not None or entry.money == "first"
        ]
        found.sort(key=lambda each: (each.entry.place, each.name), reverse=True)
        return found[:CHANGES_MAX]

    def _row(
        self,
        happening: Happening,
        had: Had | None,
        firing: Document | None,
        sent: Sent,
    ) -> Json:
        entry = happening.entry
        told = self._answer_of(happening, had, firing)
        kind, connection_id, identity = happening.record
        return {
            "record": {"kind": kind, "connection_id": connection_id, "id": identity},
            "event_id": entry.event_id or None,
            "event_type": entry.event_type,
            "kind": entry.kind or "created",
            "occurred_date": times.to_text(entry.at),
            "recorded_date": times.to_text(entry.recorded_at),
            "historical": entry.historical,
            "late": entry.late,
            "date": self._date(had),
            "changes": rendering.told_changes(entry),
            "conditions": told.conditions,
            "decision": told.decision,
            "reason": told.reason,
            "explanation": told.explanation,
            "firing_id": firing["firing_id"] if firing is not None else None,
            "state": firing["state"] if firing is not None else None,
            "attempts": sent.attempts,
            "emails": sent.emails,
        }

    def _date(self, had: Had | None) -> Json | None:
        if had is None:
            return None
        return {
            "field": self._automation.trigger.field,
            "value": times.to_text(had.due.value),
            "due_date": times.to_text(had.due.when),
        }

    def _answer_of(
        self, happening: Happening, had: Had | None, firing: Document | None
    ) -> why.Answer:
        settles = self._automation.trigger.settles and is_creation(happening)
        settles_at = happening.entry.recorded_at + (self._known.settle if settles else 0)
        looked_at = settles_at if had is None else had.came(self._automation, self._contact)
        self._past.now = second(min(looked_at, self._now))
        who: Name = ("contact", self._contact["contact_id"])
        # A log that was written anew does not reach back; then who it is now has to do.
        contact = self._past.read([who])[who] or self._contact
        head = self._store.read([happening.record])[happening.record]
        around = why.Around(
            now=self._now,
            contact=contact,
            head=head,
            connection=self._known.connections.get(happening.record[1]),
            marked=self._is_marked(),
            announced=had is None and self._is_announced(happening, head),
            settles_at=settles_at,
            updated=self._document.get("updated_date"),
        )
        then = self._past.read([happening.record])[happening.record] or head
        sight = Sight(happening, contact, then, store=self._past, known=self._known)
        if had is None:
            return why.answer(self._automation, happening, around, firing=firing, subject=sight)
        value = dates_of(then).get(str(self._automation.trigger.field))
        return answer_of_date(
            self._automation, had, around, value=value, firing=firing, subject=sight
        )

    def _is_marked(self) -> bool:
        mark: Name = ("once", self._automation.automation_id, self._contact["contact_id"])
        return self._is_ours(self._store.read([mark])[mark])

    def _is_announced(self, happening: Happening, head: Document | None) -> bool:
        """Tell whether another connection's creation of the same sale has fired."""
        doubles = self._known.directory.doubles(happening.record[1])
        if not doubles or not is_creation(happening):
            return False
        places = places_of(happening, head, self._store)
        names = [name_of(self._automation.automation_id, place) for place in places]
        own = happening.record[1]
        marks = [each for each in self._store.read(names).values() if self._is_ours(each)]
        return any(each is not None and each["by"] != own for each in marks)

    def _is_ours(self, mark: Document | None) -> bool:
        """Tell whether a mark is this automation's, and not of one deleted before."""
        return mark is not None and mark["automation_created"] == self._automation.created


class _Chronicle:
    """Contacts as the log has them; records as they are, for their entries tell what they were."""

    def __init__(self, store: Shelf, log: Log) -> None:
        self._store = store
        self._log = log
        self._read: LogChronicle | None = None

    def contacts(self, contact_ids: Iterable[str]) -> Mapping[str, Versions]:
        """Return all versions of contacts."""
        if self._read is None:
            self._read = LogChronicle(self._log.snapshot().session)
        return self._read.contacts(contact_ids)

    def heads(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return heads as they are now, as if they had always been so."""
        found = self._store.read(names)
        return {name: [Version(0, head)] for name, head in found.items()}

    def entries(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return nothing: entries are read from the table."""
        del names
        return {}

    def mirrors(self, name: Name) -> Sequence[Name]:
        """Return nothing: who mirrors whom is read from the table."""
        del name
        return ()


def _all(kind: str, store: Shelf) -> list[Document]:
    documents, cursor = store.listed(kind, _PAGE, None)
    while cursor is not None:
        page, cursor = store.listed(kind, _PAGE, cursor)
        documents += page
    return documents
