"""What the routes of `manage` accept: one closed model each, with its limits.

Omitted is not null: an omitted secret stays as it is, an omitted field of a contact too. Which
fields were sent is read from `model_fields_set`.
"""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Any, Literal

# The zones' own data: neither Lambda's image nor every host has it, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401
from pydantic import AfterValidator, Field, StringConstraints

from shared.api.access import SCOPES
from shared.api.bodies import Body, Line, Moment, Word
from shared.domain.emails import normalise
from shared.domain.fields import FIELDS
from shared.domain.money import DECIMALS
from shared.domain.preferences import SETTLE_SECONDS_MAX

_LOCALE = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-[A-Za-z0-9]{4,8})*", re.ASCII
)


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError("is not an IANA time zone")
    return name


def _currency(code: str) -> str:
    if code not in DECIMALS:
        raise ValueError("is not the code of a known currency")
    return code


def _locale(tag: str) -> str:
    if not _LOCALE.fullmatch(tag):
        raise ValueError("is not a language tag such as en-GB")
    return tag


def _distinct(texts: list[str]) -> list[str]:
    if len(set(texts)) != len(texts):
        raise ValueError("names something twice")
    return texts


def _is_scope(text: str) -> str:
    if text not in SCOPES:
        raise ValueError(f"has to be one of {', '.join(SCOPES)}")
    return text


def _is_field(text: str) -> str:
    if text not in FIELDS:
        raise ValueError("is not a field of recurring payments")
    return text


Scope = Annotated[str, AfterValidator(_is_scope), Field(json_schema_extra={"enum": list(SCOPES)})]
FieldName = Annotated[
    str, AfterValidator(_is_field), Field(json_schema_extra={"enum": list(FIELDS)})
]


EventType = Literal[
    "*",
    "recurring_payment.created",
    "recurring_payment.updated",
    "order.created",
    "automation.fired",
]


class KeyBody(Body):
    """A new API key."""

    name: Line
    scopes: Annotated[list[Scope], Field(min_length=1), AfterValidator(_distinct)]
    expires_date: Moment | None = None


class DecisionBody(Body):
    """What a person says of two orders that look alike."""

    decision: Literal["same", "different"] = Field(
        description="Whether both report one sale, or each reports one of its own."
    )


def _sender(text: str) -> str:
    address = normalise(text)
    if address is None:
        raise ValueError("is not an email address")
    return address


class EmailSenderBody(Body):
    """Who emails are from: an address that Amazon SES has verified in this account and region."""

    from_: Annotated[Word, AfterValidator(_sender)] = Field(alias="from")
    reply_to: Annotated[Word, AfterValidator(_sender)] | None = None


class SettingsBody(Body):
    """All settings; what is omitted returns to its default."""

    timezone: Annotated[Word, AfterValidator(_zone)] | None = None
    currency: Annotated[Word, AfterValidator(_currency)] | None = None
    locale: Annotated[Word, AfterValidator(_locale)] | None = None
    widget: Annotated[list[FieldName], AfterValidator(_distinct)] | None = Field(
        default=None, description="The order of a recurring payment's fields; the rest follow."
    )
    settle: Annotated[int, Field(ge=0, le=SETTLE_SECONDS_MAX)] | None = Field(
        default=None, description="Seconds a new subscription's first events are waited for."
    )
    email: EmailSenderBody | None = Field(
        default=None, description="Who email steps send from; without it there are none."
    )


class AutomationBody(Body):
    """An automation; faults inside its trigger and steps are told with their paths."""

    name: Line
    enabled: bool = True
    trigger: dict[str, Any] = Field(
        description="`type`, and by type `field`, `from`, `to`, `offset`; `runs`, `late`, "
        "`history`, `segment`.",
        examples=[{"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}],
    )
    steps: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Each with its `type`: webhook, email, emit_event, add_tag, remove_tag, "
        "add_to_segment, remove_from_segment, branch, wait.",
        examples=[[{"type": "webhook", "endpoint_id": "crm"}]],
    )
    on_edit: Literal["finish", "cancel"] = Field(
        default="finish",
        description="Whether runs under way finish as they began when this is changed.",
    )


class SegmentBody(Body):
    """A segment; faults inside its conditions are told with their paths."""

    name: Line
    kind: Literal["dynamic", "static"] = "dynamic"
    match: Literal["all", "any", "none"] | None = Field(
        default=None, description="Of a dynamic segment: how many of its conditions must be met."
    )
    conditions: list[dict[str, Any]] | None = Field(
        default=None,
        description="Of a dynamic segment: each a `field`, `operator` and `value`, a group with "
        "`match` and `conditions` of its own, or the `segment_id` of another segment.",
        examples=[[{"field": "contact.tags", "operator": "is", "value": "Customer"}]],
    )


class EndpointBody(Body):
    """An endpoint; its secret is made for it and shown once."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    events: Annotated[list[EventType], Field(max_length=50), AfterValidator(_distinct)] = Field(
        default_factory=list,
        description="Types it hears of without an automation; `*` for all, none for automations "
        "alone.",
    )
    status: Literal["enabled", "disabled"] | None = Field(
        default=None,
        description="Stays as it is where omitted; `enabled` also sends what was held meanwhile.",
    )


class HistoryBody(Body):
    """From when on a connection's history is imported; all there is where nothing is said."""

    since: Moment | None = Field(default=None, alias="from")


class VerifyBody(Body):
    """What becomes of what a verification finds."""

    repair: bool = Field(
        default=False,
        description="Have the records follow the provider; what changes is told as late.",
    )


class RecipeBody(Body):
    """How a recipe is installed; all of it may be omitted."""

    automation_id: Word | None = Field(
        default=None, description="The id of the automation; the recipe's name where omitted."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="The recipe's parameters; those omitted have their defaults.",
        examples=[{"endpoint_id": "crm", "days": 5}],
    )
    enabled: bool = True


class BacktestBody(Body):
    """Between which two dates is asked."""

    first: Word = Field(
        alias="from",
        description="A day in the business's time zone, or an ISO 8601 time.",
        examples=["2026-10-01"],
    )
    last: Word | None = Field(
        default=None, alias="to", description="The same, a day as a whole; now where omitted."
    )
