"""What was done at an address: the same in any order, and what a contact takes over from it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain import activity, contacts
from shared.domain.heard import ActivitySaid

NOW = 1_790_000_000_000
ADA = "ada@example.com"
Said = tuple[str, str | None, int]


def document(*told: Said) -> dict[str, Any]:
    held: dict[str, Any] | None = None
    for kind, subject, at in told:
        each = ActivitySaid(ADA, kind, subject)  # type: ignore[arg-type]
        event = ("crm", f"{kind}{subject}{at}")
        held = activity.said(held, each, NOW + at, event, labelled=True)
    assert held is not None
    return held


def contact(**about: Any) -> dict[str, Any]:
    return {**contacts.new("c1", ADA, NOW), **about}


def tags(*told: Said, **about: Any) -> list[tuple[str, int]]:
    found = activity.attach(document(*told), contact(**about))
    return sorted((each["tag"], each["applied_date"] - NOW) for each in found["tags"])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("tag_added", "VIP", 1)], [("VIP", 1)]),
        ([("tag_added", "VIP", 1), ("tag_added", "VIP", 5)], [("VIP", 1)]),
        ([("tag_added", "VIP", 1), ("tag_removed", "VIP", 2)], []),
        ([("tag_removed", "VIP", 2), ("tag_added", "VIP", 3)], [("VIP", 3)]),
        ([("tag_added", "VIP", 2), ("tag_removed", "VIP", 2)], []),
        (
            [("tag_added", "VIP", 1), ("tag_removed", "VIP", 2), ("tag_added", "VIP", 3),
             ("tag_added", "VIP", 4), ("tag_added", "Other", 9)],
            [("Other", 9), ("VIP", 3)],
        ),
        (
            [("tag_removed", "VIP", 2), ("tag_removed", "VIP", 6), ("tag_added", "VIP", 3),
             ("tag_added", "VIP", 7)],
            [("VIP", 7)],
        ),
    ],
)  # fmt: skip
def test_tags_are_the_same_in_any_order(told: list[Said], expected: list[tuple[str, int]]) -> None:
    for order in itertools.permutations(told):
        one_by_one: dict[str, Any] = contact()
        held: dict[str, Any] | None = None
        for kind, subject, at in order:
            each = ActivitySaid(ADA, kind, subject)  # type: ignore[arg-type]
            held = activity.said(held, each, NOW + at, ("crm", f"{kind}{at}"), labelled=True)
            one_by_one = activity.attach(held, one_by_one, each)

        step_by_step = sorted((e["tag"], e["applied_date"] - NOW) for e in one_by_one["tags"])
        assert tags(*order) == step_by_step == expected


def test_a_tag_applied_by_somebody_since_stands_against_an_older_removal() -> None:
    held = [{"tag": "VIP", "applied_date": NOW + 5}]

    assert tags(("tag_removed", "VIP", 4), tags=held) == [("VIP", 5)]
    assert tags(("tag_removed", "VIP", 5), tags=held) == []
    assert tags(("tag_added", "VIP", 9), tags=held) == [("VIP", 5)]


def test_what_is_taken_off_is_remembered_with_both_its_dates() -> None:
    held = [{"tag": "VIP", "applied_date": NOW + 1}]

    found = activity.attach(document(("tag_removed", "VIP", 4)), contact(tags=held))

    assert found["tags"] == []
    assert found["former_tags"] == [
        {"tag": "VIP", "applied_date": NOW + 1, "removed_date": NOW + 4}
    ]


def test_a_contact_takes_the_first_visit_over_and_later_ones_one_by_one() -> None:
    visits = [ActivitySaid(ADA, "visit", source=name) for name in ("ads", "google", "bing")]
    held = activity.said(None, visits[1], NOW + 5, ("crm", "e1"), labelled=True)
    held = activity.said(held, visits[2], NOW + 9, ("crm", "e2"), labelled=True)

    waited = activity.attach(held, contact())
    earlier = activity.attach(held, waited, visits[0], NOW + 3)
    later = activity.attach(held, waited, visits[0], NOW + 7)

    found = [each["source"]["first_source"] for each in (waited, earlier, later)]
    assert found == ["google", "ads", "google"]


def test_last_dates_only_grow() -> None:
    held = document(("open", None, 5), ("open", None, 3), ("click", None, 4))

    found = activity.attach(held, contact(last_click_date=NOW + 9))

    assert found["last_open_date"] == NOW + 5
    assert found["last_click_date"] == NOW + 9
    assert "last_reply_date" not in found


def test_the_newest_thirty_are_kept_newest_first() -> None:
    told: list[Said] = [("open", str(number), number) for number in range(120)]

    held = document(*reversed(told))

    assert held == document(*told)
    assert [each["subject"] for each in held["items"]] == [str(n) for n in range(119, 89, -1)]


def test_what_is_not_to_be_known_by_name_is_kept_without_a_label() -> None:
    each = ActivitySaid(ADA, "list_added", "1")

    held = activity.said(None, each, NOW, ("crm", "e1"), labelled=False)

    assert [item["kind"] for item in held["items"]] == ["list_added"]
    assert activity.attach(held, contact())["lists"] == []


def test_an_endless_number_of_tags_ends() -> None:
    held = document(*(("tag_added", f"tag {number}", 1) for number in range(700)))

    assert len(held["labels"]) == 500


def test_what_was_done_before_an_erasure_is_not_the_next_contacts() -> None:
    told = document(
        ("visit", "Home", 1), ("open", None, 2), ("tag_added", "VIP", 3), ("click", None, 8),
        ("tag_added", "Beta", 9), ("tag_removed", "Gone", 4),
    )  # fmt: skip

    held = contact(**{contacts.ERASED: NOW + 5}, tags=[{"tag": "Gone", "applied_date": NOW + 4}])
    found = activity.attach(told, held)

    assert {each["tag"] for each in found["tags"]} == {"Gone", "Beta"}
    assert found["last_click_date"] == NOW + 8
    assert not {"last_visit_date", "last_open_date"} & found.keys()
    assert found["source"] == contact()["source"]
