"""The shapes of custom reports, and of answers that are too large to be sent.

As `shared.api.answers` says, no Lambda imports this module.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Shape, Time
from shared.api.report_answers import Note

Dataset = Literal["recurring_payments", "orders", "contacts", "activity", "changes"]


class DimensionAsked(Shape):
    """A field whose values tell rows apart."""

    field: str
    bucket: Literal["day", "week", "month", "time"] | None = Field(
        default=None, description="Of a date; `day` without it, `time` is the moment itself."
    )


class MeasureAsked(Shape):
    """What is worked out of each row's records."""

    measure: Literal["count", "count_distinct", "sum", "avg", "min", "max"]
    field: str | None = None


class CustomReportQuestion(Shape):
    """What a custom report is asked."""

    dataset: Dataset
    dimensions: list[str | DimensionAsked] = Field(
        default=[], max_length=10, examples=[["status", {"field": "start_date", "bucket": "month"}]]
    )
    measures: list[str | MeasureAsked] = Field(
        default=["count"],
        max_length=20,
        examples=[["count", {"measure": "sum", "field": "payment_amount"}]],
    )
    filters: list[dict[str, Any]] | dict[str, Any] = Field(
        default=[],
        description="Conditions `{field, operator, value}`, or a group of such as segments have.",
    )
    match: Literal["all", "any", "none"] = Field(
        default="all", description="How many of a plain list's conditions have to be met."
    )
    date_field: str | None = Field(default=None, description="The date `from` and `to` are of.")
    from_: str | None = Field(default=None, alias="from", examples=["2026-10-01"])
    to: str | None = None
    timezone: str | None = None
    currency: str | None = None
    segment: str | None = Field(default=None, description="The id of a segment.")
    connection: str | None = None
    provider: str | None = None
    as_known_at: str | None = Field(
        default=None, description="A time: what was recorded by then, and no more."
    )
    mode: Literal["live", "test"] = "live"
    order_by: str | None = Field(
        default=None, description="A column's name, with a minus before it for the largest first."
    )
    limit: int = Field(default=1000, ge=1, le=50_000)
    format: Literal["json", "csv", "parquet"] = "json"


class CustomColumn(Shape):
    """A column of a custom report."""

    name: str
    kind: Literal["text", "number", "decimal", "count", "money", "boolean", "date", "time"]


class CustomReport(Shape):
    """A custom report: one row for each combination of its dimensions' values."""

    report: Literal["custom"]
    dataset: Dataset
    date_field: str
    from_: str | None = Field(alias="from")
    to: str | None
    timezone: str
    currency: str | None = Field(description="Null where no one currency was chosen.")
    columns: list[CustomColumn]
    items: list[dict[str, str | int | float | bool | None]]
    total: int = Field(description="How many rows there are; `limit` says how many are told.")
    other_currencies: list[str]
    as_of: Time | None
    notes: list[Note]


class Export(Shape):
    """Where an answer can be fetched that is too large to be sent; the address is a secret."""

    url: str
    bytes: int
    content_type: str
    expires_date: Time
