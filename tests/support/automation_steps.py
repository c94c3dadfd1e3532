"""Steps as tests write them down, and what a firing's run and contact show of them."""

from __future__ import annotations

from typing import Any

from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING

WEBHOOK = {"type": "webhook", "endpoint_id": "crm"}


def tag(name: str) -> dict[str, Any]:
    """Return the step that adds a tag."""
    return {"type": "add_tag", "tag": name}


def tags_of(workshop: Workshop) -> list[str]:
    """Return the contact's tags."""
    return [each["tag"] for each in workshop.document("contact", "c1")["tags"]]


def run_of(workshop: Workshop) -> dict[str, Any]:
    """Return the run of the firing."""
    return workshop.document("run", FIRING)
