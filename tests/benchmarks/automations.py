"""What one change costs in `fire_triggers` against 1,000 automations: CPU, and reads of the table.

All of them wait for this very transition and have a segment of four conditions, of which all but
the last are met, so that each is asked to its end and none fires: firings are what is paid for
anyway. Configuration is warm, as it is for a minute; the record and the contact are read anew for
every change.

    python -m tests.benchmarks.automations
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from shared.domain import times
from shared.domain.automations.happening import Happening
from tests.shared.domain.segments.measure import segment
from tests.support.firing import NOW, RECORD, Desk, updated

AUTOMATIONS = 1_000
ROUNDS = 41
CPU_MS_MAX = 5.0
# The contact with the head, and the record's history; as many for one automation as for thousands.
READS_MAX = 3
_TRIGGER = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
_UNMET = {"field": "contact.first_name", "operator": "is", "value": "Nobody"}
_TERMS = {
    "name": "Tea, monthly",
    "status": "payment_failed",
    "amount": 1900,
    "currency": "USD",
    "next_payment_date": NOW + 6 * times.DAY,
    "billing_address": {"city": "Chicago"},
}


def desk(count: int) -> Desk:
    """Return whatever firing needs: so many automations, and a contact of some history."""
    made = Desk()
    for index in range(count):
        written: dict[str, Any] = segment(index)
        asked = {**written, "conditions": [*written["conditions"], _UNMET]}
        made.automate({**_TRIGGER, "segment": asked}, f"a-{index}")
    tags = [{"tag": f"Interest {n}", "applied_date": NOW} for n in range(20)]
    tags.append({"tag": "Purchase: Tea", "applied_date": NOW})
    money: dict[str, Any] = {
        "revenue": {"USD": {"orders": 3, "net": 5700}},
        "orders_count": 3,
        "kept_orders": 3,
    }
    made.befriend(tags=tags, first_name="Ada", created_date=NOW - 90 * times.DAY, **money)
    made.put(RECORD, {"facets": {"terms": _TERMS}, "contact_id": "c-1"})
    return made


def measure() -> tuple[float, float]:
    """Return what one change costs: CPU in ms, the median of many, and reads of the table."""
    held = desk(AUTOMATIONS)
    fire = held.fire()
    spent, reads = [], []
    for number in range(ROUNDS + 1):
        entry = updated(("status", "active", "payment_failed"), at=NOW + number)
        change = Happening(("entry", *RECORD, f"place-{number}"), entry, None, NOW)
        before, began = held.store.reads, time.process_time()
        fired = fire.change(change, NOW)
        spent.append((time.process_time() - began) * 1_000)
        reads.append(held.store.reads - before)
        assert fired == []
    # The first one read the configuration.
    return statistics.median(spent[1:]), max(reads[1:])


def main() -> int:
    """Print the figures; return 1 if one is over its budget."""
    cpu, reads = measure()
    print(f"fire_triggers, one change against {AUTOMATIONS:,} automations of four conditions")
    print(f"  {'CPU, ms':<16}{cpu:8.2f}   budget {CPU_MS_MAX:4.1f}")
    print(f"  {'table reads':<16}{reads:8.0f}   budget {READS_MAX:4.0f}")
    return int(cpu > CPU_MS_MAX or reads > READS_MAX)


if __name__ == "__main__":
    sys.exit(main())
