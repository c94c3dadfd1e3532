"""The shapes of reports, of the rows behind them, and of what they mean."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.api.answers import Money, Shape, Time

Value = str | int | float | None


class Figure(Shape):
    """A figure with what it was in the previous period, and the change as a fraction of that."""

    value: Value = Field(description="Money is text, a count an integer, a rate a fraction.")
    previous: Value
    change: float | None


class Note(Shape):
    """What a reader has to know of these figures."""

    code: str
    message: str


class Report(Shape):
    """A report of calendar days, both ends included."""

    report: str
    from_: str = Field(alias="from", examples=["2026-10-01"])
    to: str
    timezone: str
    currency: str
    interval: Literal["day", "week", "month"]
    kpis: dict[str, Figure]
    series: list[dict[str, Value]] = Field(
        description="Without gaps, each with its `date`: the day, the Monday, or the month's first."
    )
    groups: list[dict[str, Value]] = Field(
        description="The largest first: `key`, `label`, figures."
    )
    other_currencies: list[str]
    as_of: Time | None = Field(description="The newest recorded change that is counted.")
    notes: list[Note]


class LedgerRow(Shape):
    """One thing behind a number."""

    kind: Literal["order", "refund", "dispute", "recurring_payment", "movement", "contact"]
    date: Time | None
    connection_id: str | None
    id: str
    contact_id: str | None
    email: str | None
    amount: Money | None
    currency: str | None
    detail: str | None = Field(description="The refund's or dispute's id; of a step, the status.")


class LedgerPage(Shape):
    """A page of the rows behind a number."""

    items: list[LedgerRow]
    next_cursor: str | None
    as_of: Time | None


class KpiDefinition(Shape):
    """What a figure means."""

    name: str
    kind: Literal["money", "count", "rate"]
    about: str
    additive: bool
    rows: str


class Defaults(Shape):
    """What holds where a query does not say."""

    timezone: str
    currency: str


class ReportDefinition(Shape):
    """What a report counts."""

    report: str
    about: str
    kpis: list[KpiDefinition]
    groups: list[str]
    parameters: list[str]
    notes: list[str]
    defaults: Defaults
