"""What API stores send in tests: a subscription's life in items, and the store that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.process_events.fold_events import Work
from shared.domain.envelope import EventEnvelope
from shared.providers.api_store import IDENTITY, ORDER, RECURRING_PAYMENT
from tests.support.api_client import ApiClient
from tests.support.shop import Shop

Item = dict[str, Any]
PATHS = {RECURRING_PAYMENT: "/v1/recurring-payments", ORDER: "/v1/orders"}
DAYS = [f"2026-09-{day:02d}T10:00:00.000Z" for day in range(1, 31)]

SUBSCRIPTION: Item = {
    "connection_id": "shop",
    "store_recurring_payment_id": "sub-1",
    "status": "active",
    "email": "ada@example.com",
    "store_customer_id": "c-7",
    "customer": {"first_name": "Ada", "last_name": "Lovelace"},
    "currency": "USD",
    "payment_amount": "19.00",
    "billing_interval": "monthly",
    "start_date": DAYS[0],
    "line_items": [{"name": "Plan", "store_primary_id": "p-1", "amount": "19.00"}],
}
SALE: Item = {
    "connection_id": "shop",
    "store_order_id": "o-1",
    "status": "completed",
    "email": "ada@example.com",
    "store_customer_id": "c-7",
    "currency": "USD",
    "gross": "19.00",
    "occurred_date": DAYS[0],
}


def subscription(**differs: Any) -> Item:
    """Return a recurring payment with other values; None leaves a field out."""
    return _without_blanks({**SUBSCRIPTION, **differs})


def sale(**differs: Any) -> Item:
    """Return an order with other values; None leaves a field out."""
    return _without_blanks({**SALE, **differs})


def life() -> list[tuple[str, Item]]:
    """Return a life in order: paid twice, failed, mended, refunded in part, cancelled."""
    paid = {"recurring_payment_id": "sub-1"}
    return [
        (RECURRING_PAYMENT, subscription(store_modified_date=DAYS[0])),
        (ORDER, sale(**paid, store_modified_date=DAYS[0])),
        (
            ORDER,
            sale(
                **paid,
                store_order_id="o-2",
                status="declined",
                occurred_date=DAYS[10],
                store_modified_date=DAYS[10],
            ),
        ),
        (RECURRING_PAYMENT, subscription(status="PAYMENT_FAILED", store_modified_date=DAYS[11])),
        (
            ORDER,
            sale(
                **paid, store_order_id="o-2", occurred_date=DAYS[12], store_modified_date=DAYS[12]
            ),
        ),
        (RECURRING_PAYMENT, subscription(payment_amount="25.00", store_modified_date=DAYS[13])),
        (ORDER, sale(**paid, refunded="4.00", store_modified_date=DAYS[14])),
        (ORDER, sale(store_order_id="book", gross="7.50", store_modified_date=DAYS[15])),
        (
            RECURRING_PAYMENT,
            subscription(
                status="cancelled",
                payment_amount="25.00",
                cancelled_date=DAYS[20],
                store_modified_date=DAYS[20],
            ),
        ),
    ]


class ApiStore:
    """A connection `shop` of an API store: its API in front, its processor behind."""

    def __init__(
        self, others: Mapping[str, Mapping[str, Any]] | None = None, *, provider: str = "api"
    ) -> None:
        """`others` are connections beside it; of another provider it takes history alone."""
        known = {"shop": {"provider": provider}, **(others or {})}
        self.shop = Shop(connections=known, provider=provider)
        self.client = ApiClient(store=self.shop.memory)

    def put(self, kind: str, *items: Any, **body: Any) -> list[Any]:
        """Send items a second after the last ones, do the jobs that follow, return the results."""
        self.client.now += 1_000
        reply = self.client.put(PATHS[kind], {"items": list(items), **body})
        assert reply.status == 200, reply.text
        self.work_off()
        return list(reply.body["results"])

    def put_all(self, told: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """Send items one by one; return what became of each."""
        return [self.put(kind, dict(item))[0]["status"] for kind, item in told]

    def work_off(self) -> None:
        """Do the jobs that have been sent."""
        jobs = [job for when, job in self.client.outbox.followed if when == "now"]
        self.client.outbox.followed.clear()
        self.shop.outbox.jobs.extend(jobs)
        self.shop.work_off()

    def events(self) -> list[dict[str, Any]]:
        """Return the kept events."""
        return [each for name, each in self.shop.memory.documents.items() if name[0] == "event"]

    def replay(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Have kept events processed as those of a provider are."""
        for event in events:
            work = Work()
            envelope = EventEnvelope(
                provider=event["provider"],
                connection_id="shop",
                received_at=event["received_at"],
                body=event["body"],
                source=event["source"],
            )
            self.shop.messages.open(work, envelope.to_message())
            self.shop.messages.read_ahead([work], event["recorded_at"])
            self.shop.messages.carry_out(work, event["recorded_at"])
            self.shop.work_off()


def orders_of(store: ApiStore) -> list[Item]:
    """Return the orders of the items' contact as the API shows them, by id."""
    contact = store.client.get("/v1/contacts/ada@example.com").body
    return sorted(contact["orders"], key=lambda each: str(each["store_order_id"]))


def identity_of(kind: str, item: Mapping[str, Any]) -> str:
    """Return an item's own id."""
    return str(item[IDENTITY[kind]])


def _without_blanks(item: Item) -> Item:
    return {name: value for name, value in item.items() if value is not None}
