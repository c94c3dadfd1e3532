"""The shapes of records and of what happened to them, as `shared.api.answers` says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Money, Shape, Time


class Address(Shape):
    """An address."""

    first_name: str | None
    last_name: str | None
    address_1: str | None
    address_2: str | None
    address_3: str | None
    city: str | None
    province: str | None
    country: str | None
    postal: str | None
    phone: str | None
    company: str | None
    email: str | None


class LineItem(Shape):
    """What is sold; names are the catalogue's of today."""

    category: str | None
    name: str | None
    sku: str | None
    brand: str | None
    tag: str | None
    store_primary_id: str | None
    quantity: int
    amount: Money | None


class RecurringPayment(Shape):
    """A subscription, whatever the provider."""

    connection_id: str
    store_recurring_payment_id: str
    name: str | None
    status: Literal["active", "cancelled", "expired", "payment_failed", "paused", "pending"]
    store_status: str | None
    store_customer_id: str | None
    billing_interval: Literal["daily", "weekly", "monthly", "yearly"] | None
    billing_interval_count: int | None
    payment_amount: Money | None
    discount_amount: Money | None
    tax_amount: Money | None
    shipping_amount: Money | None
    currency: str | None
    last_payment_status: (
        Literal["completed", "declined", "pending", "partially_refunded", "refunded"] | None
    )
    last_payment_date: Time | None
    start_date: Time | None
    renewal_date: Time | None
    next_payment_date: Time | None
    anchor_date: Time | None
    cancelled_date: Time | None
    payment_method_expiration: Time | None
    origin_order_id: str | None
    store_created_date: Time | None
    store_modified_date: Time | None
    is_trial: bool
    cancel_at_period_end: bool
    total_cycles: int = Field(description="0 where the subscription has no end.")
    cycles_completed: int = Field(description="Paid cycles above zero.")
    note: str | None
    external_id: str | None
    line_items: list[LineItem]
    shipping_address: Address | None
    billing_address: Address | None
    contact_id: str | None
    email: str | None
    mirror_of: str | None
    inferred: list[str] = Field(description="Fields the provider does not state.")
    version: int


class Change(Shape):
    """One field's transition, in values as answers print them."""

    field: str
    from_: Any = Field(alias="from")
    to: Any


class Happened(Shape):
    """An event that changed a recurring payment."""

    event_id: str
    event_type: str
    occurred_date: Time
    kind: Literal["created", "updated"]
    changes: list[Change]
    historical: bool
    late: bool = Field(description="Recorded when what came after it already was.")


class RecurringPaymentWithHistory(RecurringPayment):
    """A recurring payment and all that happened to it."""

    history: list[Happened]


class FieldValue(Shape):
    """A recurring payment's field with what a person calls it."""

    field: str
    label: str
    value: Any


class ShownRecurringPayment(RecurringPayment):
    """A recurring payment as a contact's page shows it."""

    fields: list[FieldValue]
    widget: list[FieldValue]


class Payment(Shape):
    """A payment, refund or dispute of an order."""

    id: str
    amount: Money
    date: Time
    status: str


class Order(Shape):
    """An invoice or a one-time purchase."""

    order_id: str
    connection_id: str
    store_order_id: str
    contact_id: str | None
    email: str | None
    kind: Literal["one_time", "subscription"]
    status: Literal[
        "pending", "completed", "declined", "partially_refunded", "refunded", "disputed"
    ]
    gross: Money
    discount: Money
    tax: Money
    shipping: Money
    fee: Money | None
    refunded: Money
    currency: str
    payments: list[Payment]
    refunds: list[Payment]
    disputes: list[Payment]
    line_items: list[LineItem]
    recurring_payment_id: str | None
    occurred_date: Time | None
    processor_reference: str | None
    provisional: bool = Field(description="Joined by likeness until the provider tells the link.")
    unconfirmed: bool = Field(
        description="Told by events alone whose signature binds their body loosely (PayPal's), the "
        "connection having no API credentials to confirm them. An import of its history does."
    )
    mirror_of: str | None
    merged_into: str | None
    version: int


class RecordedEvent(Shape):
    """A change of a record, as it was recorded.

    An amended or withdrawn one has the `id` it had before.
    """

    id: str
    type: Literal[
        "recurring_payment.created", "recurring_payment.updated", "order.created", "order.updated"
    ]
    state: Literal["new", "amended", "withdrawn"]
    date: Time = Field(description="When it happened.")
    recorded_date: Time
    connection_id: str
    record_id: str
    contact_id: str | None
    event_id: str
    event_type: str
    changes: list[Change]
    historical: bool
    late: bool = Field(description="Recorded when what came after it already was.")
    joined: bool = Field(description="Told before, of this record or of one it was joined with.")


class EventPage(Shape):
    """Recorded changes in the order of recording."""

    items: list[RecordedEvent]
    next_cursor: str | None = Field(description="Null only while nothing was ever recorded.")
    more: bool = Field(description="Whether there is more already.")
    watermark: Time = Field(description="What was recorded later is not told yet.")
