"""`paysignal demo`: a month of a small business, from its webhooks to triggers and reports.

The month ends today and is made up alike on every machine, as are three small stores of the other
providers beside it. Their authors also write down what the books must say, so the demo holds
records, triggers and reports against that, to the cent. A day's stores have connections and people
of their own: what else the stack holds changes nothing, and playing them again changes nothing
either. The reports at its end are the month's: they are asked for its connection alone.
"""

from __future__ import annotations

import argparse
import secrets
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from infra.cli.command import CliError
from infra.cli.demo_posting import post_all, wait_until_processed
from infra.cli.demo_report import disagreements, show_contacts, show_reports, telling_first
from infra.cli.demo_stores import (
    Played,
    disagreements_of,
    misfirings,
    play_stores,
    say_that_the_books_agree,
    show_side_by_side,
)
from infra.cli.demo_story import FORTY, Story, story_of
from infra.cli.demo_triggers import ENDPOINT, Triggers
from infra.cli.outbound import Outbound
from infra.cli.running import Running
from infra.cli.up import start
from infra.local.stack import Endpoints
from infra.samples.stripe_event import Delivery
from infra.samples.stripe_month import Month

SUMMARY = "start the stack, play a month of signed webhooks, show its triggers and reports"
EXAMPLES = """  ./paysignal demo
  ./paysignal demo --subscriptions 100"""
# How many of the month's contacts stand beside those of the other stores.
_BESIDE = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--subscriptions", type=int, default=FORTY, help=f"default: {FORTY}")
    parser.add_argument("--port", type=int, help="port of the emulator on 127.0.0.1")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Tell the story from an empty machine to reports; fail when the books do not agree."""
    if arguments.subscriptions < 1:
        raise CliError("A business needs a subscription at least: --subscriptions 1.")
    began = time.monotonic()
    console.rule("paysignal: a month of payments, from webhooks to reports")
    endpoints = start(console, port=arguments.port)
    story = story_of(datetime.now(UTC).date(), arguments.subscriptions)
    wrong = play(story, Running.find(None), endpoints, console)
    for line in wrong:
        console.print(f"[red]✗[/] {escape(line)}", soft_wrap=True)
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    console.print(f"{mark} done in {time.monotonic() - began:.0f} s; the stack stays up\n")
    _say_what_next(endpoints, story, console)
    return 1 if wrong else 0


def play(story: Story, running: Running, endpoints: Endpoints, console: Console) -> list[str]:
    """Play the month on a running stack; return where records, triggers or reports are wrong.

    Raise CliError where the stack does not take it in.
    """
    with closing(Outbound(endpoints)) as api:
        secret = _connect(running, api, story.connection)
        console.print(f"[green]✓[/] Stripe may post to the connection [bold]{story.connection}[/]")
        with Triggers(api, story.connection, story.month, console) as triggers:
            _post_month(api, story, secret, console)
            wait_until_processed(running, console)
            wrong = triggers.missed()
            triggers.say_how_many()
            contacts, false = _hold_to_books(api, story, console)
            played = play_stores(story.stores, running, api, endpoints, console)
            wrong += misfirings(story.stores, triggers)
            wait_until_processed(running, console)
        false += _compare_stores(story, contacts, played, console)
        return [*wrong, *false, *show_reports(api, story, console)]


def _hold_to_books(
    api: Outbound, story: Story, console: Console
) -> tuple[list[dict[str, Any]], list[str]]:
    """Show the month's contacts; return them, and where the records are wrong."""
    contacts = _contacts(api, story.month, console)
    show_contacts(contacts, console)
    unmatched = _unmatched(api, story, contacts)
    false = disagreements(contacts, unmatched, story.month.truth)
    if not false:
        truth = story.month.truth
        console.print(
            f"\n[green]✓[/] all {len(truth.subscriptions)} subscriptions and "
            f"{len(truth.paid_orders())} orders are as the books say, to the cent",
            soft_wrap=True,
        )
    if unmatched:
        console.print(
            f"[yellow]·[/] {len(unmatched)} of them wait for their contact: no webhook of this "
            "month named an email",
            soft_wrap=True,
        )
    return contacts, false


