"""What the demo shows at its end: records as tables, and whether they agree with the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.samples.stripe_money import text_of
from infra.samples.stripe_truth import OrderTruth, Truth

Json = dict[str, Any]
_SHOWN = 8


def show_contacts(contacts: list[Json], console: Console) -> None:
    """Show those who bought most often."""
    _show(
        f"Contacts ({len(contacts)} in all)",
        ("email", "orders", "revenue", "recurring payments"),
        sorted(contacts, key=lambda each: -each["orders_count"]),
        lambda each: (
            each["email"],
            str(each["orders_count"]),
            ", ".join(f"{sum_['amount']} {sum_['currency']}" for sum_ in each["revenue"]) or "-",
            ", ".join(payment["status"] for payment in each["recurring_payments"]) or "none",
        ),
        console,
    )


def show_recurring_payments(contacts: list[Json], console: Console) -> None:
    """Show the most telling first: what is not simply active."""
    rows = [(contact, each) for contact in contacts for each in contact["recurring_payments"]]
    _show(
        f"Recurring payments ({len(rows)} in all)",
        ("email", "status", "amount", "every", "next payment"),
        sorted(rows, key=lambda row: row[1]["status"] == "active"),
        lambda row: (
            row[0]["email"],
            row[1]["status"],
            f"{row[1]['payment_amount']} {row[1]['currency']}",
            str(row[1]["billing_interval"]),
            (row[1]["next_payment_date"] or "-")[:10],
        ),
        console,
    )


def show_orders(contacts: list[Json], console: Console) -> None:
    """Show the most telling first: refunds, disputes and declined payments."""
    rows = [(contact, each) for contact in contacts for each in contact["orders"]]
    _show(
        f"Orders ({len(rows)} in all)",
        ("email", "status", "gross", "refunded", "date"),
        sorted(rows, key=lambda row: row[1]["status"] == "completed"),
        lambda row: (
            row[0]["email"],
            row[1]["status"],
            f"{row[1]['gross']} {row[1]['currency']}",
            row[1]["refunded"],
            row[1]["occurred_date"][:10],
        ),
        console,
    )


def show_status_changes(contacts: list[Json], console: Console) -> None:
    """Show the changes of status, which is what automations will act on."""
    rows = [
        (line["date"], contact["email"], change["from"], change["to"])
        for contact in contacts
        for line in contact["timeline"]
        for change in line["changes"]
        if line["kind"] == "recurring_payment.updated" and change["field"] == "status"
    ]
    _show(
        f"Changes of a status ({len(rows)} in all)",
        ("date", "email", "from", "to"),
        sorted(rows),
        lambda row: (row[0][:16].replace("T", " "), row[1], row[2], row[3]),
        console,
    )


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


def _show(
    title: str,
    columns: tuple[str, ...],
    rows: list[Any],
    cells: Callable[[Any], tuple[str, ...]],
    console: Console,
) -> None:
    table = Table(*columns, title=title, title_justify="left", title_style="bold")
    for row in rows[:_SHOWN]:
        table.add_row(*cells(row))
    console.print()
    console.print(table)
