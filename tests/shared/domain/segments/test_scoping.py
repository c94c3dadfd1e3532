"""One and the same recurring payment: whom nested groups speak of, sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.segments.fields import FIELDS, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.operators import BY_KIND, WITHOUT_VALUE
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change
from tests.shared.domain.segments.builders import (
    NOW,
    all_of,
    any_of,
    contact,
    holds,
    none_of,
    one,
    payment,
    subject,
)

CHICAGO = one("recurring_payment.billing_address.city", "is", "Chicago")
PARIS = one("recurring_payment.billing_address.city", "is", "Paris")
NOT_CHICAGO = one("recurring_payment.billing_address.city", "is_not", "Chicago")
DEAR = one("recurring_payment.payment_amount", "greater_than", "50")
CHEAP = one("recurring_payment.payment_amount", "less_than", "50")
ACTIVE = one("recurring_payment.status", "is", "active")
BUYER = one("contact.tags", "contains", "PURCHASE:")

CHEAP_IN_CHICAGO = payment("sub_1", city="Chicago", payment_amount=1000)
DEAR_IN_CHICAGO = payment("sub_2", city="Chicago", payment_amount=9000)
DEAR_IN_PARIS = payment("sub_3", city="Paris", payment_amount=9000, status="cancelled")

Written = Mapping[str, Any]


def of(*payments: dict[str, Any]) -> Subject:
    """A contact who bought something and has these recurring payments."""
    return subject(contact(tags=["PURCHASE: Tea"]), payments)


def test_conditions_of_a_group_hold_for_one_and_the_same_recurring_payment() -> None:
    segment = all_of(CHICAGO, DEAR)

    assert not holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))


@pytest.mark.parametrize("inner", [all_of(DEAR), any_of(DEAR, BUYER), any_of(all_of(DEAR))])
def test_nested_groups_speak_of_the_same_one_as_the_enclosing_all(inner: Written) -> None:
    segment = all_of(CHICAGO, inner, none_of(CHEAP))

    assert not holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))


def test_an_all_that_speaks_through_its_groups_alone_chooses_one_for_them_all() -> None:
    either = any_of(CHICAGO, one("recurring_payment.name", "is", "Tea"))

    assert not holds(all_of(either, any_of(DEAR, PARIS)), of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert not holds(all_of(all_of(CHICAGO), all_of(DEAR)), of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(all_of(either, any_of(DEAR, PARIS)), of(DEAR_IN_CHICAGO))


def test_the_branches_of_an_any_may_each_use_another() -> None:
    cheap_there_or_dear_here = any_of(all_of(PARIS, CHEAP), all_of(CHICAGO, DEAR))

    assert not holds(cheap_there_or_dear_here, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(cheap_there_or_dear_here, of(DEAR_IN_PARIS, DEAR_IN_CHICAGO))
    assert holds(any_of(PARIS, DEAR), of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))


def test_is_not_means_a_recurring_payment_that_is_not() -> None:
    assert holds(NOT_CHICAGO, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert not holds(NOT_CHICAGO, of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))
    assert not holds(NOT_CHICAGO, of())


def test_none_means_no_recurring_payment_that_is() -> None:
    assert not holds(none_of(CHICAGO), of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(none_of(CHICAGO), of(DEAR_IN_PARIS))
    assert holds(none_of(CHICAGO), of())


def test_a_none_of_an_all_denies_only_what_is_true_of_one_and_the_same() -> None:
    assert holds(none_of(all_of(CHICAGO, DEAR)), of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert not holds(none_of(all_of(CHICAGO, DEAR)), of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))


def test_a_none_inside_an_all_that_speaks_of_one_means_that_same_one_does_not() -> None:
    segment = all_of(CHICAGO, none_of(DEAR))

    assert holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_CHICAGO))
    assert not holds(segment, of(DEAR_IN_CHICAGO))


def test_a_none_inside_an_all_that_speaks_of_the_contact_means_none_at_all() -> None:
    segment = all_of(BUYER, none_of(ACTIVE))

    assert not holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert holds(segment, of(DEAR_IN_PARIS))
    assert holds(segment, of())


def test_two_nones_beside_each_other_each_deny_for_themselves() -> None:
    segment = all_of(BUYER, none_of(none_of(CHICAGO)), none_of(none_of(PARIS)))

    assert holds(segment, of(CHEAP_IN_CHICAGO, DEAR_IN_PARIS))
    assert not holds(segment, of(CHEAP_IN_CHICAGO))


def test_a_contact_without_any_still_meets_what_is_asked_of_the_contact() -> None:
    segment = all_of(any_of(CHICAGO, BUYER), none_of(DEAR))

    assert holds(segment, of())
    assert holds(segment, of(CHEAP_IN_CHICAGO))
    assert not holds(segment, of(DEAR_IN_PARIS))


@pytest.mark.parametrize("name", [n for n in FIELDS if n.startswith("recurring_payment.")])
def test_a_contact_without_any_meets_no_condition_on_one(name: str) -> None:
    values: dict[Kind, Any] = {
        Kind.TEXT: "x",
        Kind.NUMBER: "0",
        Kind.MONEY: "0",
        Kind.BOOLEAN: False,
    }
    nobody = of()

    for operator in BY_KIND[FIELDS[name].kind]:
        value: Any = values.get(FIELDS[name].kind, "2026-01-01")
        if operator in ("in_last", "not_in_last", "in_next"):
            value = "7 days"
        if operator == "between":
            value = [value, value]
        asked = one(name, operator, None if operator in WITHOUT_VALUE else value)

        assert not holds(asked, nobody)
        assert not holds(any_of(asked), nobody)
        assert holds(none_of(asked), nobody)


def test_a_trigger_speaks_of_the_recurring_payment_at_hand() -> None:
    others = [DEAR_IN_PARIS, CHEAP_IN_CHICAGO]
    who = subject(contact(), others, at_hand=CHEAP_IN_CHICAGO)

    assert holds(CHICAGO, who)
    assert not holds(PARIS, who)
    assert not holds(NOT_CHICAGO, who)
    assert holds(none_of(DEAR), who)
    assert not holds(any_of(PARIS, DEAR), who)


def test_a_payment_nobody_is_known_for_meets_no_condition_on_a_contact() -> None:
    unknown = Subject(Moment(NOW), None, at_hand=CHEAP_IN_CHICAGO)

    assert holds(CHICAGO, unknown)
    assert not holds(BUYER, unknown)
    assert not holds(one("contact.tags", "is_not", "VIP"), unknown)
    assert not holds(one("contact.first_name", "is_blank"), unknown)


def test_conditions_on_the_change_hold_for_one_and_the_same_field() -> None:
    failed = all_of(one("change.field", "is", "status"), one("change.to", "is", "active"))
    changes = [Change("status", "active", "paused"), Change("note", "paused", "active")]

    assert not holds(failed, subject(changes=changes))
    assert holds(failed, subject(changes=[*changes, Change("status", "paused", "active")]))
    assert not holds(failed, subject())


def test_a_trigger_may_ask_about_the_change_and_the_record_together() -> None:
    segment = all_of(CHICAGO, BUYER, one("change.to", "is", "cancelled"), any_of(DEAR, PARIS))
    change = [Change("note", None, "x"), Change("status", "active", "cancelled")]
    who = contact(tags=["PURCHASE: Tea"])

    assert holds(segment, subject(who, at_hand=DEAR_IN_CHICAGO, changes=change))
    assert not holds(segment, subject(who, at_hand=CHEAP_IN_CHICAGO, changes=change))
    assert not holds(segment, subject(who, at_hand=DEAR_IN_CHICAGO, changes=change[:1]))
