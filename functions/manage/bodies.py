"""What the routes of `manage` accept: one closed model each, with its limits.

Omitted is not null: an omitted secret stays as it is, an omitted field of a contact too. Which
fields were sent is read from `model_fields_set`.
"""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

# The zones' own data: neither Lambda's image nor every host has it, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.api.access import SCOPES
from shared.api.bodies import Body, Line
from shared.domain import durations, emails, times
from shared.domain.fields import FIELDS
from shared.domain.money import DECIMALS
from shared.domain.preferences import SETTLE_SECONDS_MAX

_LOCALE = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-[A-Za-z0-9]{4,8})*", re.ASCII
)
_A_DAY = "PT24H"


def _duration(text: str) -> str:
    durations.milliseconds(text)
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("has to be an https URL")
    if parts.username is not None or parts.query or parts.fragment or "\\" in text:
        raise ValueError("may hold no user, query or fragment")
    return text.rstrip("/")


def _email(text: str) -> str:
    address = emails.normalise(text)
    if address is None:
        raise ValueError("is not an email address")
    return address


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


def _moment(text: str) -> str:
    try:
        times.from_text(text)
    except ValueError:
        raise ValueError("is not an ISO 8601 time") from None
    return text


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


Secret = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[!-~]+$"),
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_url)]
Email = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_email)]
Word = Annotated[str, StringConstraints(max_length=100)]
Labels = Annotated[list[Line], Field(max_length=100)]
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


class LateMatchBody(Body):
    """What becomes of changes that waited for their contact, once it appears."""

    policy: Literal["fire", "fire_if_newer_than", "silent"] = "fire_if_newer_than"
    duration: Annotated[Word, AfterValidator(_duration)] | None = Field(
        default=None, description="For `fire_if_newer_than`: ISO 8601, PT24H where omitted."
    )

    @model_validator(mode="after")
    def _fits(self) -> LateMatchBody:
        if self.duration is not None and self.policy != "fire_if_newer_than":
            raise ValueError("a duration belongs to fire_if_newer_than alone")
        return self

    def stored(self) -> dict[str, str | None]:
        """Return the policy with its duration filled in."""
        needed = self.policy == "fire_if_newer_than"
        return {"policy": self.policy, "duration": (self.duration or _A_DAY) if needed else None}


class ConnectionBody(Body):
    """What all providers' connections have in common."""

    name: Line | None = Field(default=None, description="The connection's id where omitted.")
    mode: Literal["live", "test"] = "live"
    resources: Annotated[
        list[Literal["subscriptions", "orders"]], Field(min_length=1), AfterValidator(_distinct)
    ] = Field(default=["subscriptions", "orders"])
    contact_policy: Literal["create", "match_only"] = "create"
    authority: Annotated[int, Field(ge=0, le=1000)] = 50
    role: Literal["source", "mirror"] = "source"
    late_match: LateMatchBody = LateMatchBody()


class StripeApi(Body):
    """Stripe's API key, write-only; what is omitted stays, null removes."""

    secret_key: Secret | None = None
    base_url: Url | None = Field(default=None, description="Instead of Stripe's own, for tests.")


class StripeConnection(ConnectionBody):
    """A Stripe account; secrets are write-only, and stay as they are where omitted."""

    provider: Literal["stripe"]
    signing_secrets: Annotated[list[Secret], Field(min_length=1, max_length=2)] = Field(
        default_factory=list,
        description="The endpoint's signing secret; two while it is being rotated.",
    )
    api: StripeApi | None = Field(default=None, description="Null removes the API key.")


# One line per provider of shared.providers.catalogue; a test holds the two together.
CONNECTIONS: dict[str, type[StripeConnection]] = {"stripe": StripeConnection}


class KeyBody(Body):
    """A new API key."""

    name: Line
    scopes: Annotated[list[Scope], Field(min_length=1), AfterValidator(_distinct)]
    expires_date: Annotated[Word, AfterValidator(_moment)] | None = None


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


class SourceBody(Body):
    """Where a contact came from."""

    first_source: Line | None = None
    campaign: Line | None = None
    landing_page: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


class ContactBody(Body):
    """A contact, found or made by email; omitted fields stay, null clears one."""

    email: Email
    first_name: Line | None = None
    last_name: Line | None = None
    phone: Line | None = None
    company: Line | None = None
    source: SourceBody = SourceBody()
    add_tags: Labels = Field(default_factory=list)
    remove_tags: Labels = Field(default_factory=list)
    add_lists: Labels = Field(default_factory=list)
    remove_lists: Labels = Field(default_factory=list)
    add_aliases: Annotated[list[Email], Field(max_length=20)] = Field(default_factory=list)


class AutomationBody(Body):
    """An automation; faults inside its trigger and steps are told with their paths."""

    name: Line
    enabled: bool = True
    trigger: dict[str, Any] = Field(
        description="`type`, and by type `field`, `from`, `to`; `runs`, `late`, `history`, "
        "`segment`.",
        examples=[{"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}],
    )
    steps: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Each with its `type`: webhook, emit_event, add_tag, remove_tag, "
        "add_to_segment, remove_from_segment, branch, wait.",
        examples=[[{"type": "webhook", "endpoint_id": "crm"}]],
    )
    on_edit: Literal["finish", "cancel"] = Field(
        default="finish",
        description="Whether runs under way finish as they began when this is changed.",
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
