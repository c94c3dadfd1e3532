"""The demo's act of three more stores: PayPal, PayKickstart and WooCommerce beside Stripe.

Each store gets a connection through the API and posts as its provider would, while the month's
automations still listen. In the end the contacts of all four stand side by side, and everything is
held against the stores' own books.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import quote

from rich.console import Console

from infra.cli.demo_posting import post_all, wait_until_processed
from infra.cli.demo_triggers import Triggers
from infra.cli.outbound import Json, Outbound
from infra.cli.running import Running
from infra.cli.senders import Letter, PayKickstartSender, PayPalSender, Secrets, WooCommerceSender
from infra.drawing.tables import text_table
from infra.local.stack import Endpoints
from infra.samples.other_stores import Store

_COLUMNS = ("store", "email", "recurring payment", "status", "orders", "revenue")
_UNITS = {"daily": "days", "weekly": "weeks", "monthly": "months", "yearly": "years"}
_ARRIVAL_SECONDS = 30.0
_POLL_SECONDS = 0.5
_QUEUED_SECONDS = 1.0
Played = list[tuple[Store, list[Json]]]
# By store: its contacts, as the API answers them.
People = Sequence[tuple[str, Sequence[Json]]]


class _Signer(Protocol):
    """A provider's side: its secrets, and what it puts around an event so that it is believed."""

    def secrets(self) -> dict[str, Any]:
        """Return new secrets, as a connection is made with them."""

    def signed(self, events: Sequence[Any], secrets: Secrets, now: int) -> list[Letter]:
        """Return the events as they are posted."""


def play_stores(
    stores: Sequence[Store],
    running: Running,
    api: Outbound,
    endpoints: Endpoints,
    console: Console,
) -> Played:
    """Play the stores' lives, and return whom each of them then has as a contact.

    Raise CliError where the stack does not take them in.
    """
    signers: dict[str, _Signer] = {
        "paykickstart": PayKickstartSender(),
        "paypal": PayPalSender(endpoints.test_hooks.get("paypal")),
        "woocommerce": WooCommerceSender(),
    }
    console.print("\n[bold]Three more stores[/]\n")
    for store in stores:
        signer = signers[store.provider]
        secrets = _connect(store, signer, running, api)
        letters = signer.signed(store.deliveries, secrets, int(time.time()))
        count = _post(store, letters, api, console)
        console.print(
            f"[green]✓[/] {store.name} posts to [bold]{store.connection}[/]: {count} webhooks "
            f"accepted, in no order, {store.repeated} of them twice",
            soft_wrap=True,
        )
    wait_until_processed(running, console)
    return [(store, _contacts(store, api)) for store in stores]


def _connect(store: Store, signer: _Signer, running: Running, api: Outbound) -> Secrets:
    """Return the secrets the store signs with; make the connection unless it is there."""
    if known := running.secrets_of(store.connection):
        return known
    secrets = signer.secrets()
    connection = {
        "provider": store.provider,
        "name": store.name,
        "mode": "live",
        # As with the month: as it happened, a trigger would not have been too late.
        "late_match": {"policy": "fire"},
        **secrets,
    }
    api.put(f"/v1/connections/{store.connection}", connection)
    return secrets


def _post(store: Store, letters: list[Letter], api: Outbound, console: Console) -> int:
    path = f"/webhooks/{store.provider}/{store.connection}"
    return post_all(
        letters,
        lambda letter: api.post_raw(path + letter.query, letter.body, letter.headers),
        f"posting for {store.name}",
        console,
    )


def _contacts(store: Store, api: Outbound) -> list[Json]:
    found = [api.find(f"/v1/contacts/{quote(email, safe='')}") for email in store.emails]
    return [contact for contact in found if contact]


def show_side_by_side(people: People, console: Console) -> None:
    """Show one row for each contact, whichever store they buy from."""
    console.print("\n[bold]Contacts of four stores side by side[/]\n")
    rows = [_row(name, contact) for name, contacts in people for contact in contacts]
    console.print(text_table(rows, _COLUMNS))


def _row(store: str, contact: Json) -> dict[str, str]:
    plans = contact["recurring_payments"]
    sums = (f"{each['amount']} {each['currency']}" for each in contact["revenue"])
    return {
        "store": store,
        "email": contact["email"],
        "recurring payment": ", ".join(_price(plan) for plan in plans),
        "status": ", ".join(plan["status"] for plan in plans),
        "orders": str(contact["orders_count"]),
        "revenue": ", ".join(sums),
    }


def _price(plan: Json) -> str:
    """Return what a subscription costs and how often, as far as its store has said so."""
    count, interval = plan["billing_interval_count"], plan["billing_interval"]
    many = f"every {count} {_UNITS[interval]}" if interval else None
    rhythm = many if (count or 1) > 1 else interval
    parts = (plan["payment_amount"], plan["currency"], rhythm)
    told = " ".join(str(part) for part in parts if part)
    return told if plan["payment_amount"] else plan["name"] or plan["store_recurring_payment_id"]


def disagreements_of(store: Store, contacts: Sequence[Json]) -> list[str]:
    """Return where a store's records are not what its books say, in sentences."""
    statuses = {
        plan["store_recurring_payment_id"]: plan["status"]
        for contact in contacts
        for plan in contact["recurring_payments"]
    }
    orders = {
        each["store_order_id"]: (each["status"], each["gross"], each["refunded"])
        for contact in contacts
        for each in contact["orders"]
    }
    revenue = {
        contact["email"]: {each["currency"]: each["amount"] for each in contact["revenue"]}
        for contact in contacts
    }
    return [
        f"{store.name}: {kind} {key} is {found.get(key)}, the books say {booked.get(key)}"
        for kind, found, booked in (
            ("subscription", statuses, store.subscriptions),
            ("order", orders, store.orders),
            ("the revenue of", revenue, store.revenue),
        )
        for key in sorted(found.keys() | booked.keys())
        if found.get(key) != booked.get(key)
    ]


def misfirings(stores: Sequence[Store], triggers: Triggers) -> list[str]:
    """Wait until the month's automations have told of all that is new; return what is not so."""
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    while wrong := [line for store in stores for line in _misfired(store, triggers)]:
        if time.monotonic() > deadline:
            return wrong
        time.sleep(_POLL_SECONDS)
    # A firing is written down just before it is queued to be sent.
    time.sleep(_QUEUED_SECONDS)
    return []


def _misfired(store: Store, triggers: Triggers) -> list[str]:
    """Return where a creation did not fire once, or a failure more often than it happened."""
    fired = triggers.fired(store.connection)
    new, failed = fired["demo-new-recurring-payment"], fired["demo-payment-failed"]
    # What comes in no order may tell the end of a failing first, which then is no change.
    may_fail = {key for key, status in store.subscriptions.items() if status == "payment_failed"}
    return [
        f"{store.name}: {key} fired {new[key]} times as new, and not once"
        for key in sorted(new.keys() | store.subscriptions.keys())
        if new[key] != int(key in store.subscriptions)
    ] + [
        f"{store.name}: {key} fired {times} times as failed"
        for key, times in sorted(failed.items())
        if times > int(key in may_fail)
    ]


def say_that_the_books_agree(stores: Sequence[Store], console: Console) -> None:
    """Say how much was compared."""
    subscriptions = sum(len(store.subscriptions) for store in stores)
    orders = sum(len(store.orders) for store in stores)
    console.print(
        f"\n[green]✓[/] all {subscriptions} subscriptions and {orders} orders of the three other "
        "stores are as their books say, to the cent",
        soft_wrap=True,
    )
