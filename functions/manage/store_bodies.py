"""What an API store may state of its records: one closed model per kind of item.

Items bear the names and forms the API answers with: amounts as text in major units, times in ISO
8601. Enums may also be spelt in capitals, as ActiveCampaign spells them. What only we can know
(`contact_id`, `version`, an order's `kind`) is not among the fields. Each item is judged alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from typing_extensions import override

from functions.manage.paykickstart_orders import PayKickstartOrder
from shared.api.bodies import Body, Email, Line, Word
from shared.domain import money, times
from shared.domain.errors import Quarantined

ITEMS_MAX = 100
Fault = tuple[str, str]


def _small(value: object) -> object:
    return value.lower() if isinstance(value, str) and value.isupper() else value


def _time(text: str) -> str:
    """Return a time as we print it, so that one moment is always the same text."""
    try:
        moment = times.from_text(text)
    except (ValueError, OverflowError):
        raise ValueError("is not an ISO 8601 time") from None
    if not 0 <= moment <= times.LATEST:
        raise ValueError("is not a time between 1970 and 9999")
    return times.to_text(moment) or ""


def _currency(code: str) -> str:
    if code.upper() not in money.DECIMALS:
        raise ValueError("is not the code of a known currency")
    return code.upper()


Status = Annotated[
    Literal["active", "cancelled", "expired", "payment_failed", "paused", "pending"],
    BeforeValidator(_small),
]
Interval = Annotated[Literal["daily", "weekly", "monthly", "yearly"], BeforeValidator(_small)]
PaymentStatus = Annotated[
    Literal["completed", "declined", "pending", "partially_refunded", "refunded"],
    BeforeValidator(_small),
]
OrderStatus = Annotated[
    Literal["pending", "completed", "declined", "partially_refunded", "refunded", "disputed"],
    BeforeValidator(_small),
]
Amount = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,16}(\.[0-9]{1,10})?$"),
    Field(description="Money in major units.", examples=["19.00"]),
]
Currency = Annotated[Word, AfterValidator(_currency)]
Time = Annotated[Word, AfterValidator(_time), Field(json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Text = Annotated[str, StringConstraints(max_length=2000)]


class AddressItem(Body):
    """A postal address."""

    first_name: Line | None = None
    last_name: Line | None = None
    address_1: Line | None = None
    address_2: Line | None = None
    address_3: Line | None = None
    city: Line | None = None
    province: Line | None = None
    country: Line | None = None
    postal: Line | None = None
    phone: Line | None = None
    company: Line | None = None
    email: Email | None = None


class CustomerItem(Body):
    """Who buys; it fills what is blank of the contact."""

    first_name: Line | None = None
    last_name: Line | None = None
    phone: Line | None = None
    company: Line | None = None


class SoldItem(Body):
    """What is sold."""

    category: Line | None = None
    name: Line | None = None
    sku: Line | None = None
    brand: Line | None = None
    tag: Line | None = None
    store_primary_id: Line | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: Amount | None = None


class Item(Body):
    """What both kinds of item have in common."""

    MONEY: ClassVar[tuple[str, ...]] = ()

    connection_id: Line
    email: Email | None = None
    store_customer_id: Line | None = None
    customer: CustomerItem | None = None
    currency: Currency | None = None
    line_items: Annotated[list[SoldItem], Field(max_length=100)] = Field(default_factory=list)
    store_modified_date: Time | None = Field(
        default=None,
        description="When the store last changed it: an older word never undoes a newer one. "
        "Where omitted, words count in the order they are received.",
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong between fields, each a path and a message."""
        amounts = self.amounts()
        if self.currency is None:
            if amounts:
                yield "currency", f"is needed beside {next(iter(amounts))}"
            return
        for path, text in amounts.items():
            try:
                money.from_text(text, self.currency)
            except Quarantined:
                yield path, f"is not an amount of {self.currency}"

    def amounts(self) -> dict[str, str]:
        """Return the amounts that are stated, by their paths."""
        found = {f"line_items.{n}.amount": each.amount for n, each in enumerate(self.line_items)}
        found |= {name: getattr(self, name) for name in self.MONEY}
        return {path: text for path, text in found.items() if text is not None}

    def stated(self) -> dict[str, Any]:
        """Return the item without what is blank."""
        return self.model_dump(exclude_none=True)


