"""Writing to an account politely: tags by their associations, batches taken or refused."""

from __future__ import annotations

import httpx
import pytest

from shared.domain.errors import Quarantined, Retryable
from shared.providers.activecampaign_records import mutation
from tests.support.activecampaign_account import TOKEN, WrittenAccount

EMAIL = "ada@example.com"
BODY = mutation([{"legacyConnectionId": 7, "storeRecurringPaymentId": "sub_1"}])


def reply(status: int, body: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def test_tags_are_given_and_taken_and_a_second_time_changes_nothing() -> None:
    account = WrittenAccount()
    account.add(EMAIL, "OLD", "KEPT")
    account.add("eve@example.com", "OLD")
    client = account.client()

    for _ in range(2):
        client.change_tags(EMAIL, {"NEW": True, "KEPT": True, "OLD": False, "NEVER": False})

    assert account.tags_of(EMAIL) == ["KEPT", "NEW"]
    assert account.tags_of("eve@example.com") == ["OLD"]
    writes = [each for each in account.asked if not each.startswith("GET")]
    assert [each.split("/")[1] for each in writes] == [
        "contact", "tags", "contactTags", "contactTags", "contact",
    ]  # fmt: skip
    assert writes[3].startswith("DELETE /contactTags/")


def test_a_tag_is_found_among_those_that_look_like_it() -> None:
    account = WrittenAccount()
    for number in range(250):
        account.add("eve@example.com", f"VIP {number:03d}")
    account.add("eve@example.com", "VIP")

    account.client().change_tags(EMAIL, {"VIP": True})

    assert account.tags_of(EMAIL) == ["VIP"]
    assert "POST /tags" not in account.asked


def test_whoever_loses_a_tag_without_being_a_contact_is_not_made_one() -> None:
    account = WrittenAccount()

    account.client().change_tags(EMAIL, {"VIP": False})

    assert (account.contacts, account.tags) == ({}, {})


def test_a_tag_that_was_deleted_and_made_anew_is_found_again() -> None:
    account = WrittenAccount()
    client = account.client()
    client.change_tags("eve@example.com", {"VIP": True})
    account.tags["VIP"] = "9999"

    client.change_tags(EMAIL, {"VIP": True})

    assert account.tags_of(EMAIL) == ["VIP"]


def test_an_association_somebody_else_has_taken_meanwhile_is_no_fault() -> None:
    account = WrittenAccount()
    account.add(EMAIL, "VIP")
    account.replies = [None, None, None, reply(404, {})]

    account.client().change_tags(EMAIL, {"VIP": False})

    assert account.asked[-1].startswith("DELETE /contactTags/")


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_refused_is_told_without_what_was_sent(status: int) -> None:
    account = WrittenAccount()
    account.replies = [reply(status, {"message": EMAIL})]

    with pytest.raises(Quarantined) as raised:
        account.client().change_tags(EMAIL, {"VIP": True})

    assert raised.value.code == "write_refused"
    assert EMAIL not in str(raised.value)


def test_a_batch_is_sent_to_the_graphql_of_the_account() -> None:
    account = WrittenAccount()

    account.client().upsert_recurring_payments(BODY)

    assert account.asked == ["POST /ecom/graphql"]
    assert list(account.payments) == [(7, "sub_1")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"errors": [{"message": "no"}]}), Quarantined),
        (reply(400, {"errors": [{"message": "no"}]}), Quarantined),
        (reply(401, {}), Retryable),
        (reply(403, {}), Retryable),
        (reply(200, {"data": None}), Retryable),
        (reply(200, {"data": {"bulkUpsertRecurringPayments": {"recordId": None}}}), Retryable),
        (reply(200, []), Retryable),
        (reply(429, {}, **{"retry-after": "600"}), Retryable),
    ],
)
def test_only_a_batch_that_was_taken_is_done(
    answer: httpx.Response, error: type[Exception]
) -> None:
    account = WrittenAccount()
    account.replies = [answer]

    with pytest.raises(error) as raised:
        account.client().upsert_recurring_payments(BODY)

    assert TOKEN not in str(raised.value)
    assert account.payments == {}


def test_a_busy_account_is_written_to_once_it_has_rested() -> None:
    account = WrittenAccount()
    account.replies = [reply(429, {}, **{"retry-after": "4"})]

    account.client().upsert_recurring_payments(BODY)

    assert 4.0 in account.slept
    assert len(account.payments) == 1


def test_writing_and_reading_share_the_requests_of_one_second() -> None:
    account = WrittenAccount()
    client = account.client()

    for _ in range(3):
        client.upsert_recurring_payments(BODY)
        client.page("contacts", "", None)

    assert sum(account.slept) == pytest.approx(5 / 2.5)
