"""The shapes of contacts, with what they have and did, as `shared.api.answers` says."""

from __future__ import annotations

from pydantic import Field

from shared.api.answers import Money, Shape, Time
from shared.api.record_answers import Change, Order, ShownRecurringPayment


class Tag(Shape):
    """A tag, and since when."""

    tag: str
    applied_date: Time


class List(Shape):
    """A list, and since when."""

    list: str
    applied_date: Time


class Source(Shape):
    """Where a contact came from."""

    first_source: str | None
    campaign: str | None
    landing_page: str | None


class Revenue(Shape):
    """What a contact's orders brought in one currency, refunds and disputes taken off."""

    currency: str
    amount: Money


class Contact(Shape):
    """A person."""

    contact_id: str
    email: str
    aliases: list[str]
    first_name: str | None
    last_name: str | None
    phone: str | None
    company: str | None
    tags: list[Tag]
    lists: list[List]
    segments: list[str]
    source: Source
    created_date: Time
    first_order_date: Time | None
    last_order_date: Time | None
    last_visit_date: Time | None
    last_sent_date: Time | None
    last_open_date: Time | None
    last_click_date: Time | None
    last_reply_date: Time | None
    unsubscribed_date: Time | None = Field(description="Since when they want no emails.")
    customer: bool = Field(description="At least one order that was not refunded whole.")
    customer_since: Time | None
    orders_count: int
    revenue: list[Revenue]


class Moment(Shape):
    """A change to one of a contact's records."""

    date: Time
    kind: str = Field(examples=["recurring_payment.updated", "order.created"])
    connection_id: str
    id: str
    changes: list[Change]


class Deed(Shape):
    """What a contact did or was sent, among the changes of their records."""

    date: Time
    kind: str = Field(examples=["activity.open", "activity.tag_added"])
    connection_id: str | None = Field(description="Null where it was posted to this API.")
    id: str
    subject: str | None
    campaign: str | None
    changes: list[Change] = Field(max_length=0)


class ContactWithRecords(Contact):
    """A person with their records and what happened to them, the newest first."""

    recurring_payments: list[ShownRecurringPayment]
    orders: list[Order]
    timeline: list[Moment | Deed]
