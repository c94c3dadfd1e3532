"""The shapes of automations and of what they did, as `shared.api.answers` says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Shape, Time
from shared.api.record_answers import Change


class Automation(Shape):
    """A trigger and the steps that follow it."""

    automation_id: str
    name: str
    enabled: bool
    trigger: dict[str, Any]
    steps: list[dict[str, Any]]
    on_edit: Literal["finish", "cancel"]
    revision: int = Field(description="Counts the changes; a run keeps the revision it began on.")
    created_date: Time
    updated_date: Time


class AutomationPage(Shape):
    """A page of automations."""

    items: list[Automation]
    next_cursor: str | None


class EndpointHealth(Shape):
    """How an endpoint has answered of late."""

    failures: int = Field(description="Attempts since the last success.")
    failing_since_date: Time | None
    paused_until_date: Time | None = Field(description="Until then nothing is sent to it.")
    disabled_date: Time | None
    disabled_for: Literal["failing", "gone"] | None


class Endpoint(Shape):
    """Where webhooks are sent."""

    endpoint_id: str
    url: str
    events: list[str]
    status: Literal["enabled", "disabled"]
    health: EndpointHealth
    created_date: Time
    rotated_date: Time | None


class WrittenEndpoint(Endpoint):
    """An endpoint; with its secret in the one answer that shows it."""

    secret: str = ""


class NewSecret(Endpoint):
    """An endpoint with its new secret, shown once."""

    secret: str


class EndpointPage(Shape):
    """A page of endpoints."""

    items: list[Endpoint]
    next_cursor: str | None


class Person(Shape):
    """Whom an automation acted for."""

    contact_id: str
    email: str | None


class RecurringPaymentName(Shape):
    """Which recurring payment."""

    connection_id: str
    store_recurring_payment_id: str


class RecordName(Shape):
    """Which record."""

    kind: Literal["recurring_payment", "order"]
    connection_id: str
    id: str


class FiredDate(Shape):
    """The date that has come."""

    field: str
    value: Time


class FiredChange(Shape):
    """The change an automation acted on, or the date that came."""

    record: RecordName
    kind: Literal["created", "updated", "date"]
    changes: list[Change]
    historical: bool
    late: bool
    date: FiredDate | None = Field(description="Null where a change was acted on.")


class Cause(Shape):
    """The provider's event behind a change."""

    provider: str | None = Field(description="Null where the connection is gone.")
    connection_id: str
    event_id: str | None = Field(description="Null where a date came.")
    event_type: str
    occurred_date: Time
    late: bool


class Firing(Shape):
    """An automation's decision to act, and how far it has come."""

    firing_id: str
    automation_id: str
    contact: Person
    recurring_payment: RecurringPaymentName | None = Field(description="Null for an order.")
    change: FiredChange
    cause: Cause
    state: Literal["pending", "running", "waiting", "held", "done", "stopped", "failed", "loop"]
    at: Time


class FiringPage(Shape):
    """A page of firings, the newest first."""

    items: list[Firing]
    next_cursor: str | None


class Taken(Shape):
    """A step that was taken."""

    step: list[int]
    what: str
    at: Time
    about: dict[str, Any] = Field(description="What came of it, such as a `delivery_id`.")


class Run(Shape):
    """The steps of one firing on their way."""

    run_id: str
    automation_id: str
    revision: int
    contact_id: str
    record: RecordName
    state: Literal["pending", "running", "waiting", "held", "done", "stopped", "failed", "loop"]
    position: list[int] = Field(description="The step it is at: an index, and those of branches.")
    wake_date: Time | None = Field(description="Until when it waits.")
    reason: str | None
    started_date: Time
    updated_date: Time
    taken: list[Taken]


class RunPage(Shape):
    """A page of runs, the newest first."""

    items: list[Run]
    next_cursor: str | None


class Attempt(Shape):
    """One request to an endpoint, and what came back."""

    at: Time
    status: int | None = Field(description="Null where no answer came; `fault` says why.")
    duration_ms: int
    fault: str | None
    excerpt: str | None = Field(description="The answer's beginning, secrets blotted out.")


class Delivery(Shape):
    """One webhook to one endpoint."""

    delivery_id: str = Field(description="The `webhook-id` of all its attempts.")
    endpoint_id: str
    firing_id: str | None = Field(description="Null for a subscription to events.")
    type: str
    state: Literal["pending", "held", "delivered", "dead", "gone"]
    attempts: list[Attempt]
    next_attempt_date: Time | None
    created_date: Time


class DeliveryWithPayload(Delivery):
    """One webhook with the JSON it carries."""

    payload: Any


class DeliveryPage(Shape):
    """A page of deliveries."""

    items: list[Delivery]
    next_cursor: str | None


class Replayed(Shape):
    """A delivery that is on its way again."""

    delivery_id: str
    state: Literal["pending"]
