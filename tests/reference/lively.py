"""What people do beside buying, by dice: labels, letters, visits, spend, and what fires for them.

Documents as the processor and `manage` keep them, for the contacts of a generated business.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.domain.ports import Name
from tests.fakes.memory_store import MemoryStore

_DAY = 86_400_000
SOURCES, CAMPAIGNS = (None, "ads", "fair"), (None, "Autumn", "Tea")
TAGS, LISTS, AUTOMATIONS = ("vip", "Reader"), ("news",), ("rescue", "gift")
_SUBJECTS = (None, "Hello", "Again")
_KINDS = """visit sent open click reply tag_added tag_removed list_added list_removed""".split()
_STATES = ("delivered", "delivered", "dead", "gone", "pending", "held")


@dataclass(frozen=True)
class Days:
    """Moments of a time between two (ms); some stand at the very edge of a UTC or local day."""

    dice: random.Random
    start: int
    end: int
    edges: tuple[int, ...] = ()

    def moment(self, after: int | None = None) -> int:
        """Return a moment, later than another where that is told."""
        start = self.start if after is None else after + 1
        edges = [each for each in self.edges if start <= each < self.end]
        if edges and self.dice.random() < 0.25:
            return self.dice.choice(edges)
        return self.dice.randrange(start, max(self.end, start + 1))


def enliven(store: MemoryStore, days: Days) -> None:
    """Have the contacts of a store do and receive things, and their owner spend."""
    contacts = {name: each for name, each in store.documents.items() if name[0] == "contact"}
    for name, each in contacts.items():
        store.documents[name] = _described(each, days)
    emails = [each for contact in contacts.values() for each in _addresses(contact)]
    ids = [contact["contact_id"] for contact in contacts.values()]
    store.documents.update(_acts([*emails, "nobody@example.com"], days))
    store.documents.update(_costs(days))
    if ids:
        store.documents.update(_firings(ids, days))


def _addresses(contact: dict[str, Any]) -> list[str]:
    return [contact["email"], *contact["aliases"]]


def _described(contact: dict[str, Any], days: Days) -> dict[str, Any]:
    dice = days.dice
    source = {"first_source": dice.choice(SOURCES), "campaign": dice.choice(CAMPAIGNS)}
    found = {**contact, "source": {**contact["source"], **source}, "created_date": days.moment()}
    for kind, names in (("tag", TAGS), ("list", LISTS)):
        held = [name for name in names if dice.random() < 0.35]
        lost = [name for name in names if dice.random() < 0.25]
        found[f"{kind}s"] = [{kind: name, "applied_date": days.moment()} for name in held]
        former = [(name, days.moment()) for name in lost]
        found[f"former_{kind}s"] = [
            {kind: name, "applied_date": at, "removed_date": at + _DAY} for name, at in former
        ]
    if dice.random() < 0.3:
        found["segments"] = ["chosen"]
    return found


def _acts(emails: list[str], days: Days) -> Iterator[tuple[Name, dict[str, Any]]]:
    dice = days.dice
    for turn in range(dice.randrange(10)):
        kind, at = dice.choice(_KINDS), days.moment()
        label = kind.partition("_")[0]
        subject = dice.choice({"tag": TAGS, "list": LISTS}.get(label, _SUBJECTS))
        yield (
            ("act", dice.choice(emails), f"{at:015d}#e{turn}"),
            {
                "version": 1,
                "kind": kind,
                "subject": subject,
                "campaign": dice.choice(CAMPAIGNS) if label == kind else None,
                "automation_id": dice.choice((None, *AUTOMATIONS)) if label == kind else None,
                "occurred_date": at,
                "connection_id": "news",
            },
        )


def _costs(days: Days) -> Iterator[tuple[Name, dict[str, Any]]]:
    dice = days.dice
    for _ in range(dice.randrange(5)):
        day = _date(days.moment())
        source, campaign = (dice.choice(names) or "" for names in (SOURCES, CAMPAIGNS))
        name = ("spend", day, source, campaign, dice.choice(("USD", "USD", "EUR", "JPY", "KWD")))
        yield name, {"version": 1, "amount": dice.randrange(1, 90_000)}


def _date(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).date().isoformat()


def _firings(ids: list[str], days: Days) -> Iterator[tuple[Name, dict[str, Any]]]:
    dice = days.dice
    for turn in range(dice.randrange(5)):
        automation, firing, at = dice.choice(AUTOMATIONS), f"f{turn}", days.moment()
        connection = dice.choice(("shop", "shop", "club", "lab"))
        yield (
            ("firing", automation, firing),
            {
                "version": 1,
                "contact": {"contact_id": dice.choice(ids)},
                "state": "done",
                "record": {"kind": "recurring_payment", "connection_id": connection, "id": "s"},
                "at": at,
                "recorded_at": at + 5,
            },
        )
        for number in range(dice.randrange(3)):
            yield (
                ("delivery", f"{firing}/{number}"),
                {
                    "version": 1,
                    "automation_id": automation,
                    "firing_id": firing,
                    "endpoint_id": "hook",
                    "type": "automation.fired",
                    "state": dice.choice(_STATES),
                    "created": at + 5,
                    "tries": 1,
                },
            )
