"""What one change costs against 1,000 automations of three conditions each: CPU, no timed test.

Every condition is met, so that none spares the next. A fresh subject each round, as a change
brings it: its texts are folded and its dates placed anew, once for all automations.

    python -m tests.shared.domain.segments.measure
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain import contacts, times
from shared.domain.segments.evaluate import Predicate, compile
from shared.domain.segments.explain import explain
from shared.domain.segments.moments import Moment
from shared.domain.segments.parse import parse
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change

NOW = 1_790_000_000_000
AUTOMATIONS = 1_000
ROUNDS = 41
CPU_MS_MAX = 5.0
_ZONE = ZoneInfo("Europe/Paris")


def segment(index: int) -> dict[str, Any]:
    """Return an automation's segment: texts, tags, money, dates and the change by turns."""
    conditions = [
        ("recurring_payment.billing_address.city", "is", "chicago"),
        ("contact.tags", "contains", "PURCHASE:"),
        ("recurring_payment.payment_amount", "greater_than", str(index % 19)),
        ("recurring_payment.next_payment_date", "in_next", f"{index % 50 + 7} days"),
        ("contact.created_date", "before", f"2026-09-{index % 9 + 20}"),
        ("change.to", "is", "payment_failed"),
        ("recurring_payment.name", "does_not_contain", f"Coffee {index}"),
        ("contact.orders_count", "at_least", 3),
    ]
    chosen = [conditions[(index + step) % len(conditions)] for step in (0, 1, 3)]
    return {
        "match": "all",
        "conditions": [{"field": f, "operator": o, "value": v} for f, o, v in chosen],
    }


def subject() -> Subject:
    """Return what a failing renewal brings: a contact of some history, its record, the change."""
    contact = contacts.new("contact-1", "ada@example.com", NOW - 90 * times.DAY)
    contact |= {"orders_count": 3, "kept_orders": 3, "revenue": {"EUR": {"orders": 3, "net": 5700}}}
    contact["tags"] = [{"tag": f"Interest {n}", "applied_date": NOW} for n in range(20)]
    contact["tags"].append({"tag": "Purchase: Tea", "applied_date": NOW})
    payment = {
        "connection_id": "shop",
        "store_recurring_payment_id": "sub_1",
        "name": "Tea, monthly",
        "status": "payment_failed",
        "payment_amount": 1900,
        "currency": "EUR",
        "next_payment_date": NOW + 6 * times.DAY,
        "billing_address": {"city": "Chicago"},
        "line_items": [{"name": "Tea", "quantity": 1, "amount": 1900}],
    }
    change = Change("status", "active", "payment_failed")
    return Subject(Moment(NOW, _ZONE, "EUR"), contact, at_hand=payment, changes=[change])


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU ms of one call, the median of many."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1_000)
    return statistics.median(spent)


def all_met(predicates: list[Predicate]) -> None:
    """Ask all automations about one change."""
    asked = subject()
    met = sum(predicate(asked) for predicate in predicates)
    assert met == AUTOMATIONS


def main() -> int:
    """Print the figures; return 1 if the budget is broken."""
    written = [segment(index) for index in range(AUTOMATIONS)]
    trees = [parse(each, changes=True) for each in written]
    predicates = [compile(tree) for tree in trees]
    evaluating = cpu_ms(lambda: all_met(predicates))
    rows = [
        (f"one change against {AUTOMATIONS:,} automations of three conditions", evaluating),
        ("  the same, every condition explained", cpu_ms(lambda: explained(predicates))),
        (
            f"parsing {AUTOMATIONS:,} segments",
            cpu_ms(lambda: [parse(w, changes=True) for w in written]),
        ),
        (f"compiling {AUTOMATIONS:,} segments", cpu_ms(lambda: [compile(tree) for tree in trees])),
    ]
    for label, figure in rows:
        sys.stdout.write(f"{label:<62}{figure:8.2f} ms CPU\n")
    return int(evaluating > CPU_MS_MAX)


def explained(predicates: list[Predicate]) -> None:
    """Explain all automations' answers about one change."""
    asked = subject()
    for predicate in predicates:
        explain(predicate, asked)


if __name__ == "__main__":
    sys.exit(main())
