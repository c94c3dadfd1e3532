"""What people do while the product works: each deed happens whole, in the middle of any call.

A deed leaves the outcome as it was, so that the laws need not know of it: what it finds out is
whether a worker that read before it writes over it, or is thrown off its way. Those that change
what fires are offered where a law is told of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from functions.manage.automations import put_automation
from functions.manage.contacts import put_contact
from functions.manage.segments import put_segment
from shared.adapters.documents import to_document
from shared.domain.ports import Name, Write

if TYPE_CHECKING:
    from tests.simulation.processor import Deployment

COMPANY = "Tea & Sons"
# An automation that comes and goes, one whose segment is edited, and the one they are told by.
LATECOMER, MEMBERS, CONTROL = "latecomer", "members", "mirror"
SEGMENT = "customers"
SWITCH, EDIT = "an automation comes or goes", "a segment is edited"


class _NoJobs:
    """Stands where the jobs that follow a new address are sent: nobody gets one here."""

    def attach(self, email: str, contact_id: str) -> None:
        raise AssertionError("a known contact got an address")

    def attach_later(self, email: str) -> None:
        raise AssertionError("a known contact got an address")


def offer(deployment: Deployment, connection: Name) -> None:
    """Offer what can be done to any deployment."""
    deployment.world.deeds |= {
        "a contact is edited and back": partial(_edit_and_undo, deployment),
        "a connection is saved again": partial(_save_again, deployment, connection),
    }


def offer_edits(deployment: Deployment, automations: Mapping[str, Mapping[str, Any]]) -> None:
    """Offer to give automations another name, each in turn."""
    names = sorted(automations)
    edits = [0]

    def edit() -> None:
        edits[0] += 1
        chosen = names[edits[0] % len(names)]
        body = {**automations[chosen], "name": f"{chosen}, edited {edits[0]} times"}
        put_automation(chosen, body, store=deployment.table, now=deployment.world.clock())

    deployment.world.deeds["an automation is edited"] = edit


def offer_changes(deployment: Deployment, log: dict[str, list[tuple[int, bool]]]) -> None:
    """Offer to change what fires; `log` is told since when each automation is effective, or is not.

    Unlike all other deeds these change the outcome. What they bring in shadows CONTROL: the same
    trigger, so that whoever sees that one fire knows when a change was looked at.
    """
    automations = {LATECOMER: _shadow(LATECOMER), MEMBERS: _shadow(MEMBERS, SEGMENT)}

    def switch() -> None:
        switches = log.setdefault(LATECOMER, [])
        effective = len(switches) % 2 == 0
        body = {**automations[LATECOMER], "enabled": effective}
        put_automation(LATECOMER, body, store=deployment.table, now=deployment.world.clock())
        switches.append((deployment.world.clock(), effective))

    def edit() -> None:
        edits, now = log.setdefault(MEMBERS, []), deployment.world.clock()
        effective = len(edits) % 2 == 0
        said = _sold_in("USD" if effective else "EUR")
        put_segment(SEGMENT, said, store=deployment.table, now=now)
        if not edits:
            put_automation(MEMBERS, automations[MEMBERS], store=deployment.table, now=now)
        edits.append((now, effective))

    deployment.world.deeds |= {SWITCH: switch, EDIT: edit}


def _shadow(name: str, segment_id: str | None = None) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "type": "recurring_payment_updated",
        "field": "status",
        "to": "payment_failed",
        "runs": "multiple",
    }
    if segment_id is not None:
        trigger["segment"] = {"match": "all", "conditions": [{"segment_id": segment_id}]}
    steps = [{"type": "webhook", "endpoint_id": "erp"}]
    return {"name": name, "trigger": trigger, "steps": steps}


def _sold_in(currency: str) -> dict[str, Any]:
    condition = {"field": "recurring_payment.currency", "operator": "is", "value": currency}
    return {"name": SEGMENT, "match": "all", "conditions": [condition]}


def _edit_and_undo(deployment: Deployment) -> None:
    items = deployment.world.dynamodb.items()
    known = [to_document(item)["email"] for item in items if item["sk"]["S"] == "CONTACT"]
    for email in known[:1]:
        for company in (COMPANY, None):
            put_contact(
                {"email": email, "company": company},
                store=deployment.table,
                jobs=_NoJobs(),
                now=deployment.world.clock(),
                new_id=lambda: "nobody",
            )


def _save_again(deployment: Deployment, connection: Name) -> None:
    held = deployment.table.read([connection])[connection]
    assert held is not None
    document = {**held, "version": held["version"] + 1}
    deployment.table.commit([Write(connection, document, held["version"])])
