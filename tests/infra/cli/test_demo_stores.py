"""The demo's three more stores: what is posted, what is shown, and how it is held to the books."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from rich.console import Console

from infra.cli import demo_stores
from infra.cli.command import CliError
from infra.cli.demo_stores import (
    disagreements_of,
    misfirings,
    play_stores,
    say_that_the_books_agree,
    show_side_by_side,
)
from infra.cli.outbound import Json, Outbound
from infra.local.stack import Endpoints
from infra.samples.other_stores import Store, other_stores
from infra.samples.paypal_signing import StandIn

STORES = other_stores("20261122", 1_795_305_600)


def contact(store: Store, email: str) -> Json:
    """Somebody as the API answers them; the first one of a store has all that is in its books."""
    first = email == store.emails[0]
    plan = {
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "payment_amount": "19.00",
        "currency": "USD",
        "name": None,
    }
    return {
        "email": email,
        "orders_count": len(store.orders),
        "revenue": [
            {"currency": currency, "amount": amount}
            for currency, amount in store.revenue[email].items()
        ],
        "recurring_payments": [
            {**plan, "store_recurring_payment_id": key, "status": status}
            for key, status in store.subscriptions.items()
            if first
        ],
        "orders": [
            {"store_order_id": key, "status": status, "gross": gross, "refunded": refunded}
            for key, (status, gross, refunded) in store.orders.items()
            if first
        ],
    }


def people(store: Store) -> list[Json]:
    return [contact(store, email) for email in store.emails]


class World(Outbound):
    """The API as the act uses it: remembers what was made and posted."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_", webhooks={}))
        self.made: dict[str, Any] = {}
        self.posted: Counter[str] = Counter()
        self.bodies: Counter[bytes] = Counter()
        self._status = status

    def put(self, path: str, body: object) -> Any:
        self.made[path] = body
        return body

    def post_raw(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.posted[path] += 1
        self.bodies[body] += 1
        return self._status

    def find(self, path: str) -> Any:
        email = unquote(path.rpartition("/")[2])
        return next(contact(store, email) for store in STORES if email in store.emails)


class Fired:
    """The triggers, of which each subscription fired as often as is said here."""

    def __init__(self, new: Mapping[str, int], failed: Mapping[str, int]) -> None:
        self._new, self._failed = Counter(new), Counter(failed)

    def fired(self, connection: str) -> dict[str, Counter[str]]:
        return {"demo-new-recurring-payment": self._new, "demo-payment-failed": self._failed}


class Empty:
    """A running stack that knows no connection and has nothing waiting."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def secrets_of(self, connection_id: str) -> Any:
        return self.known.get(connection_id)

    def messages_waiting(self) -> int:
        return 0


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Endpoints:
    file = tmp_path_factory.mktemp("paypal") / "key.pem"
    file.write_bytes(StandIn.make().private_key)
    hooks = {"private_key_file": str(file), "cert_url": "https://api.paypal.com/cert"}
    url = "http://127.0.0.1:1"
    return Endpoints(api_url=url, admin_key="ps_", webhooks={}, test_hooks={"paypal": hooks})


def printed() -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, width=160, highlight=False), output


def test_each_store_gets_a_connection_and_all_its_webhooks(endpoints: Endpoints) -> None:
    world, running, (console, output) = World(), Empty(), printed()

    played = play_stores(STORES, running, world, endpoints, console)  # type: ignore[arg-type]

    made = {path: body["provider"] for path, body in world.made.items()}
    assert made == {f"/v1/connections/{store.connection}": store.provider for store in STORES}
    assert world.posted == {
        f"/webhooks/{store.provider}/{store.connection}": len(store.deliveries) for store in STORES
    }
    assert sum(count == 2 for count in world.bodies.values()) == 9
    assert [(store, len(found)) for store, found in played] == [
        (store, len(store.emails)) for store in STORES
    ]
    for store in STORES:
        told = f"✓ {store.name} posts to {store.connection}: {len(store.deliveries)} webhooks"
        assert told in output.getvalue()


def test_a_store_that_is_not_believed_ends_the_demo(endpoints: Endpoints) -> None:
    running: Any = Empty()

    with pytest.raises(CliError, match=r"22 of 22 webhooks were not accepted"):
        play_stores(STORES, running, World(status=401), endpoints, printed()[0])


def test_a_connection_that_is_there_keeps_its_secrets(endpoints: Endpoints) -> None:
    store = next(each for each in STORES if each.provider == "woocommerce")
    world, running = World(), Empty()
    running.known[store.connection] = {"provider": store.provider, "signing_secrets": ["old"]}

    play_stores([store], running, world, endpoints, printed()[0])  # type: ignore[arg-type]

    assert world.made == {}
    assert sum(world.posted.values()) == len(store.deliveries)


def test_contacts_of_all_stores_stand_side_by_side() -> None:
    console, output = printed()

    show_side_by_side([(store.name, people(store)) for store in STORES], console)

    lines = output.getvalue().splitlines()
    shown = {line.split()[1]: line.split()[0] for line in lines if "@" in line}
    assert shown == {email: store.name for store in STORES for email in store.emails}
    assert "19.00 USD monthly" in output.getvalue()


def test_a_rhythm_of_several_months_and_an_unknown_price_are_told() -> None:
    plan = contact(STORES[0], STORES[0].emails[0])["recurring_payments"][0]
    quarterly = {**plan, "billing_interval_count": 3}
    unknown = {**plan, "payment_amount": None, "name": "Tea club"}

    shown = [demo_stores._price(each) for each in (quarterly, unknown)]

    assert shown == ["19.00 USD every 3 months", "Tea club"]


def test_records_that_are_as_booked_disagree_in_nothing() -> None:
    console, output = printed()

    wrong = [line for store in STORES for line in disagreements_of(store, people(store))]
    say_that_the_books_agree(STORES, console)

    assert wrong == []
    assert "✓ all 9 subscriptions and 19 orders of the three other stores" in output.getvalue()


def test_each_subscription_fires_once_as_new_and_a_failing_one_at_most_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_ARRIVAL_SECONDS", "_POLL_SECONDS", "_QUEUED_SECONDS"):
        monkeypatch.setattr(demo_stores, name, 0)
    (store, *_), told = STORES, dict.fromkeys(STORES[0].subscriptions, 1)
    named = {status: key for key, status in store.subscriptions.items()}
    kept, failing, left = (named[status] for status in ("active", "payment_failed", "cancelled"))

    right: list[Any] = [Fired(told, {}), Fired(told, {failing: 1})]
    wrong: Any = Fired({kept: 2, failing: 1, "other": 1}, {failing: 2, kept: 1})

    assert [misfirings([store], each) for each in right] == [[], []]
    assert sorted(misfirings([store], wrong)) == sorted(
        [
            f"PayPal: {kept} fired 2 times as new, and not once",
            f"PayPal: {left} fired 0 times as new, and not once",
            "PayPal: other fired 1 times as new, and not once",
            f"PayPal: {failing} fired 2 times as failed",
            f"PayPal: {kept} fired 1 times as failed",
        ]
    )


def test_what_is_missing_wrong_or_too_much_is_told() -> None:
    store = STORES[0]
    found = people(store)
    subscription, order = sorted(store.subscriptions)[0], sorted(store.orders)[0]
    plan = next(
        each
        for each in found[0]["recurring_payments"]
        if each["store_recurring_payment_id"] == subscription
    )
    plan["status"] = "paused"
    found[0]["orders"] = [each for each in found[0]["orders"] if each["store_order_id"] != order]
    extra = {"store_order_id": "more", "status": "completed", "gross": "1.00", "refunded": "0.00"}
    found[1]["orders"] = [extra]
    found[2]["revenue"] = []

    wrong = disagreements_of(store, found)

    status = store.subscriptions[subscription]
    assert wrong == [
        f"PayPal: subscription {subscription} is paused, the books say {status}",
        f"PayPal: order {order} is None, the books say {store.orders[order]}",
        "PayPal: order more is ('completed', '1.00', '0.00'), the books say None",
        f"PayPal: the revenue of {store.emails[2]} is {{}}, the books say {{'USD': '19.00'}}",
    ]
