"""The shapes of reports, of the rows behind them, and of what they mean."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.api.answers import Money, Shape, Time
from shared.api.record_answers import Change

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


class LateEvent(Shape):
    """A change that was recorded after the moment a report is of, about the days before its end."""

    type: str = Field(examples=["order.updated", "contact.created", "activity.click"])
    state: Literal["new", "amended", "withdrawn"]
    date: Time | None = Field(description="When it happened.")
    recorded_date: Time
    connection_id: str | None
    record_id: str | None
    contact_id: str | None
    event_id: str | None
    event_type: str | None
    changes: list[Change]
    historical: bool
    late: bool = Field(description="Recorded when what came after it already was.")


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
    groups: list[dict[str, Value | list[dict[str, Value]]]] = Field(
        description="The largest first: `key`, `label`, figures; of `cohorts`, `months` too."
    )
    other_currencies: list[str]
    as_of: Time | None = Field(description="The newest recorded change that is counted.")
    notes: list[Note]
    as_known_at: Time | None = Field(None, description="The moment it is of, where one was asked.")
    late_events: list[LateEvent] | None = Field(
        None, description="With `as_known_at`: what was recorded since, the newest first."
    )
    late_events_count: int | None = Field(None, description="How many there are of these in all.")


class LedgerRow(Shape):
    """One thing behind a number."""

    kind: Literal[
        "order",
        "refund",
        "dispute",
        "recurring_payment",
        "movement",
        "contact",
        "tag_added",
        "list_added",
        "visit",
        "sent",
        "open",
        "click",
        "reply",
        "firing",
        "delivery",
        "spend",
    ]
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


class ReportSummary(Shape):
    """A report there is."""

    report: str
    about: str
    kpis: list[str]
    groups: list[str]


class ReportPage(Shape):
    """All reports there are, on one page."""

    items: list[ReportSummary]
    next_cursor: None


class KpiDefinition(Shape):
    """What a figure means."""

    name: str
    kind: Literal["money", "count", "rate", "number"]
    about: str
    additive: bool
    rows: str


class Defaults(Shape):
    """What holds where a query does not say."""

    timezone: str
    currency: str


class FieldDefinition(Shape):
    """A field a custom report may name."""

    name: str
    kind: Literal["text", "number", "money", "boolean", "date"]
    list: str | None = Field(description="The list it is one of the elements of.")
    personal: bool = Field(description="Whether naming it takes contacts:read, too.")


class DatasetDefinition(Shape):
    """What a custom report may be asked of."""

    dataset: str
    date_field: str
    fields: list[FieldDefinition]


class ReportDefinition(Shape):
    """What a report counts."""

    report: str
    about: str
    kpis: list[KpiDefinition]
    groups: list[str]
    parameters: list[str]
    notes: list[str]
    defaults: Defaults
    datasets: list[DatasetDefinition] | None = Field(None, description="Of `custom` alone.")
