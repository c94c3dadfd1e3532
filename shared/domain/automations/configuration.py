"""What firing has to know of the configuration: automations, connections, endpoints, settings.

Read from the table once per so many seconds however many changes come by, so that a thousand
automations cost a change no call. An automation is parsed again only when it, or some segment,
was edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from shared.domain import deliveries, preferences, times
from shared.domain.automations.definition import Automation
from shared.domain.automations.parse import automation_of
from shared.domain.automations.segments import among
from shared.domain.automations.trigger import Index
from shared.domain.directory import directory_of
from shared.domain.errors import Invalid
from shared.domain.ports import Document, Reads

_PAGE = 200
# A connection nobody has read of is looked for again, but not with every event.
_AGAIN = times.SECOND
# How many times as old as it may be in one worker it may seem to another: clocks differ.
_DOUBTS = 5


class Listing(Reads, Protocol):
    """Where the configuration lies."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


class Known:
    """The configuration at one moment."""

    def __init__(
        self,
        automations: Iterable[Automation],
        connections: Mapping[str, Document],
        settings: Mapping[str, Any],
        endpoints: Iterable[Document] = (),
        segments_edited: int = 0,
        doubt: int = 0,
    ) -> None:
        """`segments_edited` (ms) is when any segment was.

        `doubt` is how long (ms) after an edit some workers may know it, and others not yet.
        """
        self._automations = {each.automation_id: each for each in automations}
        self._segments_edited = segments_edited
        self.doubt = doubt
        self._newest = max(map(self._edited, self._automations.values()), default=0)
        self.index = Index(self._automations.values())
        self.by_date = self.index.by_date
        self.connections = connections
        self.directory = directory_of(connections.values())
        self.settings = settings
        self._endpoints = {each["endpoint_id"]: frozenset(each["events"]) for each in endpoints}

    def subscribers(self, kind: str) -> list[str]:
        """Return the ids of the endpoints that hear of events of a type without an automation."""
        return [each for each, kinds in self._endpoints.items() if kinds & {kind, "*"}]

    def dated(self, automation_id: str) -> Automation | None:
        """Return an enabled automation that dates set off, None where there is none."""
        return next((each for each in self.by_date if each.automation_id == automation_id), None)

    def automation(self, automation_id: str) -> Automation | None:
        """Return an automation, enabled or not, None where there is none."""
        return self._automations.get(automation_id)

    def edited_about(self, moment: int) -> list[Automation]:
        """Return the automations that some worker may have known as others at a moment (ms)."""
        if self._newest < moment - self.doubt:
            return []  # As good as always: a thousand automations cost a change nothing.
        return [each for each in self._automations.values() if self.in_doubt(each, moment)]

    def in_doubt(self, automation: Automation, moment: int) -> bool:
        """Tell whether some worker may have known an automation as another at a moment (ms)."""
        edited = self._edited(automation)
        return edited > 0 and edited >= moment - self.doubt

    def _edited(self, automation: Automation) -> int:
        told = self._segments_edited if automation.trigger.segment is not None else 0
        return max(automation.edited, told)

    @property
    def settle(self) -> int:
        """How long the first burst of events about a record is waited for, in ms."""
        return int(self.settings["settle"]) * times.SECOND

    @property
    def zone(self) -> tzinfo:
        """The business's time zone."""
        name = self.settings["timezone"]
        return UTC if name == "UTC" else ZoneInfo(name)


class Configuration:
    """The configuration as it is known, read anew when it is `cache_seconds` old."""

    def __init__(
        self, store: Listing, cache_seconds: int, *, local: bool, log: Callable[..., None]
    ) -> None:
        self._store = store
        self._cache = cache_seconds * times.SECOND
        self._local = local
        self._log = log
        self._known: Known | None = None
        self._read_at = 0
        self._parsed: dict[tuple[str, int, int], Automation] = {}
        self._segments: dict[str, Document] = {}

    def at(self, now: int, connection_id: str | None = None) -> Known:
        """Return the configuration; it is read anew where it does not know that connection."""
        age = now - self._read_at
        known = self._known
        if known is not None and connection_id is not None:
            missing = connection_id not in known.connections and age >= _AGAIN
            known = None if missing else known
        if known is None or not 0 <= age < self._cache:
            known = self._read()
            self._known, self._read_at = known, now
        return known

    def naming(self, automation_id: str, now: int, connection_id: str) -> Known:
        """Return the configuration; read anew where that automation is no enabled one by date."""
        known = self.at(now, connection_id)
        if known.dated(automation_id) is None and now - self._read_at >= _AGAIN:
            self._known = None
            known = self.at(now, connection_id)
        return known

    def _read(self) -> Known:
        segments = {each["segment_id"]: each for each in self._all("segment")}
        if segments != self._segments:
            # Which automations name one that was edited is not worth finding out.
            self._segments, self._parsed = segments, {}
        documents = self._all("automation")
        automations = [each for each in map(self._automation, documents) if each is not None]
        self._parsed = {_key(document): each for document, each in self._pairs(documents)}
        settings = self._store.read([preferences.NAME])[preferences.NAME]
        return Known(
            automations,
            {each["connection_id"]: each for each in self._all("connection")},
            preferences.effective(settings, local=self._local),
            self._all("endpoint"),
            max((int(each.get("updated_date") or 0) for each in segments.values()), default=0),
            min(_DOUBTS * self._cache, deliveries.DELAY_MAX),
        )

    def _pairs(self, documents: Iterable[Document]) -> list[tuple[Document, Automation]]:
        return [
            (each, self._parsed[_key(each)]) for each in documents if _key(each) in self._parsed
        ]

    def _automation(self, document: Document) -> Automation | None:
        key = _key(document)
        if key not in self._parsed:
            try:
                self._parsed[key] = automation_of(document, among(self._segments))
            except Invalid as error:
                paths = [path for path, _ in error.errors]
                self._log("automation_unreadable", automation_id=key[0], paths=paths)
                return None
        return self._parsed[key]

    def _all(self, kind: str) -> list[Document]:
        documents, cursor = self._store.listed(kind, _PAGE, None)
        while cursor is not None:
            page, cursor = self._store.listed(kind, _PAGE, cursor)
            documents += page
        return documents


def _key(document: Document) -> tuple[str, int, int]:
    return document["automation_id"], document["version"], document.get("created_date") or 0
