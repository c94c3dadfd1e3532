"""A creation that two connections report fires once: whoever was announced first has it.

Of twins the mirror never fires; but who is the mirror may be known only after it has fired. So an
automation that fires on a creation leaves a mark under every name of the record and of its twins,
in the commit of its firing, and does not fire where another connection has left one. An order may
change its id, and its twin may not have heard of that yet; its names stay, so marks are by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.automations.definition import Automation
from shared.domain.automations.happening import Happening
from shared.domain.observations import REF_KINDS
from shared.domain.ports import Document, Name, Reads, Write
from shared.domain.records import ORDER

Place = tuple[str, str]  # connection, name of a record there


def is_creation(happening: Happening) -> bool:
    """Tell whether a change is the beginning of its record, or of an order's being paid."""
    return happening.kind == ORDER or happening.entry.kind == "created"


def places_of(happening: Happening, head: Document | None, store: Reads) -> list[Place]:
    """Return every name under which the creation of a record may have been announced."""
    kind, connection_id, record_id = happening.record
    if head is not None and head.get("merged_into"):
        record_id = head["merged_into"]
        home: Name = (kind, connection_id, record_id)
        head = store.read([home])[home]
    known = head or {}
    twins = [(one, other) for one, other in known.get("twins") or ()]
    if kind != ORDER:
        return [(one, f"{kind}:{other}") for one, other in ((connection_id, record_id), *twins)]
    refs = {*(known.get("refs") or ()), *happening.entry.refs}
    places = [(connection_id, ref) for ref in sorted(refs)]
    heads = store.read([(kind, *twin) for twin in twins]) if twins else {}
    for one, other in twins:
        theirs = (heads[kind, one, other] or {}).get("refs") or ()
        # One that has changed its id meanwhile is known by the id it had.
        former = (f"{each}:{other}" for each in REF_KINDS)
        places += [(one, ref) for ref in sorted({*theirs, *former})]
    return places


def name_of(automation_id: str, place: Place) -> Name:
    """Return the name of the mark that an automation leaves at a place."""
    return ("announced", automation_id, *place)


def marks(
    firing: Document,
    automation: Automation,
    places: Sequence[Place],
    held: Mapping[Name, Document | None],
) -> list[Write] | None:
    """Return the marks a firing leaves, None where another connection's has announced it.

    `held` are the marks that lie there, as far as that is known. Deleting an automation forgets.
    """
    own = firing["record"]["connection_id"]
    steps = []
    for place in places:
        name = name_of(automation.automation_id, place)
        found = held.get(name)
        if found is not None and found["automation_created"] == automation.created:
            if found["by"] != own:
                return None
            continue
        version = found["version"] if found is not None else 0
        mark: dict[str, Any] = {
            "version": version + 1,
            "by": own,
            "firing_id": firing["firing_id"],
            "automation_created": automation.created,
        }
        steps.append(Write(name, mark, version))
    return steps