class RecurringPaymentItem(Item):
    """A subscription as its store states it; what is omitted is blank."""

    MONEY = ("payment_amount", "discount_amount", "tax_amount", "shipping_amount")

    store_recurring_payment_id: Line
    status: Status
    name: Line | None = Field(default=None, description="The first line item's where omitted.")
    store_status: Line | None = None
    billing_interval: Interval | None = None
    billing_interval_count: Annotated[int, Field(ge=1, le=1000)] | None = None
    payment_amount: Amount | None = Field(
        default=None, description="A whole cycle's, with tax, discount and shipping."
    )
    discount_amount: Amount | None = None
    tax_amount: Amount | None = None
    shipping_amount: Amount | None = None
    last_payment_status: PaymentStatus | None = Field(
        default=None, description="Of a payment later than those its orders tell of."
    )
    last_payment_date: Time | None = None
    start_date: Time | None = Field(
        default=None,
        description="`store_created_date` where omitted. One whose start is more than 72 hours "
        "before it is first told of is recorded, but is no new one to automations.",
    )
    renewal_date: Time | None = None
    next_payment_date: Time | None = None
    anchor_date: Time | None = None
    cancelled_date: Time | None = None
    payment_method_expiration: Time | None = None
    origin_order_id: Line | None = None
    store_created_date: Time | None = None
    is_trial: bool = False
    cancel_at_period_end: bool = False
    total_cycles: Count = 0
    cycles_completed: Count | None = Field(
        default=None, description="Its paid orders are counted where omitted."
    )
    note: Text | None = None
    external_id: Line | None = None
    shipping_address: AddressItem | None = None
    billing_address: AddressItem | None = None


class OrderItem(Item):
    """An order, with what was paid for it and what went back; what is omitted is blank."""

    MONEY = ("gross", "discount", "tax", "shipping", "fee", "refunded")

    store_order_id: Line
    status: OrderStatus = Field(
        description="Of what was paid, `refunded` decides between completed, partially_refunded "
        "and refunded."
    )
    currency: Currency
    gross: Amount = Field(description="What was asked for in all. An order of nothing is none.")
    occurred_date: Time = Field(description="When it was paid, else when it was tried.")
    discount: Amount | None = None
    tax: Amount | None = None
    shipping: Amount | None = None
    fee: Amount | None = None
    refunded: Amount | None = Field(default=None, description="What went back so far, in all.")
    refunded_date: Time | None = Field(
        default=None, description="When it last did; the date of the word on it where omitted."
    )
    recurring_payment_id: Line | None = Field(
        default=None, description="Whose cycle it pays; without one it is a one-time order."
    )
    processor_reference: Line | None = Field(
        default=None, description="The payment's id at Stripe or PayPal."
    )

    @override
    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong between fields, each a path and a message."""
        wrong = list(super().faults())
        yield from wrong
        if wrong:
            return
        gross = money.from_text(self.gross, self.currency)
        refunded = money.from_text(self.refunded or "0", self.currency)
        if gross == 0:
            yield "gross", "has to be above zero: an order of nothing is no order"
        if refunded > gross:
            yield "refunded", "is more than gross"
        if refunded and self.status in ("pending", "declined"):
            yield "refunded", f"cannot be of what is {self.status}"
        if self.status == "partially_refunded" and not 0 < refunded < gross:
            yield "refunded", "has to be a part of gross for partially_refunded"
        if self.status == "refunded" and self.refunded is not None and refunded != gross:
            yield "refunded", "has to be all of gross for refunded"
        if self.status == "disputed" and refunded == gross:
            yield "refunded", "leaves nothing to dispute"


class Items(Body):
    """Items, each judged by itself."""

    items: Annotated[list[Any], Field(max_length=ITEMS_MAX)]
    suppress_automations: bool = Field(
        default=False, description="True for what is old: nothing fires and no endpoint is told."
    )
    historical: bool = Field(
        default=False,
        description="True for the imported records of any connection: silent, and below what its "
        "own provider tells.",
    )


class RecurringPaymentsBody(Items):
    """Recurring payments of API stores."""

    items: Annotated[list[RecurringPaymentItem], Field(max_length=ITEMS_MAX)]


class OrderItems(Items):
    """Items that are orders."""

    format: Literal["paykickstart"] | None = Field(
        default=None, description="How the items are written, where not as ours."
    )


class OrdersBody(OrderItems):
    """Orders of API stores."""

    items: Annotated[list[OrderItem | PayKickstartOrder], Field(max_length=ITEMS_MAX)]
