"""What happens to a table while the change log is written: every image of it, in order.

Whole lives of customers are folded and fired by the product itself, once, without a fault; what
the table's stream told of it is kept, and told again in every schedule. So schedules are about the
log alone, and its documents are real ones. Some of these people are erased in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.adapters.table import Table, document_of
from shared.domain import activity, times
from shared.domain.erasure import Erasure
from shared.domain.heard import ActivityKind, ActivitySaid
from shared.domain.ports import Document, Name, Write
from tests.simulation import automation_run
from tests.simulation.automation_schedules import in_order
from tests.simulation.automation_stories import short_tale
from tests.simulation.fake_dynamodb import FakeDynamoDB

LIVES = 6
Image = Mapping[str, Any]
Record = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Life:
    """Records of a stream; who is erased just before that of number `erased_before`, if anybody."""

    name: str
    records: tuple[Record, ...]
    contact_id: str | None
    email: str
    erased_before: int

    def erasure(self, at: int) -> Erasure:
        """Return the erasure as it is told at a time (ms)."""
        return Erasure.of(self.contact_id, [self.email], at)


@cache
def life(number: int) -> Life:
    """Return one of the lives; of every other one the person is erased."""
    done = automation_run.run(in_order(short_tale(number)))
    dynamodb = done.world.dynamodb
    table = Table(dynamodb.schema.name, dynamodb)
    contacts = [document for name, document in documents(dynamodb) if name[0] == "contact"]
    contact = contacts[0]
    _live_on(table, contact["email"])
    erased_before = len(dynamodb.stream_records())
    if number % 2:
        _erase(table, contact, dynamodb)
    done.world.clock.advance(int(500 * times.DAY))
    dynamodb.expire()
    records = dynamodb.stream_records()
    kept = [record for record in records if _is_logged(record)]
    place = sum(_is_logged(record) for record in records[:erased_before])
    whose = contact["contact_id"] if number % 2 else None
    return Life(f"life {number}", tuple(kept), whose, contact["email"], place)


def documents(dynamodb: FakeDynamoDB) -> list[tuple[Name, Document]]:
    """Return the documents of a table that the log keeps."""
    found = (document_of(item) for item in dynamodb.items())
    return [each for each in found if each is not None]


def _live_on(table: Table, email: str) -> None:
    """Have things happen that no payment brings about, some of which are taken back."""
    kinds: tuple[ActivityKind, ...] = ("visit", "open", "click")
    for number, kind in enumerate(kinds):
        said = ActivitySaid(email, kind, subject=f"{kind} {number}")
        at = 1_790_000_000_000 + number
        name = activity.act_name(email, at, f"e{number}")
        table.commit([Write(name, activity.act(said, at, None), 0)])
    good: Name = ("catalogue", "shop", "product", "prod_1")
    spend: Name = ("spend", "2026-11-01", "ads", "", "USD")
    for version in (1, 2, 3):
        told = {"version": version, "values": {"name": f"Tea {version}"}}
        table.commit([Write(good, told, version - 1)])
        table.commit([Write(spend, {"version": version, "amount": 100 * version}, version - 1)])
    table.commit([Write(spend, None, None)])


def _erase(table: Table, contact: Document, dynamodb: FakeDynamoDB) -> None:
    """Have a person's own documents removed."""
    for name, _ in documents(dynamodb):
        own = name[:2] in (("contact", contact["contact_id"]), ("act", contact["email"]))
        if own:
            table.commit([Write(name, None, None)])


def _is_logged(record: Record) -> bool:
    images = (record["dynamodb"].get(each) for each in ("NewImage", "OldImage"))
    return any(document_of(image) is not None for image in images if image is not None)
