"""What a lookup has told of a record, so that the event it stood in for tells nothing again.

Pure. Who verifies, or looks up one record, sees what is and not when it came to be: what is found
is told at its own time.
When the event itself comes after all, it stands before that, and the transition is found to be its
own. It is recorded there, and marked as one that was announced.

    before    ............................ verified: status active -> cancelled      fires
    after     event: active -> cancelled   verified: nothing left to tell            fires nothing
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any

from shared.domain.timeline import Change, Entry
from shared.domain.timeline import Told as Step

# What the ids of events begin with that were made of an object fetched from a provider's API.
_FETCHED = "fetch_"
# Each transition told by lookups, as field and value, with the entries by key.
Told = dict[tuple[str, str], set[str]]


def told_by(entries: Mapping[str, Entry]) -> Told:
    """Return what those of a record's stored entries have told that a provider's API told."""
    told: Told = {}
    for key, entry in entries.items():
        if entry.verified or _is_answer(entry):
            for change in entry.changes:
                told.setdefault(_transition(change), set()).add(key)
    return told


def mark(
    told: Told, steps: Iterable[Step], stored: Collection[str], written: MutableMapping[str, Entry]
) -> None:
    """Mark what lookups have told of before, where it stands now.

    That is in the lookup's own entry, told anew, or in one that has come since.
    """
    for step in steps:
        key = step.entry.key
        fields = [
            change.field
            for change in step.entry.changes
            if (keys := told.get(_transition(change))) is not None
            and (key in keys or (key not in stored and key < max(keys)))
        ]
        announced = tuple(sorted({*step.entry.announced, *fields}))
        if fields and announced != step.entry.announced:
            step.entry.announced = announced
            written[key] = step.entry


def _is_answer(entry: Entry) -> bool:
    """Tell whether a lookup has told it; history sets nothing off, and stands in for nothing."""
    return entry.event_id.startswith(_FETCHED) and not entry.historical


def _transition(change: Change) -> tuple[str, str]:
    value: Any = change.after
    return change.field, json.dumps(value, sort_keys=True)
