"""The shapes of answers: they document the API, and tests hold every answer to them.

Here are failures and configuration; the modules `*_answers` beside it have the rest.

No Lambda imports this module: what they answer is built by `shared.domain.rendering` and needs no
check at run time. Money is text in major units beside its currency; times are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[
    str,
    Field(pattern=r"^-?\d+(\.\d+)?$", description="Money in major units.", examples=["19.00"]),
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Shape(BaseModel):
    """An object of an answer; it holds exactly the fields it documents."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Fault(Shape):
    """A value that broke a rule."""

    path: str
    message: str


class Problem(Shape):
    """What every failure answers, as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class LateMatch(Shape):
    """What becomes of changes that waited for their contact."""

    policy: Literal["fire", "fire_if_newer_than", "silent"]
    duration: str | None


class WriteBack(Shape):
    """What is written back to a contact source."""

    recurring_payments: bool
    tags: bool
    legacy_connection_id: int | None


class WriteBackError(Shape):
    """Why the last call to write back was refused, and when."""

    code: str
    date: Time


class Differences(Shape):
    """How many records differ from what the provider holds, by kind."""

    never_sent: int
    sent_and_failed: int
    stale: int
    not_ours: int


class Verification(Shape):
    """A connection's last verification.

    While one is under way, what the last to end has found: `differences` are those that stand.
    """

    job_id: str
    state: Literal["queued", "running", "done", "failed"]
    started_date: Time
    ended_date: Time | None
    checked: int
    differences: Differences


class Connection(Shape):
    """A store that is listened to."""

    connection_id: str
    provider: str
    name: str
    mode: Literal["live", "test"]
    resources: list[Literal["subscriptions", "orders"]]
    contact_policy: Literal["create", "match_only"]
    authority: int
    role: Literal["source", "mirror"]
    late_match: LateMatch
    verify: Literal["off", "daily", "weekly"]
    has_api: bool
    status: Literal["active", "incomplete"]
    history: dict[str, Any]
    verification: Verification | None
    created_date: Time
    last_event_date: Time | None
    write_back: WriteBack | None = None
    write_back_error: WriteBackError | None = None


class ConnectionPage(Shape):
    """A page of connections."""

    items: list[Connection]
    next_cursor: str | None


class Key(Shape):
    """An API key, without the key."""

    key_id: str
    name: str
    scopes: list[str]
    expires_date: Time | None
    created_date: Time


class NewKey(Key):
    """An API key with the key, shown once."""

    key: str


class KeyPage(Shape):
    """A page of API keys."""

    items: list[Key]
    next_cursor: str | None


class EmailSender(Shape):
    """Who emails are from."""

    from_: str = Field(alias="from")
    reply_to: str | None = None


class Settings(Shape):
    """The business's settings."""

    timezone: str
    currency: str
    locale: str
    widget: list[str]
    settle: int
    email: EmailSender | None = Field(description="Null while no emails may be sent.")


class Quarantined(Shape):
    """An event that could never be accepted."""

    id: str
    connection_id: str
    provider: str
    event_id: str | None
    event_type: str | None
    code: str
    reason: str
    received_date: Time


class QuarantinePage(Shape):
    """A page of quarantined events."""

    items: list[Quarantined]
    next_cursor: str | None


class Retried(Shape):
    """A quarantined event that is on its way again."""

    id: str
    state: Literal["queued"]


class DuplicateOrder(Shape):
    """One of two orders that look alike."""

    connection_id: str
    order_id: str
    email: str
    gross: Money
    currency: str
    occurred_date: Time


class Duplicate(Shape):
    """Two orders that may be one sale."""

    duplicate_id: str
    orders: list[DuplicateOrder] = Field(min_length=2, max_length=2)
    reason: str


class DuplicatePage(Shape):
    """A page of suspected duplicates."""

    items: list[Duplicate]
    next_cursor: str | None


class Decided(Shape):
    """What was decided of two orders that look alike."""

    duplicate_id: str
    decision: Literal["same", "different"]


class Result(Shape):
    """What became of an item; `errors` of a rejected one."""

    status: Literal["created", "updated", "unchanged", "rejected"]
    errors: list[Fault]


class Results(Shape):
    """The results of items, in their order."""

    results: list[Result]
