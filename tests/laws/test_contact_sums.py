"""The law of sums: a contact's money, orders and dates are always those of its records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.observations import Parsed
from tests.laws import words
from tests.laws.recorded import drifted, misremembered, owners, recorded, unlike
from tests.support.shop import Shop

_EMAILS = ("ada@example.com", "bob@example.com", None)
_CUSTOMERS = ("1", "2")


def _happenings() -> list[Parsed]:
    """Return what can happen to two customers, their subscriptions and their money."""
    told = [
        words.customer(name, minute, email, rank=10)
        for name in _CUSTOMERS
        for minute, email in ((0, _EMAILS[0]), (50 * int(name), _EMAILS[1]), (300, _EMAILS[0]))
    ]
    for name in _CUSTOMERS:
        who = f"cus_{name}"
        told += [
            words.subscription(name, 1, creation=True, customer=who, started=1),
            words.subscription(name, 400, "cancelled", was="active", customer=who, started=1),
            words.invoice(name, 2, customer=who, subscription=f"sub_{name}"),
            words.charge(name, 2, customer=who),
            words.link(name, name, 2),
            words.invoice(f"{name}b", 90, customer=who, subscription=f"sub_{name}", amount=2400),
            words.charge(f"{name}c", 120, customer=who, amount=500, currency="EUR"),
            words.charge(f"{name}d", 130, customer=who, status="declined"),
            words.charge(f"{name}e", 140, customer=None, email=_EMAILS[int(name) - 1]),
            words.refund(name, 200, 1000),
            words.refund(f"{name}c", 210, 500),
            words.refund(f"{name}c", 230, 500, status="failed"),
            words.dispute(f"{name}e", 250, 1900),
            words.dispute(f"{name}e", 260, 1900, "won" if name == "1" else "lost"),
        ]
    return told


HAPPENINGS = _happenings()


@pytest.mark.parametrize("policy", ["create", "match_only"])
@given(
    arriving=st.lists(st.sampled_from(HAPPENINGS), max_size=14, unique_by=id),
    made_after=st.integers(0, 14),
)
@settings(max_examples=100, deadline=None)
def test_sums_are_those_of_the_records_whatever_has_arrived(
    policy: str, arriving: list[Parsed], made_after: int
) -> None:
    shop = Shop(policy=policy)

    for number, event in enumerate(arriving):
        if number == made_after and "ada@example.com" not in shop.contacts():
            shop.add_contact("ada@example.com")
        shop.hear(event)

        assert drifted(shop) == []


@given(st.permutations(HAPPENINGS), st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_whose_a_record_is_does_not_depend_on_arrival(arriving: list[Parsed], left: int) -> None:
    some = arriving[left:]
    one, other = Shop(), Shop()

    one.hear_all(some)
    other.hear_all(sorted(some, key=lambda event: (event.occurred_at or 0, event.event_id)))

    assert unlike(recorded(one), recorded(other)) == []
    assert misremembered(one) == misremembered(other) == []


@given(st.permutations(HAPPENINGS), st.data())
@settings(max_examples=25, deadline=None)
def test_jobs_that_run_late_catch_up(arriving: list[Parsed], data: Any) -> None:
    """Jobs follow through a queue: until they have run, sums may lag, but not afterwards."""
    prompt, tardy = Shop(), Shop()
    tardy.holds_jobs = True

    prompt.hear_all(arriving)
    for event in arriving:
        tardy.hear(event)
        if data.draw(st.sampled_from((False, False, False, True))):
            tardy.work_off()
    tardy.work_off()

    assert drifted(tardy) == []
    assert owners(tardy) == owners(prompt)
    assert unlike(recorded(prompt), recorded(tardy)) == []
