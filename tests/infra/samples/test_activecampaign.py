"""ActiveCampaign's made-up account: stories that lead to what is wanted, pages that hold all."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from infra.samples.activecampaign import Account, event_types, story


@pytest.mark.parametrize("kind", event_types())
def test_a_story_ends_with_the_kind_that_is_wanted_and_is_about_one_person(kind: str) -> None:
    told = story(kind, seed=7, at=1_795_000_000)

    forms = [parse_qs(body.decode()) for _, body in told]
    assert [form["type"][0] for form in forms] == [each for each, _ in told]
    assert told[-1][0] == kind
    assert len({form["contact[email]"][0] for form in forms}) == 1
    dates = [form["date_time"][0] for form in forms]
    assert dates == sorted(set(dates))
    assert told == story(kind, seed=7, at=1_795_000_000)


def test_pages_hold_every_contact_once_with_what_lies_beside_it() -> None:
    account = Account(5)

    pages = [account.page(after, 2) for after in (0, 2, 4)]

    ids = [each["id"] for page in pages for each in page["contacts"]]
    assert ids == ["1", "2", "3", "4", "5"]
    assert [page["meta"]["total"] for page in pages] == ["5", "3", "1"]
    assert {each["contact"] for each in pages[0]["contactTags"]} == {"1"}
    assert account.one(9) is None
