"""What people do while the product works: each deed happens whole, in the middle of any call.

A deed leaves the outcome as it was, so that the laws need not know of it: what it finds out is
whether a worker that read before it writes over it, or is thrown off its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from functions.manage.automations import put_automation
from functions.manage.contacts import put_contact
from shared.adapters.documents import to_document
from shared.domain.ports import Name, Write

if TYPE_CHECKING:
    from tests.simulation.processor import Deployment

COMPANY = "Tea & Sons"


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
