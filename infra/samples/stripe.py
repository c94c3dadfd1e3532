"""The generated Stripe: everything the samples, the demo and the tests need, under one name.

It invents a business, lives its customers' lives, and tells each event in the old or the new API
shape, with the bytes and the signature Stripe would send, and the truth the records must reach.
It imports nothing of the product, so that it can be held against it.

    python -m infra.samples.stripe                          lists the event types
    python -m infra.samples.stripe invoice.paid [--old]     prints one event
    python -m infra.samples.stripe --write-fixtures FOLDER  writes one file for each type
"""

import argparse
import json
import sys
from pathlib import Path

from infra.samples.stripe_billing import (
    announce,
    end_trial,
    expire_incomplete,
    fail_renewal,
    give_up,
    pay_out_of_band,
    recover,
    renew,
    trial_will_end,
)
from infra.samples.stripe_business import STARTS_AT, Business
from infra.samples.stripe_changes import (
    apply_discount,
    ask_for_plan,
    cancel_now,
    change_discount,
    change_plan,
    pause,
    pause_for_real,
    reach_cancellation,
    remove_discount,
    resume,
    resume_for_real,
    schedule_cancel,
    settle_plan,
    unpause,
)
from infra.samples.stripe_checkout import checkout, start_incomplete
from infra.samples.stripe_customers import (
    add_card,
    add_coupon,
    add_customer,
    add_price,
    add_product,
    add_promotion_code,
    change_email,
    delete_coupon,
    delete_customer,
    delete_price,
    delete_product,
    detach_card,
    edit_card,
    expire_source,
    make_default,
    move,
    rename_coupon,
    rename_product,
    retire_price,
    stop_promotion_code,
    update_card,
)
from infra.samples.stripe_event import Delivery, Event, Shape, signature, signature_header
from infra.samples.stripe_goods import Address, Coupon, Price, Product
from infra.samples.stripe_lives import CURRENCIES, Life, random_life, whole_life
from infra.samples.stripe_money import amount_of, text_of
from infra.samples.stripe_month import DELIVERED, Month, month
from infra.samples.stripe_purchases import (
    abandon,
    answer_dispute,
    await_bank,
    close_dispute,
    describe,
    dispute,
    fail_one_time,
    fail_refund,
    hear_from_bank,
    one_time,
    refund,
    settle_refund,
)
from infra.samples.stripe_samples import STORIES, THIN, Sample, event_types, sample
from infra.samples.stripe_scenes import UNKNOWN
from infra.samples.stripe_schedules import (
    abort_schedule,
    add_schedule,
    announce_schedule,
    cancel_schedule,
    complete_schedule,
    release_schedule,
    shorten_schedule,
)
from infra.samples.stripe_state import Customer, Invoice, Payment, Subscription
from infra.samples.stripe_truth import OrderTruth, SubscriptionTruth, Truth

__all__ = [
    "CURRENCIES",
    "DELIVERED",
    "STARTS_AT",
    "STORIES",
    "THIN",
    "UNKNOWN",
    "Address",
    "Business",
    "Coupon",
    "Customer",
    "Delivery",
    "Event",
    "Invoice",
    "Life",
    "Month",
    "OrderTruth",
    "Payment",
    "Price",
    "Product",
    "Sample",
    "Shape",
    "Subscription",
    "SubscriptionTruth",
    "Truth",
    "abandon",
    "abort_schedule",
    "add_card",
    "add_coupon",
    "add_customer",
    "add_price",
    "add_product",
    "add_promotion_code",
    "add_schedule",
    "amount_of",
    "announce",
    "announce_schedule",
    "answer_dispute",
    "apply_discount",
    "ask_for_plan",
    "await_bank",
    "cancel_now",
    "cancel_schedule",
    "change_discount",
    "change_email",
    "change_plan",
    "checkout",
    "close_dispute",
    "complete_schedule",
    "delete_coupon",
    "delete_customer",
    "delete_price",
    "delete_product",
    "describe",
    "detach_card",
    "dispute",
    "edit_card",
    "end_trial",
    "event_types",
    "expire_incomplete",
    "expire_source",
    "fail_one_time",
    "fail_refund",
    "fail_renewal",
    "fixtures",
    "give_up",
    "hear_from_bank",
    "make_default",
    "month",
    "move",
    "one_time",
    "pause",
    "pause_for_real",
    "pay_out_of_band",
    "random_life",
    "reach_cancellation",
    "recover",
    "refund",
    "release_schedule",
    "remove_discount",
    "rename_coupon",
    "rename_product",
    "renew",
    "resume",
    "resume_for_real",
    "retire_price",
    "sample",
    "schedule_cancel",
    "settle_plan",
    "settle_refund",
    "shorten_schedule",
    "signature",
    "signature_header",
    "start_incomplete",
    "stop_promotion_code",
    "text_of",
    "trial_will_end",
    "unpause",
    "update_card",
    "whole_life",
]

# Types whose objects look different in the old shape get a second fixture.
_ALIKE = frozenset(
    "card coupon customer dispute payment_method price product subscription_schedule".split()
)


def fixtures() -> dict[str, bytes]:
    """Return the fixture files by name: one for each event type, two where the shapes differ."""
    files = {}
    for event_type, (why, _) in STORIES.items():
        new = sample(event_type)
        files[f"{event_type}.{why}.json"] = new.event.body + b"\n"
        kind = new.event.object.get("object")
        if event_type in event_types("old") and event_type != UNKNOWN and kind not in _ALIKE:
            old = sample(event_type, "old").event
            files[f"{event_type}.{why}_old_shape.json"] = old.body + b"\n"
    return files


def _write_fixtures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in fixtures().items():
        (folder / name).write_bytes(body)


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.samples.stripe")
    parser.add_argument("event_type", nargs="?", choices=event_types(), metavar="EVENT_TYPE")
    parser.add_argument("--old", action="store_true", help="in the shape before basil")
    parser.add_argument("--write-fixtures", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    if chosen.write_fixtures:
        _write_fixtures(chosen.write_fixtures)
    elif chosen.event_type:
        made = sample(chosen.event_type, "old" if chosen.old else "new")
        sys.stdout.write(json.dumps(made.event.content, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(event_types()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
