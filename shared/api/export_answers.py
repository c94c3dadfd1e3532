"""The shape of all that is held about a person, as `shared.api.answers` says."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.api.answers import Shape, Time
from shared.api.automation_answers import DeliveryWithPayload, Firing, Run
from shared.api.contact_answers import Contact
from shared.api.record_answers import Happened, Order, RecurringPaymentWithHistory


class OrderWithHistory(Order):
    """An order and all that happened to it."""

    history: list[Happened]


class Act(Shape):
    """What was done at one of the person's addresses."""

    email: str
    date: Time
    kind: str = Field(examples=["open", "visit"])
    subject: str | None
    campaign: str | None
    source: str | None
    automation_id: str | None
    connection_id: str | None = Field(description="Null where it was posted to this API.")


class HeldEmail(Shape):
    """An email a step has sent, or tried to."""

    mail_id: str
    date: Time
    state: str
    to: str | None
    from_: str | None = Field(alias="from")
    subject: str | None
    text: str | None
    html: str | None
    automation_id: str | None


class StoreCustomer(Shape):
    """What a store has told of its customer."""

    connection_id: str
    store_customer_id: str
    known: dict[str, Any]


class HeldEvent(Shape):
    """A provider's event, as it came."""

    connection_id: str
    event_id: str
    event_type: str
    provider: str
    received_date: Time
    body: Any = Field(description="JSON, or the text of a form; null where it is gone.")


class ContactExport(Shape):
    """Everything that is held about a person."""

    exported_date: Time
    contact: Contact
    recurring_payments: list[RecurringPaymentWithHistory]
    orders: list[OrderWithHistory]
    activity: list[Act]
    firings: list[Firing]
    runs: list[Run]
    deliveries: list[DeliveryWithPayload]
    emails: list[HeldEmail]
    customers: list[StoreCustomer]
    events: list[HeldEvent]
    left_out: list[str] = Field(description="Of which there is more than one document holds.")
