"""A vendor who sells through PayKickstart: its buyers' lives, and the truth the records must reach.

Each verb posts what PayKickstart would and notes what became of it in the words of the product.
Nothing is read back out of a notification, and nothing of the product is imported.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from infra.samples.paykickstart_event import SECRET, Event
from infra.samples.stripe_truth import OrderTruth, SubscriptionTruth, Truth

CAMPAIGN = "4410"
STARTS_AT = 1_767_258_000  # 1 January 2026, 9 in the morning
DAY = 86_400


@dataclass(frozen=True)
class Buyer:
    """Somebody who buys; the names go through every alphabet PayKickstart may have."""

    email: str
    first_name: str
    last_name: str
    city: str
    country: str


@dataclass(frozen=True)
class Offer:
    """A product: what it costs in minor units, tax included, and every how many months."""

    id: str
    name: str
    price: int
    months: int = 1
    tax: int = 0
    currency: str = "USD"


BUYERS = (
    Buyer("zoe.lefevre@example.com", "Zoé", "Lefèvre", "Orléans", "FR"),
    Buyer("joerg.weiss@example.com", "Jörg", "Weiß", "Köln", "DE"),
    Buyer("lukasz.zak@example.com", "Łukasz", "Żak", "Łódź", "PL"),
    Buyer("ada.byron@example.com", "Ada", "Byron", "London", "GB"),
)
OFFERS = (
    Offer("880", "Lantern Letters", 1_900),
    Offer("881", "Lantern Letters, a year", 19_000, months=12),
    Offer("882", "Lantern Letters, by the quarter", 5_400, months=3, tax=900, currency="EUR"),
)
SINGLE = Offer("890", "The Lantern Atlas", 4_950)


@dataclass
class Subscription:
    """What the vendor's side knows of a running subscription."""

    id: str
    buyer: Buyer
    offer: Offer
    due: int


