"""What a run's steps send out: webhooks, events of the user's own, emails.

Pure. Each leaves a document or a message in the commit of its turn, under an id that follows from
the run and the step's place, so that a turn that is repeated sends the very same once more. What
was sent by a run that nobody remembers (a table was restored) is there already, and stays as it is.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import deliveries, mails, runs
from shared.domain.automations import render_payload
from shared.domain.automations.definition import Email, EmitEvent, Webhook
from shared.domain.ports import Document, Name, Reading, Write
from shared.domain.run_scene import Scene
from shared.domain.runs import Message, Run


class Sendings:
    """The sending steps of one turn; they add to `writes` and to the run's outbox."""

    def __init__(
        self,
        firing: Document,
        run: Run,
        scene: Scene,
        automation: Mapping[str, Any],
        writes: list[Write],
        reading: Reading,
        now: int,
    ) -> None:
        self._reading = reading
        self._firing = firing
        self._run = run
        self._scene = scene
        self._automation = automation
        self._writes = writes
        self._now = now

    def webhook(self, step: Webhook, place: list[int]) -> None:
        """Keep a delivery and have it attempted."""
        identity = self._id(place)
        try:
            body = self._body(step)
        except render_payload.TooLarge:
            self._took(place, "webhook", note="payload_too_large")
            return
        delivery = deliveries.new(
            identity,
            step.endpoint_id,
            f"{self._firing['record']['kind']}.{self._firing['change']['kind']}",
            body,
            self._now,
            firing_id=self._run["run_id"],
            automation_id=self._run["automation_id"],
            contact_id=self._run["contact_id"],
        )
        self._leave(deliveries.name_of(identity), delivery, deliveries.message)
        self._took(place, "webhook", delivery_id=identity)

    def emit(self, step: EmitEvent, place: list[int]) -> None:
        """Have an event put on the bus."""
        detail: dict[str, Any] = {
            "id": self._id(place),
            "firing_id": self._run["run_id"],
            "automation_id": self._run["automation_id"],
            "contact_id": self._run["contact_id"],
            "record": self._run["record"],
            "name": step.name,
        }
        if step.payload is not None:
            detail["payload"] = self._scene.filled(step.payload)
        self._run["outbox"].append(
            {"kind": "event", "type": step.name, "detail": detail, "at": self._now}
        )
        self._took(place, "emit_event")

    def email(self, step: Email, place: list[int]) -> None:
        """Keep an email and have it sent, unless nobody may send one or this one does not want it.

        Its address is the contact's own; one that has unsubscribed is passed over.
        """
        contact, sender = self._scene.contact or {}, self._scene.sender
        if not sender:
            self._took(place, "email", note="email_is_not_configured")
        elif contact.get("unsubscribed_date") is not None:
            self._took(place, "email", note="unsubscribed")
        elif not contact.get("email"):
            self._took(place, "email", note="no_address")
        else:
            identity = self._id(place)
            mail = {
                **mails.new(identity, contact, sender, self._run, self._now),
                "from_name": step.from_name,
                "subject": _line(self._scene.filled(step.subject)),
                "text": self._scene.filled(step.text),
                "html": self._scene.filled(step.html, html.escape),
            }
            self._leave(mails.name_of(identity), mail, mails.message)
            self._took(place, "email", mail_id=identity)

    def _leave(
        self, name: Name, document: Document, message: Callable[[Document], Message]
    ) -> None:
        """Have a document written and sent, unless it was there when a commit was refused."""
        held = self._reading.get(name) if self._reading.has(name) else None
        if held is None:
            self._writes.append(Write(name, document, 0))
        if held is None or held["state"] == "pending":
            self._run["outbox"].append(message(held or document))

    def _body(self, step: Webhook) -> bytes:
        """Return the bytes of a webhook. Raise TooLarge where they are too many."""
        printed = self._scene.printed()
        if step.payload is not None:
            return render_payload.own(self._scene.filled(step.payload))
        known = {"id": self._run["automation_id"], "name": self._automation["name"]}
        return render_payload.standard(
            self._firing,
            known,
            printed["contact"] or {},
            printed["recurring_payment"],
            printed["order"],
        )

    def _id(self, place: list[int]) -> str:
        return deliveries.id_of(self._run["run_id"], ".".join(map(str, place)))

    def _took(self, place: list[int], what: str, **about: Any) -> None:
        runs.took(self._run, place, what, self._now, **about)


def _line(text: str) -> str:
    """Return a text as one line: a value could hold the end of a header."""
    return " ".join(text.split())
