"""The revisions of an automation: counted for ever, even where the automation is deleted between.

A run finishes on the revision it began on, so a number once given is never given again. What a
deleted automation had reached stays under its revision 0; one that is made under the same id
counts on from there. Its `created_date` is another, which is how `once` forgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.ports import Document, Name, Write

_REACHED = "0"


def reached_name(automation_id: str) -> Name:
    """Return where it is remembered how far a deleted automation had counted."""
    return ("revision", automation_id, _REACHED)


def following(stored: Document | None, reached: Document | None) -> int:
    """Return the number of an automation's next revision."""
    if stored is not None:
        return int(stored["revision"]) + 1
    return int(reached["revision"]) + 1 if reached else 1


def change(automation: Mapping[str, Any], stored: Document | None) -> list[Write]:
    """Return the writes of an automation's new revision; all of them or none."""
    automation_id, revision = automation["automation_id"], automation["revision"]
    return [
        Write(("automation", automation_id), automation, stored["version"] if stored else 0),
        Write(("revision", automation_id, str(revision)), {**automation, "version": 1}, 0),
    ]


def deletion(stored: Document) -> list[Write]:
    """Return the writes that remove an automation; its revisions stay for what is under way."""
    automation_id = stored["automation_id"]
    reached = {"revision": stored["revision"], "version": 1}
    return [
        Write(("automation", automation_id), None, stored["version"]),
        Write(reached_name(automation_id), reached, None),
    ]