@dataclass
class Vendor:
    """A campaign at work: the notifications so far, and what they must come to."""

    seed: int = 1
    secret: str = SECRET
    now: int = STARTS_AT
    mode: str = "live"
    latin_1: bool = False
    events: list[Event] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)
    _made: int = 0

    def subscribe(self, buyer: Buyer, offer: Offer, *, trial_days: int = 0) -> Subscription:
        """Sell a subscription; in a trial nothing is charged before its end."""
        name = self._id("P")
        due = self.now + trial_days * DAY if trial_days else later(self.now, offer.months)
        told = SubscriptionTruth(
            id=name,
            customer=buyer.email,
            currency=offer.currency,
            status="active",
            store_status="active",
            amount=offer.price,
            interval={12: "yearly"}.get(offer.months, "monthly"),
            interval_count=offer.months % 12 or 1,
            started_at=self.now,
            is_trial=bool(trial_days),
            next_payment_at=due,
        )
        self.truth.subscriptions[name] = told
        sold = Subscription(name, buyer, offer, due)
        amount = 0 if trial_days else offer.price
        self._charge("sales", sold, amount, next_billing_date=str(due))
        return sold

    def renew(self, sold: Subscription) -> str:
        """Charge the next cycle when it is due; return the transaction."""
        self.now = max(self.now + 60, sold.due)
        return self._paid(sold)

    def fail(self, sold: Subscription) -> None:
        """Have the next charge fail when it is due."""
        self.now = max(self.now + 60, sold.due)
        told = self.truth.subscriptions[sold.id]
        told.become("payment_failed", "payment-failed")
        told.is_trial = False
        self._declined(sold)

    def recover(self, sold: Subscription, *, days: int = 3) -> str:
        """Charge again what failed; return the transaction."""
        self.now += days * DAY
        return self._paid(sold)

    def end_trial(self, sold: Subscription) -> None:
        """Say that a trial has ended; the charge follows."""
        self.now = sold.due
        self.truth.subscriptions[sold.id].is_trial = False
        self._post("subscription-trial-end", sold.buyer, sold.offer, sold.id, self._id("T"), 0)

    def cancel(self, sold: Subscription, *, days: int = 2) -> None:
        """Cancel at once."""
        self.now += days * DAY
        told = self.truth.subscriptions[sold.id]
        told.become("cancelled", "cancelled")
        told.cancelled_at, told.next_payment_at, told.is_trial = self.now, None, False
        self._post("subscription-cancelled", sold.buyer, sold.offer, sold.id, self._id("T"), 0)

    def refund(self, order: str, amount: int | None = None, *, days: int = 1) -> None:
        """Give an order's money back, in part where an amount is given."""
        self.now += days * DAY
        told = self.truth.orders[order]
        back = told.gross - told.refunded if amount is None else amount
        told.refunded += back
        told.settle()
        buyer = next(each for each in BUYERS if each.email == told.email)
        offer = next(each for each in (*OFFERS, SINGLE) if each.currency == told.currency)
        invoice = told.subscription or f"PK-P{order.removeprefix('PK-T')}"
        rebill = "0" if told.subscription is None else "1"
        self._post("refund", buyer, offer, invoice, order, back, is_rebill=rebill)
        held = self.truth.subscriptions.get(told.subscription or "")
        if held is not None and held.last_order == order:
            held.last_payment_status = told.status

    def buy(self, buyer: Buyer, offer: Offer = SINGLE, **more: str) -> str:
        """Sell something once; return the transaction."""
        self.now += 3_600
        charge = self._id("T")
        invoice = f"PK-P{charge.removeprefix('PK-T')}"
        self._note(charge, buyer, offer, None, "completed")
        self._post("sales", buyer, offer, invoice, charge, offer.price, is_rebill="0", **more)
        return charge

    def update(self, sold: Subscription, price: int) -> None:
        """Change what a subscription costs: told without any date of its own."""
        told = self.truth.subscriptions[sold.id]
        told.amount = price
        self._post("subscription-updated", sold.buyer, sold.offer, sold.id, self._id("T"), price)

    def _paid(self, sold: Subscription) -> str:
        sold.due = later(max(sold.due, self.now), sold.offer.months)
        told = self.truth.subscriptions[sold.id]
        told.become("active", "active")
        told.is_trial, told.next_payment_at = False, sold.due
        due = {"next_billing_date": str(sold.due)}
        return self._charge("subscription-payment", sold, sold.offer.price, is_rebill="1", **due)

    def _charge(self, event: str, sold: Subscription, amount: int, **more: str) -> str:
        charge = self._id("T")
        if amount:
            self._note(charge, sold.buyer, sold.offer, sold.id, "completed")
        self._post(event, sold.buyer, sold.offer, sold.id, charge, amount, **more)
        return charge

    def _declined(self, sold: Subscription) -> None:
        charge = self._id("T")
        self._note(charge, sold.buyer, sold.offer, sold.id, "declined")
        event, price = "subscription-payment-failed", sold.offer.price
        self._post(event, sold.buyer, sold.offer, sold.id, charge, price, is_rebill="1")

    def _note(
        self, charge: str, buyer: Buyer, offer: Offer, subscription: str | None, status: str
    ) -> None:
        paid = status == "completed"
        self.truth.emails[buyer.email] = buyer.email
        self.truth.orders[charge] = OrderTruth(
            id=charge,
            kind="subscription" if subscription else "one_time",
            status="completed" if paid else "declined",
            gross=offer.price,
            currency=offer.currency,
            at=self.now,
            email=buyer.email,
            customer=buyer.email,
            subscription=subscription,
            tax=offer.tax if paid else 0,
        )
        held = self.truth.subscriptions.get(subscription or "")
        if held is not None:
            held.last_order, held.last_payment_at, held.last_payment_status = (
                charge,
                self.now,
                status,
            )
            held.cycles += paid

    def _post(
        self,
        event: str,
        buyer: Buyer,
        offer: Offer,
        invoice: str,
        charge: str,
        amount: int,
        **more: str,
    ) -> None:
        tax = offer.tax if amount == offer.price else 0
        fields = {
            "event": event,
            "mode": self.mode,
            "payment_processor": "stripe" if self.mode == "live" else "testmode",
            "is_rebill": "0",
            "amount": f"{Decimal(amount) / 100:.2f}",
            "currency": offer.currency,
            **_people(buyer),
            "transaction_id": charge,
            "invoice_id": invoice,
            "tracking_id": "216",
            "transaction_time": str(self.now),
            "product_id": offer.id,
            "product_name": offer.name,
            "campaign_id": CAMPAIGN,
            "campaign_name": "Lantern Press",
            "tax_transaction_id": "",
            "tax_amount": f"{Decimal(tax) / 100:.2f}" if tax else "",
            **dict.fromkeys(("tax_percent", "coupon_code", "coupon_type", "coupon_rate"), ""),
            "custom_reader": f"reader-{self.seed}-{buyer.country}",
            "licenses": "ABCD-1234, EFGH-5678",
            **more,
        }
        self.events.append(Event(tuple(fields.items()), self.secret, self.latin_1))

    def _id(self, kind: str) -> str:
        self._made += 1
        return f"PK-{kind}{self.seed:04d}{self._made:05d}"


def _people(buyer: Buyer) -> dict[str, str]:
    return {
        "quantity": "1",
        "buyer_ip": "203.0.113.7",
        "buyer_first_name": buyer.first_name,
        "buyer_last_name": buyer.last_name,
        "buyer_email": buyer.email,
        "vendor_first_name": "Lena",
        "vendor_last_name": "Lantern",
        "vendor_email": "lena@example.com",
        "billing_address_1": "1 Lantern Row",
        "billing_address_2": "",
        "billing_city": buyer.city,
        "billing_state": "",
        "billing_zip": "45000",
        "billing_country": buyer.country,
    }


def later(at: int, months: int) -> int:
    """Return the same day and hour some months later, or that month's last day."""
    day = datetime.fromtimestamp(at, UTC)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return int(day.replace(year=year, month=month + 1, day=min(day.day, last)).timestamp())
