"""What is known here is written back to a contact source: newest state, once, and never in a loop.

The whole way, in memory: events are folded, the stream's reader notices, and calls are carried out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest

from shared.domain.errors import Retryable
from tests.support.writing_back import ADA, EVERYTHING, House

SUB = (7, "sub_1")


def reply(status: int, body: object = None) -> httpx.Response:
    return httpx.Response(status, json=body)


def test_a_subscription_is_written_as_it_is_made_and_as_it_changes() -> None:
    house = House()
    house.subscribe()
    made = house.work()
    house.change(status="paused")
    changed = house.work()

    found = house.account.payments[SUB]
    assert [each.about()["written"] for each in (*made, *changed)] == [1, 1]
    assert (found["email"], found["normalizedStatus"]) == (ADA, "PAUSED")
    assert (found["paymentAmount"], found["currency"]) == (Decimal("19.00"), "USD")
    assert [
        body["variables"]["recurringPayments"][0]["normalizedStatus"]
        for body in house.account.bodies
    ] == ["ACTIVE", "PAUSED"]
    assert not found["suppressAutomations"]


def test_history_is_written_without_setting_anything_off_there() -> None:
    house = House()
    house.subscribe(source="history")

    house.work()

    assert house.account.payments[SUB]["suppressAutomations"] is True


def test_what_is_heard_live_beside_history_is_heard_there() -> None:
    house = House()
    house.subscribe(source="history")
    house.change()

    house.work()

    assert len(house.account.bodies) == 1
    assert house.account.payments[SUB]["suppressAutomations"] is False


def test_many_that_wait_go_in_one_batch() -> None:
    house = House()
    for number in range(1, 31):
        house.subscribe(str(number), f"person{number}@example.com")

    reports = house.work()

    sizes = [len(body["variables"]["recurringPayments"]) for body in house.account.bodies]
    assert sizes == [25, 5]
    assert sum(each.written for each in reports) == 30
    assert len(house.account.payments) == 30


def test_any_order_and_any_repetition_of_the_calls_leaves_the_newest_state() -> None:
    house = House()
    calls = []
    ends = partial(house.change, at=12, status="cancelled")
    happenings: list[Callable[[], None]] = [house.subscribe, house.change, ends]
    for happens in happenings:
        happens()
        house.notice()
        calls += house.calls
        house.calls = []

    for order in itertools.permutations(calls):
        house.account.payments.clear()
        for call in (*order, order[0]):
            house.carry_out(call)
        assert house.account.payments[SUB]["normalizedStatus"] == "CANCELLED"


def test_what_changes_while_it_is_being_written_is_written_once_more() -> None:
    house = House()
    house.subscribe()
    house.notice()
    later = iter([lambda: house.change(status="paused")])
    house.account.before = lambda: next(later, lambda: None)()

    (report,) = (house.carry_out(call) for call in house.calls)

    assert report.outcome == "written"
    assert house.account.payments[SUB]["normalizedStatus"] == "PAUSED"


def test_what_never_comes_to_rest_is_left_to_the_queue() -> None:
    house = House()
    house.subscribe()
    house.notice()
    minutes = itertools.count(9)
    states = itertools.cycle(["paused", "active"])
    house.account.before = lambda: house.change(at=next(minutes), status=next(states))

    with pytest.raises(Retryable):
        house.carry_out(house.calls[0])


@pytest.mark.parametrize(
    "others",
    [{"shop": {"role": "mirror"}}, {"shop": {"mode": "test"}}],
    ids=["mirror", "test mode"],
)
def test_mirrors_and_test_mode_are_left_out(others: dict[str, Any]) -> None:
    house = House(**others)
    house.subscribe()

    assert house.work() == []
    assert house.account.asked == []


def test_what_has_become_a_mirror_or_lost_its_contact_meanwhile_is_left_out() -> None:
    house = House()
    for number in ("1", "2"):
        house.subscribe(number, f"person{number}@example.com")
    house.notice()
    house.store.documents["recurring_payment", "shop", "sub_1"]["mirror_of"] = ["other", "x"]
    gone = house.contact("person2@example.com")["contact_id"]
    del house.store.documents["contact", gone]

    (report,) = (house.carry_out(call) for call in house.calls)

    assert (report.written, report.left_out) == (0, 2)
    assert house.account.asked == []


def test_a_payment_nobody_was_known_for_is_written_once_its_contact_appears() -> None:
    house = House(shop={"contact_policy": "match_only"})
    house.subscribe()
    waited = house.work()

    house.shop.add_contact(ADA)
    house.work()

    assert [each.left_out for each in waited] == [1]
    assert house.account.payments[SUB]["email"] == ADA


def test_nothing_is_read_or_sent_where_nobody_wants_it() -> None:
    house = House(options={})
    house.subscribe()
    house.notice()
    reads = house.store.reads
    house.change()

    answer = house.notice()

    assert answer == {"batchItemFailures": []}
    assert house.calls == []
    # What folding the change has read, and not one more for noticing it.
    assert house.store.reads - reads == _reads_of_a_change()


def _reads_of_a_change() -> int:
    house = House(options={})
    house.subscribe()
    reads = house.store.reads
    house.change()
    return house.store.reads - reads


def test_a_send_that_fails_is_read_again_from_the_first_that_was_noticed() -> None:
    house = House()
    house.subscribe()
    failing = iter([Retryable("the queue did not take all messages")])

    def send() -> None:
        error = next(failing, None)
        if error is not None:
            raise error

    house.send = send

    answer = house.notice()
    house.work()

    assert len(answer["batchItemFailures"]) == 1
    assert house.lines[0]["event"] == "change_failed"
    assert list(house.account.payments) == [SUB]


def test_one_that_is_refused_takes_no_others_along_and_the_connection_shows_it() -> None:
    house = House()
    for number in ("1", "2", "3"):
        house.subscribe(number, f"person{number}@example.com")
    house.account.refuses = lambda each: each["storeRecurringPaymentId"] == "sub_2"

    (report,) = house.work()

    assert report.about() == {
        "outcome": "write_refused",
        "connection_id": "crm",
        "provider": "activecampaign",
        "id": "recurring_payments",
        "written": 2,
        "left_out": 0,
        "refused": 1,
    }
    assert sorted(identity for _, identity in house.account.payments) == ["sub_1", "sub_3"]
    shown = house.connection()["write_back_error"]
    assert shown == {"code": "write_refused", "date": house.shop.now}


def test_a_refusal_is_shown_once_in_a_while_and_goes_when_all_is_well() -> None:
    house = House()
    house.account.refuses = lambda each: True
    house.subscribe()
    house.work()
    version = house.connection()["version"]
    house.change()
    house.work()
    unchanged = house.connection()["version"]
    house.account.refuses = lambda each: False
    house.change(at=12, status="cancelled")

    house.work()

    assert unchanged == version
    assert house.connection()["write_back_error"] is None


@pytest.mark.parametrize(
    ("secrets", "options", "outcome"),
    [
        (None, EVERYTHING, "no_api_key"),
        ({"api": {}}, EVERYTHING, "no_api_key"),
        ({"disabled": True, "api": {"token": "t"}}, EVERYTHING, "no_api_key"),
        ({"api": {"token": "t"}}, {"recurring_payments": False}, "write_back_off"),
    ],
)
def test_what_cannot_be_written_or_is_wanted_no_more_is_acknowledged_and_told(
    secrets: dict[str, Any] | None, options: dict[str, Any], outcome: str
) -> None:
    house = House()
    house.subscribe()
    house.notice()
    house.secrets = secrets
    house.connection()["write_back"] = options

    (report,) = (house.carry_out(call) for call in house.calls)

    assert report.outcome == outcome
    assert house.account.asked == []


def test_a_token_that_is_refused_waits_in_the_queue_and_is_shown_meanwhile() -> None:
    house = House()
    house.subscribe()
    house.notice()
    house.account.replies = [reply(403, {})]

    with pytest.raises(Retryable):
        house.carry_out(house.calls[0])
    shown = house.connection()["write_back_error"]
    house.carry_out(house.calls[0])

    assert shown == {"code": "token_refused", "date": house.shop.now}
    assert house.connection()["write_back_error"] is None
    assert list(house.account.payments) == [SUB]


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_may_pass_goes_back_to_the_queue(status: int) -> None:
    house = House()
    house.subscribe()
    house.notice()
    house.account.replies = [reply(status, {}) for _ in range(3)]

    with pytest.raises(Retryable):
        house.carry_out(house.calls[0])
    house.account.replies.clear()
    house.carry_out(house.calls[0])

    assert list(house.account.payments) == [SUB]
