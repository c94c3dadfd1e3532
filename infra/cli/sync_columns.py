"""The columns of a file of old records: what they are called, and where their cells go.

Named as the API names its fields, so that nobody learns two lists; what is sold is one item, and an
address or a person is a column for each of its parts. What is said of a faulty file never quotes
it, for a file without a header has people's data in its first row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.cli.command import CliError

Json = dict[str, Any]

ORDERS, RECURRING_PAYMENTS = "orders", "recurring-payments"
KINDS = (ORDERS, RECURRING_PAYMENTS)
HELP = """--csv FILE: in UTF-8, its first row names the columns, in any order; money in major units
(19.00), dates in ISO 8601 (2024-05-01 or 2024-05-01T09:30:00Z); an empty cell says nothing

orders, named as the provider names them: Stripe's invoice in_…, else pi_… or ch_…; PayPal's sale or
capture; PayKickstart's transaction PK-T…; WooCommerce's order number
  needed  store_order_id, status, gross, currency, occurred_date
  more    email, recurring_payment_id, discount, tax, shipping, fee, refunded, refunded_date,
          processor_reference (Stripe's pi_…, needed of what was refunded), store_modified_date
  status  pending, completed, declined, partially_refunded, refunded

recurring payments: Stripe's sub_…, PayPal's I-…, PayKickstart's invoice PK-P…, WooCommerce's id
  needed  store_recurring_payment_id, status, start_date
  more    email, name, payment_amount, discount_amount, tax_amount, shipping_amount, currency,
          billing_interval (daily, weekly, monthly, yearly), billing_interval_count, is_trial,
          next_payment_date, renewal_date, anchor_date, cancelled_date, cancel_at_period_end,
          last_payment_date, last_payment_status, total_cycles, cycles_completed, origin_order_id,
          payment_method_expiration, store_status, store_created_date, store_modified_date, note,
          external_id, and billing_ and shipping_ with address_1, address_2, city, province, postal,
          country
  status  active, cancelled, expired, payment_failed, paused, pending
  yes, no is_trial, cancel_at_period_end

both: store_customer_id, first_name, last_name, phone, company, and of what was sold item_name,
item_id, item_sku, item_category, item_quantity, item_amount

  store_order_id,status,gross,currency,occurred_date,recurring_payment_id,refunded,processor_reference
  in_1Abc,completed,19.00,USD,2023-02-01,sub_1Abc,,
  in_1Abd,partially_refunded,19.00,USD,2023-03-01,sub_1Abc,5.00,pi_3Abd"""

# A column of the file we write of rejected rows, which may be mended and imported as it is.
WHY = "errors"
_PLACE = ("address_1", "address_2", "city", "province", "postal", "country")
_SHARED = {
    **{name: name for name in ("email", "currency", "store_customer_id", "store_modified_date")},
    **{name: f"customer.{name}" for name in ("first_name", "last_name", "phone", "company")},
    **{f"item_{name}": f"line_items.0.{name}" for name in ("name", "sku", "category")},
    **{f"item_{name}": f"line_items.0.{name}" for name in ("quantity", "amount")},
    "item_id": "line_items.0.store_primary_id",
}
_ORDER = """store_order_id status gross occurred_date recurring_payment_id discount tax shipping
fee refunded refunded_date processor_reference""".split()
_RECURRING_PAYMENT = """store_recurring_payment_id status start_date name payment_amount
discount_amount tax_amount shipping_amount billing_interval billing_interval_count is_trial
next_payment_date renewal_date anchor_date cancelled_date cancel_at_period_end last_payment_date
last_payment_status total_cycles cycles_completed origin_order_id payment_method_expiration
store_status store_created_date note external_id""".split()
# What a column is called, and where its cell goes in an item of the API.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    ORDERS: {**{name: name for name in _ORDER}, **_SHARED},
    RECURRING_PAYMENTS: {
        **{name: name for name in _RECURRING_PAYMENT},
        **{
            f"{kind}_{name}": f"{kind}_address.{name}"
            for kind in ("billing", "shipping")
            for name in _PLACE
        },
        **_SHARED,
    },
}
_NEEDED = {
    ORDERS: ("store_order_id", "status", "gross", "currency", "occurred_date"),
    RECURRING_PAYMENTS: ("store_recurring_payment_id", "status", "start_date"),
}
_WHOLE = {"billing_interval_count", "total_cycles", "cycles_completed", "item_quantity"}
_BOOLEAN = {"is_trial", "cancel_at_period_end"}
_WORDS = {"status", "billing_interval", "last_payment_status"}
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def kind_of(columns: Sequence[str]) -> str:
    """Return what the columns are those of. Raise CliError where they do not tell."""
    told = [kind for kind in KINDS if _NEEDED[kind][0] in columns]
    if len(told) != 1:
        raise CliError(
            f"The columns do not say what the rows are. Add --kind {' or '.join(KINDS)}."
        )
    return told[0]


def check(columns: Sequence[str], kind: str) -> None:
    """Raise CliError for columns that nobody knows, that come twice, or that are missing."""
    for place, column in enumerate(columns, 1):
        if column not in COLUMNS[kind] and column != WHY:
            # A file without a header must not be quoted for lacking it.
            raise CliError(f"Column {place} is none of those of {kind}. See: sync --help")
        if column in columns[: place - 1]:
            raise CliError(f"The first row names {column} twice.")
    lacking = [column for column in _NEEDED[kind] if column not in columns]
    if lacking:
        raise CliError(f"The first row has to name {', '.join(lacking)} as well.")


def _value(column: str, text: str) -> Any:
    """Return a cell's value. Raise ValueError for one that cannot be."""
    if column in _WHOLE:
        if not (text.isascii() and text.isdigit()):
            raise ValueError("is not a whole number")
        return int(text)
    if column in _BOOLEAN:
        if text.lower() not in _TRUTH:
            raise ValueError("is neither yes nor no")
        return _TRUTH[text.lower()]
    return text.lower() if column in _WORDS else text


def place(item: Json, kind: str, column: str, text: str) -> None:
    """Put a cell into an item: into a field, a field's field, or one of the only line.

    Raise ValueError for a cell that cannot be what its column holds.
    """
    path, value = COLUMNS[kind][column], _value(column, text)
    head, _, below = path.partition(".")
    if head == "line_items":
        item.setdefault(head, [{}])[0][below.removeprefix("0.")] = value
    elif below:
        item.setdefault(head, {})[below] = value
    else:
        item[head] = value
