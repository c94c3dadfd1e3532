"""PayKickstart's history page by page: backwards by seconds, and never in a circle."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.domain.errors import Quarantined
from shared.domain.history_pages import Page
from shared.providers.api_calls import KeyRefused
from shared.providers.paykickstart_api import PayKickstartApi
from tests.support.paykickstart_api import PayKickstartAccount

_NOW = 2_000_000_000
_START = 1_700_000_000


def account(seconds: list[int], **fields: str) -> PayKickstartAccount:
    """Return an account with a sale in each of these seconds, each of a purchase of its own."""
    held = PayKickstartAccount(now=_NOW)
    for number, second in enumerate(seconds):
        held.take(
            {
                "event": "sales",
                "transaction_id": f"PK-T{number}",
                "invoice_id": f"PK-P{number}",
                "amount": "19.00",
                "buyer_email": "ada@example.com",
                "next_billing_date": str(second + 2_600_000),
                "transaction_time": str(second),
                **fields,
            }
        )
    held.purchases.pop("PK-P3", None)
    return held


def pages(held: PayKickstartAccount, phase: str, since: int | None = None) -> list[Page]:
    found: list[Page] = []
    cursor: str | None = ""
    while cursor is not None:
        found.append(held.api.page(phase, cursor, since))
        cursor = found[-1].following
        assert len(found) < 200
    return found


def told(found: list[Page]) -> list[Any]:
    return [each["transaction_id"] for page in found for each in page.objects]


def test_purchases_come_before_their_charges() -> None:
    api = account([]).api

    assert api.phases(["subscriptions", "orders"]) == ("purchases", "transactions")
    assert api.phases(["orders"]) == ("transactions",)


@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 350])
def test_every_transaction_is_told_the_newest_first(rows: int) -> None:
    held = account([_START + 60 * number for number in range(rows)])

    found = pages(held, "transactions")

    names = list(dict.fromkeys(told(found)))
    assert names == [f"PK-T{number}" for number in reversed(range(rows))]
    assert all(len(page.objects) <= 100 and page.kind == "transaction" for page in found)


def test_rows_of_a_second_that_two_lists_share_are_all_told() -> None:
    held = account([_START + number // 7 for number in range(300)])

    found = pages(held, "transactions")

    assert set(told(found)) == {f"PK-T{number}" for number in range(300)}
    assert not any(page.skipped for page in found)


def test_a_second_with_more_rows_than_a_list_holds_is_left_behind_and_named() -> None:
    held = account([_START] * 140 + [_START - 5] * 3 + [_START + 5] * 3)

    found = pages(held, "transactions")

    names = set(told(found))
    assert {"PK-T140", "PK-T145"} < names
    assert len(names) == 106
    skipped = [each for page in found for each in page.skipped]
    assert skipped == [f"transactions@{_START}"]


def test_since_ends_where_older_rows_begin() -> None:
    held = account([_START + 60 * number for number in range(500)])

    found = pages(held, "transactions", since=(_START + 60 * 350) * 1000)

    assert set(told(found)) == {f"PK-T{number}" for number in range(350, 500)}
    assert len(held.requests) == 2


def test_a_purchase_is_asked_for_where_it_began_and_those_unknown_are_named() -> None:
    held = account([_START + 60 * number for number in range(120)])
    for number in range(120):  # a year of renewals asks for nothing more
        renewal = {**held.rows[number], "event": "subscription-payment", "is_rebill": "1"}
        later = {"transaction_time": str(_START + 99_999 + number)}
        held.rows.append({**renewal, **later, "transaction_id": f"PK-T9{number}"})

    found = pages(held, "purchases")

    names = [each["id"] for page in found for each in page.objects]
    assert set(names) == {f"PK-P{n}" for n in range(120)} - {"PK-P3"}
    assert [each for page in found for each in page.skipped] == ["PK-P3"]
    assert all(len(page.objects) <= 25 and page.kind == "subscription" for page in found)
    asked = [url for url in held.requests if url.path.endswith("/purchase/get")]
    assert len(asked) <= 120 + 3  # the second at which a list ends begins the next one


def test_a_sale_without_its_next_billing_date_is_told_by_its_purchase() -> None:
    held = account([_START + 60 * number for number in range(60)])
    for row in held.rows:
        del row["next_billing_date"]

    found = pages(held, "transactions")

    assert [len(page.objects) for page in found] == [25, 25, 10, 1]
    recurs = {each["transaction_id"]: each["recurs"] for page in found for each in page.objects}
    assert recurs.pop("PK-T3") == 0  # PayKickstart knows no such purchase
    assert set(recurs.values()) == {1}


def _answering(*answers: httpx.Response) -> PayKickstartApi:
    listed = list(answers)
    transport = httpx.MockTransport(lambda _: listed.pop(0))
    return PayKickstartApi("token", transport=transport, clock=lambda: _NOW)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(400),
        httpx.Response(200, json={"message": "no"}),
        httpx.Response(200, json={"transactions": "none"}),
        httpx.Response(200, json=[{"transaction_id": "PK-T1"}]),
        httpx.Response(200, json=[{"transaction_id": "PK-T1", "created_at": "lately"}]),
        # It does not end where it was asked to.
        httpx.Response(200, json=[{"transaction_id": "PK-T1", "created_at": _NOW + 5}]),
    ],
)
def test_a_list_that_leads_nowhere_is_given_up(answer: httpx.Response) -> None:
    with pytest.raises(Quarantined):
        _answering(answer).page("transactions", "", None)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_may_be_mended_in_the_midst_of_history(status: int) -> None:
    with pytest.raises(KeyRefused):
        _answering(httpx.Response(status)).page("transactions", "", None)


@pytest.mark.parametrize("shape", ["bare", "transactions", "data"])
def test_a_list_may_be_wrapped(shape: str) -> None:
    rows = [{"id": "PK-T1", "created_at": "2026-01-01 09:00:00", "is_rebill": 1}]
    body: Any = rows if shape == "bare" else {shape: rows}

    page = _answering(httpx.Response(200, json=body)).page("transactions", "", None)

    assert told([page]) == ["PK-T1"]
