"""Answers of the reports' API as the contract shapes them, made by hand for the drawings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from infra.drawing.report import Report
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import told

Json = dict[str, Any]


def kpi(value: Any, previous: Any = None, change: float | None = None) -> Json:
    return {"value": value, "previous": previous, "change": change}


def answer(**changes: Any) -> Json:
    """A week of orders with a group, a refund on a day of its own, and another currency."""
    return {
        "report": "orders",
        "from": "2026-10-01",
        "to": "2026-10-04",
        "timezone": "Europe/Paris",
        "currency": "USD",
        "interval": "day",
        "kpis": {
            "gross": kpi("1250.00", "1000.00", 0.25),
            "refunds": kpi("50.00", "25.00", 1.0),
            "net": kpi("1200.00", "975.00", 0.230769),
            "orders": kpi(24, 30, -0.2),
            "average_order_value": kpi("50.00", "50.00", 0.0),
            "declined": kpi(0, 0),
        },
        "series": [
            {"date": "2026-10-01", "net": "400.00", "orders": 8},
            {"date": "2026-10-02", "net": "850.00", "orders": 16},
            {"date": "2026-10-03", "net": "-50.00", "orders": 0},
            {"date": "2026-10-04", "net": "0.00", "orders": 0},
        ],
        "groups": [
            {"key": "prod_tea", "label": "Tea box", "net": "300.00", "orders": 6},
            {"key": "prod_club", "label": "Coffee club", "net": "900.00", "orders": 18},
        ],
        "other_currencies": ["EUR", "JPY"],
        "as_of": "2026-10-04T12:00:00.000Z",
        "notes": [{"code": "history_incomplete", "message": "History of shop was not imported."}],
        **changes,
    }


def empty(**changes: Any) -> Json:
    """A report of a range without anything."""
    return answer(
        **{
            "kpis": {"net": kpi("0.00"), "orders": kpi(0), "average_order_value": kpi(None)},
            "series": [{"date": "2026-10-01", "net": "0.00", "orders": 0}],
            "groups": [],
            "other_currencies": [],
            "as_of": None,
            "notes": [],
            **changes,
        }
    )


def days(count: int, **figures: Any) -> list[Json]:
    """A series of so many days; each figure is a function of the day's number."""
    first = date(2026, 1, 1)
    return [
        {
            "date": (first + timedelta(days=number)).isoformat(),
            **{name: figure(number) for name, figure in figures.items()},
        }
        for number in range(count)
    ]


def report(answer: Json, group_by: str | None = None) -> Report:
    """The answer as the drawings look at it, with its report's own definition."""
    return Report.of(answer, told(REPORTS[answer["report"]]), group_by)
