"""Tags that change here are changed in the account as well, and their echo changes nothing.

The whole way, in memory: people and the account change tags, notes are noticed, calls carried out.
"""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.writing_back import ADA, House


def test_tags_that_are_changed_here_are_changed_there() -> None:
    house = House()
    house.account.add(ADA, "OLD")
    house.put_contact(add_tags=["VIP", "OLD"])
    house.put_contact(remove_tags=["OLD"])

    reports = house.work()

    assert house.account.tags_of(ADA) == ["VIP"]
    assert [each.about()["id"] for each in reports] == ["tags"]


def test_an_echo_changes_nothing_and_is_not_sent_back() -> None:
    house = House()
    house.put_contact(add_tags=["VIP"])
    house.work()
    asked = len(house.account.asked)
    before = house.contact()

    house.hear("contact_tag_added", 2_000)

    assert house.contact() == before
    assert house.work() == []
    house.put_contact(remove_tags=["VIP"])
    house.work()
    gone = house.contact()
    house.hear("contact_tag_removed", 2_000)
    assert house.contact() == gone
    assert house.work() == []
    assert house.account.tags_of(ADA) == []
    assert len(house.account.asked) > asked


def test_the_late_echo_of_an_addition_does_not_undo_a_removal_that_is_under_way() -> None:
    house = House()
    house.put_contact(add_tags=["VIP"])
    house.work()
    house.put_contact(remove_tags=["VIP"])

    house.hear("contact_tag_added", 2_000)
    house.work()

    assert house.contact()["tags"] == []
    assert house.account.tags_of(ADA) == []


def test_a_tag_that_is_given_there_again_later_counts_again() -> None:
    house = House()
    house.put_contact(add_tags=["VIP"])
    house.put_contact(remove_tags=["VIP"])
    house.work()
    house.account.add(ADA, "VIP")

    house.hear("contact_tag_added", 120_000)

    assert [each["tag"] for each in house.contact()["tags"]] == ["VIP"]
    assert house.work() == []


def test_what_the_account_tells_is_not_sent_back() -> None:
    house = House()
    house.account.add(ADA, "VIP")

    house.hear("subscribe", 1_000)
    house.hear("contact_tag_added", 2_000)

    assert [each["tag"] for each in house.contact()["tags"]] == ["VIP"]
    assert house.work() == []
    assert house.account.asked == []


def test_tags_are_written_back_only_where_that_is_wanted() -> None:
    house = House(options={"recurring_payments": True, "legacy_connection_id": 7})

    house.put_contact(add_tags=["VIP"])

    assert house.store.stream == []
    assert house.work() == []


def test_tags_that_change_while_they_are_written_are_written_once_more() -> None:
    house = House()
    house.put_contact(add_tags=["VIP"])
    house.notice()
    later = iter([lambda: house.put_contact(remove_tags=["VIP"])])
    house.account.before = lambda: next(later, lambda: None)()

    house.carry_out(house.calls[0])

    assert house.account.tags_of(ADA) == []


def test_a_contact_that_is_gone_or_refused_takes_no_others_along() -> None:
    house = House()
    for number in (1, 2, 3):
        house.store.documents["contact", f"c{number}"] = {
            **_contact(f"c{number}", f"person{number}@example.com"),
        }
    call = {"connection_id": "crm", "provider": "activecampaign", "object": "write_back"}
    rows = [["gone", ["VIP"]], *([f"c{number}", ["VIP"]] for number in (1, 2, 3))]
    house.account.replies = [httpx.Response(422, json={})]

    report = house.carry_out({**call, "id": "tags", "contacts": rows})

    assert (report.written, report.left_out, report.refused) == (2, 1, 1)
    assert house.account.tags_of("person3@example.com") == ["VIP"]


def _contact(contact_id: str, email: str) -> dict[str, Any]:
    tags = [{"tag": "VIP", "applied_date": 1}]
    return {"contact_id": contact_id, "email": email, "tags": tags, "version": 1}
