"""Endpoints that hear of changes without an automation: REST hooks, as Zapier and others use them.

An endpoint hears of changes as they are recorded, where their contact is known, and of no imported
history: of an order at its first sight, whose status says whether it is paid. The delivery is kept
under an id that follows from the change, so a change that is told again is not sent again.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain import deliveries
from shared.domain.automations import render_payload
from shared.domain.automations.configuration import Known
from shared.domain.automations.definition import FIRED, Automation
from shared.domain.automations.firings import Queue, Store, facts_of
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import told_id
from shared.domain.automations.sight import Sight
from shared.domain.errors import Contended
from shared.domain.ports import Document, Write


class Subscribers:
    """Sends changes and firings to the endpoints that asked for them."""

    def __init__(self, *, store: Store, queue: Queue, url: str) -> None:
        self._store = store
        self._queue = queue
        self._url = url

    def changed(self, happening: Happening, sight: Sight, known: Known, now: int) -> None:
        """Send a change to whoever hears of such."""
        endpoints = known.subscribers(happening.type)
        entry = happening.entry
        if not endpoints or entry.historical or entry.suppressed:
            return
        connection = known.connections.get(happening.record[1])
        facts = {"firing_id": None, **facts_of(happening, sight.contact, connection)}
        body = render_payload.standard(facts, None, *sight.printed())
        for endpoint_id in endpoints:
            identity = deliveries.id_of(told_id(happening), f"endpoint {endpoint_id}")
            self._send(deliveries.new(identity, endpoint_id, happening.type, body, now))

    def fired(
        self, firings: Iterable[tuple[Document, Automation]], sight: Sight, known: Known, now: int
    ) -> None:
        """Send firings to whoever hears of them."""
        endpoints = known.subscribers(FIRED)
        for firing, automation in firings if endpoints else ():
            about = {"id": automation.automation_id, "name": automation.name}
            body = render_payload.standard(firing, about, *sight.printed(), kind=FIRED)
            for endpoint_id in endpoints:
                delivery = deliveries.new(
                    deliveries.id_of(firing["firing_id"], f"endpoint {endpoint_id}"),
                    endpoint_id,
                    FIRED,
                    body,
                    now,
                    firing_id=firing["firing_id"],
                    automation_id=firing["automation_id"],
                )
                self._send(delivery)

    def _send(self, delivery: Document) -> None:
        """Keep a delivery and have it sent, if nobody has begun with it yet."""
        name = deliveries.name_of(delivery["delivery_id"])
        held = delivery
        try:
            self._store.commit([Write(name, delivery, 0)])
        except Contended:
            found = self._store.read([name])[name]
            if found is None:
                raise
            held = found
        if held["state"] == "pending" and not held["turn"]:
            self._queue.send_call(self._url, deliveries.message(held))
