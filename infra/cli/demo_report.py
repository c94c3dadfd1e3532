"""What the demo shows at its end: contacts, the three reports, and whether the books agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from infra.cli.demo_story import Story
from infra.cli.demo_triggers import FAILED_TAG, NEW_TAG
from infra.cli.outbound import Outbound
from infra.cli.reports_api import Reports
from infra.drawing.report import Report
from infra.drawing.tables import text_table
from infra.drawing.terminal import draw, draw_notes, notes_of
from infra.samples.stripe_books import books, emails_of, payments_failed, subscriptions_begun
from infra.samples.stripe_money import text_of
from infra.samples.stripe_truth import OrderTruth, Truth

Json = dict[str, Any]
# By report: what its figures must be; of the customers, how many have each tag.
Booked = dict[str, dict[str, str | int]]
_SHOWN = 5
_CURRENCY = "USD"
# What each report is asked beside the month's days.
ASKED: Mapping[str, dict[str, str]] = {
    "orders": {"group_by": "product"},
    "subscriptions": {"group_by": "product"},
    "customers": {"group_by": "tag"},
}
_COMPARED = {
    "orders": "gross refunds withheld net orders declined".split(),
    "subscriptions": "active new cancelled mrr".split(),
}
# The change log has a change about two seconds after it happened, on this machine.
_FRESH_SECONDS = 30
_POLL_SECONDS = 0.5


def show_contacts(contacts: list[Json], console: Console) -> None:
    """Show those who bought most often."""
    console.print(f"\n[bold]Contacts[/] ({len(contacts)} in all)\n")
    columns = ("email", "orders", "revenue", "status", "tags")
    rows = [
        {
            "email": each["email"],
            "orders": str(each["orders_count"]),
            "revenue": ", ".join(
                f"{sum_['amount']} {sum_['currency']}" for sum_ in each["revenue"]
            ),
            "status": ", ".join(paid["status"] for paid in each["recurring_payments"]),
            "tags": ", ".join(held["tag"] for held in each["tags"]),
        }
        for each in telling_first(contacts)[:_SHOWN]
    ]
    console.print(text_table(rows, columns))


def telling_first(contacts: list[Json]) -> list[Json]:
    """Return the contacts, those first who need looking after, then those who bought most often."""
    return sorted(contacts, key=_telling, reverse=True)


def _telling(contact: Json) -> tuple[bool, int]:
    """Rank who needs looking after first, then who bought most often."""
    return (any(held["tag"] == FAILED_TAG for held in contact["tags"]), contact["orders_count"])


def show_reports(
    api: Outbound, story: Story, console: Console, clock: Callable[[], float] = time.monotonic
) -> list[str]:
    """Draw the month's reports once they are up to date; return where the books differ."""
    booked = booked_of(story)
    deadline = clock() + _FRESH_SECONDS
    with console.status("waiting for the change log"):
        answers = ask(api, story)
        while differences(answers, booked) and clock() < deadline:
            time.sleep(_POLL_SECONDS)
            answers = ask(api, story)
    notes: dict[str, None] = {}
    for name, answer in answers.items():
        console.print()
        console.rule(style="dim")
        shown = Report.of(answer, Reports(api).definition(name), ASKED[name].get("group_by"))
        draw(shown, console, notes=False)
        notes.update(dict.fromkeys(notes_of(shown)))
    console.print()
    draw_notes(notes, console)
    console.print()
    wrong = differences(answers, booked)
    if not wrong:
        net, mrr = booked["orders"]["net"], booked["subscriptions"]["mrr"]
        count = sum(len(each) for each in booked.values())
        console.print(
            f"[green]✓[/] the reports agree with the books: net {net} {_CURRENCY}, MRR {mrr} "
            f"{_CURRENCY}, and {count - 2} more figures, to the cent",
            soft_wrap=True,
        )
    return wrong


def ask(api: Outbound, story: Story) -> dict[str, Json]:
    """Return the answers of the three reports over the month's days."""
    common = {
        "from": story.first.isoformat(),
        "to": story.last.isoformat(),
        "timezone": "UTC",
        "currency": _CURRENCY,
        "connection": story.connection,
        "compare": "none",
    }
    return {name: Reports(api).report(name, {**common, **more}) for name, more in ASKED.items()}


def booked_of(story: Story) -> Booked:
    """Return what the story's books say the reports must say."""
    told = books(story.month, _CURRENCY)
    tagged = {
        FAILED_TAG: payments_failed(story.month),
        NEW_TAG: subscriptions_begun(story.month),
    }
    figures: Booked = {
        report: {name: told.text(name) for name in names} for report, names in _COMPARED.items()
    }
    customers: dict[str, str | int] = {
        tag: len(emails_of(story.month, subscriptions)) for tag, subscriptions in tagged.items()
    }
    return {**figures, "customers": customers}


def differences(answers: Mapping[str, Json], booked: Booked) -> list[str]:
    """Return where reports and books differ, in sentences."""
    return [
        f"the report {report} says {name} is {_said(answers, report, name)}, the books say {figure}"
        for report, figures in booked.items()
        for name, figure in figures.items()
        if _said(answers, report, name) != figure
    ]


def _said(answers: Mapping[str, Json], report: str, name: str) -> Any:
    """Return a figure, or of the customers how many have a tag."""
    if report == "customers":
        groups = answers[report]["groups"]
        return next((row["customers"] for row in groups if row["key"] == name), 0)
    return answers[report]["kpis"].get(name, {}).get("value")


def disagreements(contacts: list[Json], unmatched: list[Json], truth: Truth) -> list[str]:
    """Return where the records and the story's own books differ, in sentences."""
    orders = {
        each["store_order_id"]: (each["status"], each["gross"], each["refunded"])
        for contact in contacts
        for each in contact["orders"]
    }
    matched = [each for contact in contacts for each in contact["recurring_payments"]]
    statuses = {
        each["store_recurring_payment_id"]: each["status"] for each in [*matched, *unmatched]
    }
    wrong_orders = [
        f"order {key} is {orders.get(key)}, the books say {_booked(order)}"
        for key, order in truth.paid_orders().items()
        if orders.get(key) != _booked(order)
    ]
    return wrong_orders + [
        f"subscription {key} is {statuses.get(key)}, the books say {subscription.status}"
        for key, subscription in truth.subscriptions.items()
        if statuses.get(key) != subscription.status
    ]


def _booked(order: OrderTruth) -> tuple[str, str, str]:
    """Return an order's status, gross and refunds in the words of the API."""
    gross, refunded = (text_of(amount, order.currency) for amount in (order.gross, order.refunded))
    return order.status, gross, refunded
