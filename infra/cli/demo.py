"""`paysignal demo`: a month of a small business, posted as Stripe would, and what it became.

The month ends today and is made up alike on every machine. Its author also writes down what the
books must say, so the demo ends by holding the API's answers against that, to the cent.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import Progress, track

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.demo_report import (
    disagreements,
    show_contacts,
    show_orders,
    show_recurring_payments,
    show_status_changes,
)
from infra.cli.running import Running, signing_secret
from infra.cli.up import start
from infra.local.stack import Endpoints
from infra.samples.stripe_event import Delivery
from infra.samples.stripe_month import Month, month

SUMMARY = "start the stack, play a month of signed webhooks, show what they became"
EXAMPLES = """  ./paysignal demo
  ./paysignal demo --subscriptions 100"""
_CONNECTION = "shop"
_DAY_SECONDS = 86_400
# As many as a provider keeps open; more only queue up inside one machine.
_POSTS_AT_ONCE = 6
_DRAIN_SECONDS = 120


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--subscriptions", type=int, default=40, help="default: 40")
    parser.add_argument("--port", type=int, help="port of the emulator on 127.0.0.1")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Tell the story from an empty machine to records; fail when the books do not agree."""
    began = time.monotonic()
    console.rule("paysignal: from a provider's webhook to a record you can read")
    endpoints = start(console, port=arguments.port)
    running, api = Running.find(None), Api(endpoints)
    secret, _ = signing_secret(running, api, _CONNECTION)
    console.print(f"[green]✓[/] Stripe may post to the connection [bold]{_CONNECTION}[/]")

    today = int(time.time()) // _DAY_SECONDS * _DAY_SECONDS
    # Another day's month has other ids: the same ids with other dates would be a forgery.
    told = month(today, arguments.subscriptions, starts_at=today - 30 * _DAY_SECONDS)
    _post_all(api, told, secret, console)
    _wait_until_processed(running, console)
    contacts = _contacts(api, told, console)
    unmatched = _unmatched(api, told, contacts)
    show_contacts(contacts, console)
    show_recurring_payments(contacts, console)
    show_orders(contacts, console)
    show_status_changes(contacts, console)

    wrong = disagreements(contacts, unmatched, told.truth)
    console.print()
    if unmatched:
        console.print(
            f"[yellow]·[/] {len(unmatched)} subscriptions wait for their contact: no webhook of "
            "this month named an email"
        )
    for line in wrong:
        console.print(f"[red]✗[/] {line}", soft_wrap=True)
    if not wrong:
        console.print(
            f"[green]✓[/] all {len(told.truth.subscriptions)} subscriptions and "
            f"{len(told.truth.paid_orders())} orders agree with the books, to the cent, whatever "
            "order the webhooks came in"
        )
    console.print(f"[green]✓[/] done in {time.monotonic() - began:.0f} s; the stack stays up\n")
    _say_what_next(endpoints, contacts[0]["email"], console)
    return 1 if wrong else 0


def _post_all(api: Api, told: Month, secret: str, console: Console) -> None:
    """Post the deliveries as they arrived: some late, some twice, several at once."""
    path = f"/webhooks/stripe/{_CONNECTION}"

    def post(delivery: Delivery) -> int:
        signature = delivery.event.sign(secret, int(time.time()))
        headers = {"content-type": "application/json", "stripe-signature": signature}
        return api.post_raw(path, delivery.event.body, headers)

    with ThreadPoolExecutor(_POSTS_AT_ONCE) as pool:
        posts = pool.map(post, told.deliveries)
        title, total = "posting a month of webhooks", len(told.deliveries)
        quiet = not console.is_terminal
        answers = list(track(posts, title, total, console=console, transient=True, disable=quiet))
    repeated = len(told.deliveries) - len(told.events)
    console.print(
        f"[green]✓[/] {answers.count(200)} of {len(answers)} webhooks accepted, among them "
        f"{repeated} that came twice and some that came hours late"
    )
    if set(answers) != {200}:
        raise CliError("Not every webhook was accepted. Look: ./paysignal tail --once")


def _wait_until_processed(running: Running, console: Console) -> None:
    """Wait until the queues are empty. Raise CliError when they do not become so."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("processing", total=None)
        deadline = time.monotonic() + _DRAIN_SECONDS
        most = 1
        while left := running.messages_waiting():
            if time.monotonic() > deadline:
                raise CliError(f"{left} events still wait. Look: ./paysignal doctor")
            most = max(most, left)
            progress.update(bar, total=most, completed=most - left)
            time.sleep(0.3)


def _contacts(api: Api, told: Month, console: Console) -> list[dict[str, Any]]:
    """Read everybody the month speaks of."""
    buyers = {order.email for order in told.truth.orders.values() if order.email}
    emails = sorted(buyers | set(told.truth.emails.values()))
    quiet = not console.is_terminal
    reading = track(emails, "reading contacts", console=console, transient=True, disable=quiet)
    found = [api.find(f"/v1/contacts/{quote(email, safe='')}") for email in reading]
    return [contact for contact in found if contact]


def _unmatched(api: Api, told: Month, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read the subscriptions that no contact has: a cancellation alone tells no email."""
    matched = {
        each["store_recurring_payment_id"]
        for contact in contacts
        for each in contact["recurring_payments"]
    }
    missing = sorted(set(told.truth.subscriptions) - matched)
    found = [api.find(f"/v1/recurring-payments/{_CONNECTION}/{each}") for each in missing]
    return [record for record in found if record]


def _say_what_next(endpoints: Endpoints, email: str, console: Console) -> None:
    address = f"{endpoints.api_url}/v1/contacts/{quote(email, safe='')}"
    for line in (
        f"Docs    {endpoints.api_url}/docs",
        f"Ask     curl -H 'Authorization: Bearer {endpoints.admin_key}' '{address}'",
        "Send    ./paysignal send stripe charge.refunded",
        "Follow  ./paysignal tail",
        "Stop    ./paysignal down",
    ):
        console.print(line, soft_wrap=True, markup=False)
