"""The shapes of recipes, of backtests, and of why an automation acted, as `answers` says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Shape, Time
from shared.api.automation_answers import (
    Cause,
    FiredChange,
    Person,
    RecordName,
    RecurringPaymentName,
)
from shared.api.record_answers import Change


class RecipeParameter(Shape):
    """A blank of a recipe."""

    name: str
    description: str
    kind: Literal["number", "text"]
    default: int | str | None = Field(description="Null where it may stay blank.")
    minimum: int | None
    maximum: int | None


class RecipeBacktest(Shape):
    """How a recipe is tried."""

    command: str
    finds: str


class Recipe(Shape):
    """An automation that is ready but for a few parameters."""

    name: str
    title: str
    description: str
    parameters: list[RecipeParameter]
    automation: dict[str, Any] = Field(description="What its defaults make.")
    backtest: RecipeBacktest
    installed: bool = Field(description="Whether there is an automation of this name.")


class RecipePage(Shape):
    """All recipes."""

    items: list[Recipe]
    next_cursor: None


class FoundFiring(Shape):
    """What a backtest found: whom an automation would have acted for, and on what."""

    contact: Person
    recurring_payment: RecurringPaymentName | None = Field(description="Null for an order.")
    change: FiredChange
    cause: Cause
    at: Time


class JobFault(Shape):
    """Why a backtest cannot be done."""

    row: None
    path: str
    message: str


class BacktestResult(Shape):
    """What a backtest found so far: nothing until it is done."""

    automation_id: str
    since: Time = Field(alias="from")
    until: Time = Field(alias="to")
    found: int
    contacts: int = Field(description="For how many contacts.")
    firings: list[FoundFiring] = Field(description="The first thousand, by time.")
    errors: list[JobFault]


class Asked(Shape):
    """A condition of a segment, and what it found."""

    path: str
    field: str
    operator: str
    value: Any
    actual: Any
    met: bool


class AttemptOf(Shape):
    """One request to an endpoint that followed from a firing."""

    delivery_id: str
    endpoint_id: str
    at: Time
    status: int | None = Field(description="Null where no answer came; `fault` says why.")
    duration_ms: int
    fault: str | None
    excerpt: str | None


class EmailOf(Shape):
    """An email that followed from a firing."""

    mail_id: str
    at: Time
    state: Literal["pending", "sending", "sent", "failed", "unknown"]
    reason: str | None = Field(description="Why it was not sent, or why nobody knows.")


class ConsideredDate(Shape):
    """A date of a recurring payment, and when it sets the automation off."""

    field: str
    value: Time
    due_date: Time


class Considered(Shape):
    """A change or a date that an automation looked at, or would have, and what it decided."""

    record: RecordName
    event_id: str | None
    event_type: str
    kind: Literal["created", "updated", "date"]
    occurred_date: Time
    recorded_date: Time
    historical: bool
    late: bool
    date: ConsideredDate | None = Field(description="Null where it is a change.")
    changes: list[Change]
    conditions: list[Asked] = Field(description="Of the trigger's segment, where it was asked.")
    decision: Literal["fired", "not_fired"]
    reason: str = Field(description="A word that stays.")
    explanation: str = Field(description="The reason in a sentence.")
    firing_id: str | None
    state: str | None = Field(description="How far its steps have come.")
    attempts: list[AttemptOf]
    emails: list[EmailOf]


class Why(Shape):
    """Each change, or date, of a contact that concerns an automation, the newest first."""

    automation_id: str
    contact: Person
    changes: list[Considered]
