"""Entries of a subscription's timeline as tests write them down, and the rules they follow."""

from __future__ import annotations

from typing import Any

from shared.domain import changes
from shared.domain.recurring_payments import compact, is_created, show
from shared.domain.timeline import Entry, Rules
from tests.laws.entries import terms

RULES = Rules(show, compact, changes.difference, is_created(True), chained=True)
UPDATED = 10


def entry(name: str, at: int = 0, rank: int = UPDATED, **about: Any) -> Entry:
    """Return an entry; `status` and `was` are short for terms and the terms before."""
    said = dict(about.pop("said", {}))
    before = dict(about.pop("before", {}))
    if "status" in about:
        said["terms"] = terms(about.pop("status"))
    if "was" in about:
        before["terms"] = terms(about.pop("was"))
    received_at = about.pop("received_at", 1)
    return Entry(
        at=at,
        rank=rank,
        event_id=name,
        event_type="told",
        received_at=received_at,
        said=said,
        before=before,
        **about,
    )
