"""The one function that decides: what fires, what does not, and the word for why."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import contacts
from shared.domain.automations.happening import Happening
from shared.domain.automations.parse import automation_of
from shared.domain.automations.trigger import Decision, Index, decide, refusal
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Entry
from tests.support.firing import NOW, automation, created, updated

STATUS = ("status", "active", "payment_failed")


def happening(entry: Entry, kind: str = "recurring_payment") -> Happening:
    return Happening(("entry", kind, "shop", "sub_1", "place"), entry, None, NOW)


def reason(trigger: dict[str, Any], entry: Entry, kind: str = "recurring_payment") -> str | None:
    return refusal(automation_of(automation(trigger)), happening(entry, kind))


def on(field: str | None = None, **trigger: Any) -> dict[str, Any]:
    return {"type": "recurring_payment_updated", "field": field, **trigger}


@pytest.mark.parametrize(
    ("trigger", "change", "expected"),
    [
        (on(), STATUS, None),
        (on("status"), STATUS, None),
        (on("status", to="payment_failed"), STATUS, None),
        (on("status", **{"from": "active"}), STATUS, None),
        (on("status", to="active"), STATUS, "to"),
        (on("status", **{"from": "paused"}), STATUS, "from"),
        (on("note"), STATUS, "field"),
        (on("note", to="VIP é"), ("note", None, "vip É"), None),
        (on("note", to=""), ("note", "x", None), None),
        (on("note", to=""), ("note", None, "x"), "to"),
        (on("payment_amount", to="19"), ("payment_amount", "9.00", "19.00"), None),
        (on("payment_amount", to="19.01"), ("payment_amount", "9.00", "19.00"), "to"),
        (on("is_trial", to=False), ("is_trial", True, False), None),
        (on("is_trial", to=True), ("is_trial", True, False), "to"),
        (on("cycles_completed", to=3), ("cycles_completed", 2, 3), None),
        (on("renewal_date", to="2026-11-22"), ("renewal_date", None, "2026-11-22T08:00:00.000Z"),
         None),
        (on("renewal_date", to="2026-11-22T09:00:00+01:00"),
         ("renewal_date", None, "2026-11-22T08:00:00.000Z"), None),
        (on("renewal_date", to="2026-11-23"), ("renewal_date", None, "2026-11-22T08:00:00.000Z"),
         "to"),
        (on("billing_address.city", to="Chicago"),
         ("billing_address", None, {"city": "chicago"}), None),
        (on("billing_address.city"),
         ("billing_address", {"city": "Rome", "postal": "1"}, {"city": "Rome", "postal": "2"}),
         "field"),
        (on("billing_address"), ("billing_address", None, {"city": "chicago"}), None),
    ],
)  # fmt: skip
def test_an_update_fires_on_its_field_and_values(
    trigger: dict[str, Any], change: tuple[str, Any, Any], expected: str | None
) -> None:
    assert reason(trigger, updated(change)) == expected


def test_each_kind_of_change_has_its_trigger() -> None:
    rp_created = {"type": "recurring_payment_created"}
    order_created = {"type": "order_created"}

    assert reason(rp_created, created()) is None
    assert reason(order_created, created(money="first"), "order") is None
    assert reason(rp_created, created(), "order") == "other_trigger"
    assert reason(order_created, created(money="first")) == "other_trigger"
    assert reason(on(), created()) == "other_trigger"


def test_an_order_is_created_for_automations_by_being_paid() -> None:
    order_created = {"type": "order_created"}
    paid = ("status", "declined", "completed")

    assert reason(order_created, created(), "order") == "no_money"
    assert reason(order_created, updated(paid, money="first"), "order") is None
    assert (
        reason(order_created, updated(("status", "completed", "refunded")), "order") == "no_money"
    )
    assert reason(order_created, created(joined=True, money="first"), "order") is None
    assert reason(order_created, updated(paid, money="joined"), "order") == "joined"
    assert reason(order_created, updated(paid, money="first", historical=True), "order") == (
        "historical"
    )


def test_what_was_joined_or_seen_first_in_mid_life_fires_nothing() -> None:
    assert reason({"type": "recurring_payment_created"}, created(joined=True)) == "joined"
    assert reason(on(), updated()) == "no_transition"


def test_history_is_silent_but_for_who_wants_it_from_a_date_on() -> None:
    entry = updated(STATUS, historical=True)

    assert reason(on(), entry) == "historical"
    assert reason(on(history={"from": "2020-01-01"}), entry) is None
    assert reason(on(history={"from": "2100-01-01"}), entry) == "historical"


def test_what_its_sender_suppressed_fires_nothing_not_even_where_history_does() -> None:
    entry = updated(STATUS, event_type="recurring_payment.put.suppressed")

    assert reason(on(), entry) == "suppressed"
    assert reason(on(history={"from": "2020-01-01"}), entry) == "suppressed"


def test_a_late_change_fires_unless_it_is_to_be_skipped() -> None:
    assert reason(on(), updated(STATUS, late=True)) is None
    assert reason(on(late="skip"), updated(STATUS, late=True)) == "late"
    assert reason(on(late="skip"), updated(STATUS)) is None


def test_a_segment_decides_and_gives_its_reasons() -> None:
    segment = {
        "match": "all",
        "conditions": [{"field": "contact.tags", "operator": "is", "value": "VIP"}],
    }
    held = automation_of(automation(on(segment=segment)))
    plain = contacts.new("c-1", "c-1@example.com", NOW)
    vip = {**plain, "tags": [{"tag": "VIP", "applied_date": NOW}]}
    change = happening(updated(STATUS))

    met = decide(held, change, lambda: Subject(Moment(NOW), vip))
    unmet = decide(held, change, lambda: Subject(Moment(NOW), plain))
    told = decide(held, change, lambda: Subject(Moment(NOW), plain), explained=True)

    assert (met.fires, met.reason, met.conditions[0]["actual"]) == (True, "fired", ["VIP"])
    assert unmet == Decision(False, "segment")
    assert (told.reason, told.conditions[0]["met"]) == ("segment", False)


def test_nobody_is_looked_up_where_there_is_no_segment() -> None:
    def nobody() -> Subject:
        raise AssertionError("the contact was looked at")

    assert decide(automation_of(automation(on())), happening(updated(STATUS)), nobody).fires


def test_the_index_finds_what_a_full_search_finds() -> None:
    triggers = [
        on(),
        on("status"),
        on("status", to="active"),
        on("note"),
        on("billing_address.city"),
        {"type": "recurring_payment_created"},
        {"type": "order_created"},
    ]
    everything = [
        automation_of(automation(each, f"a-{index}")) for index, each in enumerate(triggers)
    ]
    disabled = automation_of({**automation(on(), "off"), "enabled": False})
    index = Index([*everything, disabled])
    address = ("billing_address", None, {"city": "Rome"})

    for change in (
        happening(updated(STATUS)),
        happening(updated(STATUS, ("note", "a", "b"), address)),
        happening(created()),
        happening(created(), "order"),
        happening(created(money="first"), "order"),
        happening(updated(STATUS, money="first"), "order"),
        happening(updated(STATUS), "order"),
    ):
        found = {each.automation_id for each in index.candidates(change)}
        searched = {
            each.automation_id for each in [*everything, disabled] if refusal(each, change) is None
        }
        assert found == searched
