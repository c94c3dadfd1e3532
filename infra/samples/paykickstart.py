"""The generated PayKickstart: lives of subscriptions as notifications, and what they must come to.

It imports nothing of the product, so that it can be held against it.

    python -m infra.samples.paykickstart                          lists the event types
    python -m infra.samples.paykickstart refund                   prints one notification
    python -m infra.samples.paykickstart --write-fixtures FOLDER  writes one file for each type
"""

import argparse
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.samples.paykickstart_event import SECRET, Event
from infra.samples.paykickstart_world import (
    BUYERS,
    CAMPAIGN,
    DAY,
    OFFERS,
    SINGLE,
    STARTS_AT,
    Buyer,
    Offer,
    Subscription,
    Vendor,
    later,
)

__all__ = [
    "BUYERS",
    "CAMPAIGN",
    "OFFERS",
    "SECRET",
    "SINGLE",
    "STARTS_AT",
    "STORIES",
    "UNKNOWN",
    "Buyer",
    "Event",
    "Offer",
    "Sample",
    "Subscription",
    "Vendor",
    "event_types",
    "fixtures",
    "later",
    "random_life",
    "sample",
    "whole_life",
]

# A slug no list of PayKickstart's names.
UNKNOWN = "commission-created"


@dataclass(frozen=True)
class Sample:
    """One notification with the story that leads to it."""

    before: list[Event]
    event: Event


def whole_life(seed: int = 1, *, latin_1: bool = False) -> Vendor:
    """Return everything that happens to a subscriber: a trial to a refund and the end."""
    vendor = Vendor(seed, latin_1=latin_1)
    sold = vendor.subscribe(BUYERS[0], OFFERS[0], trial_days=14)
    vendor.end_trial(sold)
    vendor.now += 60
    vendor.recover(sold, days=0)
    vendor.buy(BUYERS[0])
    vendor.renew(sold)
    vendor.fail(sold)
    given_back = vendor.recover(sold)
    vendor.refund(given_back, 700)
    vendor.refund(given_back)
    single = vendor.buy(BUYERS[3])
    vendor.refund(single)
    vendor.cancel(sold)
    return vendor


def random_life(seed: int) -> Vendor:
    """Return the lives of two subscribers, each thing at a time that fits."""
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    vendor = Vendor(seed, latin_1=dice.random() < 0.3)
    for buyer in dice.sample(BUYERS, 2):
        offer = dice.choice([each for each in OFFERS if each.months < 12])
        vendor.now = STARTS_AT + dice.randrange(20) * 86_400
        sold = vendor.subscribe(buyer, offer, trial_days=dice.choice([0, 7, 14]))
        if vendor.truth.subscriptions[sold.id].is_trial:
            vendor.end_trial(sold)
            vendor.recover(sold, days=1)
        for _ in range(dice.randrange(3)):
            _happen(vendor, sold, dice)
        if dice.random() < 0.5:
            vendor.cancel(sold)
    return vendor


def _happen(vendor: Vendor, sold: Subscription, dice: random.Random) -> None:
    deed = dice.choice(["renew", "renew", "fail", "buy", "refund"])
    if deed == "renew":
        vendor.renew(sold)
    elif deed == "fail":
        vendor.fail(sold)
        if dice.random() < 0.7:
            vendor.recover(sold, days=dice.randint(1, 5))
    elif deed == "buy":
        vendor.buy(sold.buyer)
    else:
        charge = vendor.renew(sold)
        vendor.refund(charge, dice.choice([None, 500]))


def _sale(vendor: Vendor) -> None:
    vendor.subscribe(BUYERS[0], OFFERS[0])


def _single(vendor: Vendor) -> None:
    vendor.buy(BUYERS[1])


def _renewal(vendor: Vendor) -> None:
    vendor.renew(vendor.subscribe(BUYERS[0], OFFERS[0]))


def _failure(vendor: Vendor) -> None:
    vendor.fail(vendor.subscribe(BUYERS[1], OFFERS[2]))


def _trial_end(vendor: Vendor) -> None:
    vendor.end_trial(vendor.subscribe(BUYERS[2], OFFERS[0], trial_days=14))


def _refund(vendor: Vendor) -> None:
    vendor.refund(vendor.buy(BUYERS[3]))


def _cancellation(vendor: Vendor) -> None:
    vendor.cancel(vendor.subscribe(BUYERS[2], OFFERS[1]))


def _update(vendor: Vendor) -> None:
    vendor.update(vendor.subscribe(BUYERS[0], OFFERS[0]), 2_400)


def _unknown(vendor: Vendor) -> None:
    vendor.buy(BUYERS[3])
    vendor.events.append(vendor.events[-1].with_fields(event=UNKNOWN))


# Each story's name and events; a type is told by the first story of its name.
STORIES: dict[str, tuple[str, Callable[[Vendor], None]]] = {
    "sales": ("first_charge", _sale),
    "sales:one_time": ("one_time", _single),
    "subscription-payment": ("renewal", _renewal),
    "subscription-payment-failed": ("renewal", _failure),
    "subscription-trial-end": ("fortnight", _trial_end),
    "subscription-updated": ("price", _update),
    "subscription-cancelled": ("by_the_buyer", _cancellation),
    "refund": ("one_time_whole", _refund),
    UNKNOWN: ("unknown_type", _unknown),
}


def event_types() -> list[str]:
    """Return what there are samples of: the slugs, and `sales:one_time`."""
    return list(STORIES)


def sample(event_type: str, *, seed: int = 1, at: int | None = None) -> Sample:
    """Return a notification with what came before it; it happens at `at`, or the day before."""
    told = _told(event_type, seed, STARTS_AT)
    if at is not None:
        start = at - (told.now - STARTS_AT)
        told = _told(event_type, seed, start)
        while told.now > at:  # months are not all of one length
            start -= DAY
            told = _told(event_type, seed, start)
    return Sample(told.events[:-1], told.events[-1])


def _told(event_type: str, seed: int, start: int) -> Vendor:
    vendor = Vendor(seed, now=start)
    STORIES[event_type][1](vendor)
    return vendor


def fixtures() -> dict[str, bytes]:
    """Return the fixture files by name: one notification of each story."""
    return {
        f"{name.partition(':')[0]}.{why}.form": sample(name).event.body
        for name, (why, _) in STORIES.items()
    }


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.samples.paykickstart")
    parser.add_argument("event_type", nargs="?", choices=event_types(), metavar="EVENT_TYPE")
    parser.add_argument("--write-fixtures", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    if chosen.write_fixtures:
        chosen.write_fixtures.mkdir(parents=True, exist_ok=True)
        for name, body in fixtures().items():
            (chosen.write_fixtures / name).write_bytes(body)
    elif chosen.event_type:
        sys.stdout.write(sample(chosen.event_type).event.body.decode() + "\n")
    else:
        sys.stdout.write("\n".join(event_types()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