def _compare_stores(
    story: Story, contacts: list[dict[str, Any]], played: Played, console: Console
) -> list[str]:
    """Show the contacts of all stores; return where the other stores' records are wrong."""
    beside = telling_first(contacts)[:_BESIDE]
    people = [("Stripe", beside), *((store.name, found) for store, found in played)]
    show_side_by_side(people, console)
    wrong = [line for store, found in played for line in disagreements_of(store, found)]
    if not wrong:
        say_that_the_books_agree(story.stores, console)
    return wrong


def _connect(running: Running, api: Outbound, connection_id: str) -> str:
    """Return the secret Stripe signs with; make the connection unless it is there."""
    known = running.secrets_of(connection_id)
    secret = str(known["signing_secrets"][0]) if known else f"whsec_{secrets.token_urlsafe(24)}"
    connection = {
        "provider": "stripe",
        "name": "Shop",
        "mode": "live",
        "signing_secrets": [secret],
        # The month is weeks old by now; as it happened, a trigger would not have been too late.
        "late_match": {"policy": "fire"},
    }
    api.put(f"/v1/connections/{connection_id}", connection)
    return secret


def _post_month(api: Outbound, story: Story, secret: str, console: Console) -> None:
    """Post the deliveries as they arrived: some late, some twice."""
    path, told = f"/webhooks/stripe/{story.connection}", story.month

    def post(delivery: Delivery) -> int:
        signature = delivery.event.sign(secret, int(time.time()))
        headers = {"content-type": "application/json", "stripe-signature": signature}
        return api.post_raw(path, delivery.event.body, headers)

    count = post_all(told.deliveries, post, "posting a month of webhooks", console)
    console.print(
        f"[green]✓[/] {count} of {count} webhooks accepted, among them "
        f"{count - len(told.events)} that came twice and some that came hours late",
        soft_wrap=True,
    )


def _contacts(api: Outbound, told: Month, console: Console) -> list[dict[str, Any]]:
    """Read everybody the month speaks of."""
    buyers = {order.email for order in told.truth.orders.values() if order.email}
    emails = sorted(buyers | set(told.truth.emails.values()))
    quiet = not console.is_terminal
    reading = track(emails, "reading contacts", console=console, transient=True, disable=quiet)
    found = [api.find(f"/v1/contacts/{quote(email, safe='')}") for email in reading]
    return [contact for contact in found if contact]


def _unmatched(api: Outbound, story: Story, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read the subscriptions that no contact has: a cancellation alone tells no email."""
    matched = {
        each["store_recurring_payment_id"]
        for contact in contacts
        for each in contact["recurring_payments"]
    }
    missing = sorted(set(story.month.truth.subscriptions) - matched)
    found = [api.find(f"/v1/recurring-payments/{story.connection}/{each}") for each in missing]
    return [record for record in found if record]


def _say_what_next(endpoints: Endpoints, story: Story, console: Console) -> None:
    email = min(story.month.truth.emails.values())
    address = f"{endpoints.api_url}/v1/contacts/{quote(email, safe='')}"
    here = f"--connection {story.connection}"
    for line in (
        f"Report  ./paysignal report orders --group-by product {here} --html orders.html --open",
        f"        ./paysignal report subscriptions {here} --chart active --explain",
        f"        ./paysignal report orders {here} --ledger refunds",
        f"Hear    ./paysignal listen --endpoint {ENDPOINT}    (and in another terminal:)",
        "        ./paysignal send stripe invoice.payment_failed",
        f"Ask     curl -H 'Authorization: Bearer {endpoints.admin_key}' '{address}'",
        f"Docs    {endpoints.api_url}/docs",
        "Stop    ./paysignal down",
    ):
        console.print(line, soft_wrap=True, markup=False)
