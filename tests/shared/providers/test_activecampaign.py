"""What ActiveCampaign's webhooks and answers say of people, and what can never be accepted."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.samples.activecampaign import KINDS, STARTS_AT, Account, Person, webhook, written
from shared.domain.errors import Quarantined
from shared.domain.heard import ActivitySaid, ContactSaid, LabelSaid
from shared.domain.observations import Parsed
from shared.providers import activecampaign
from shared.providers.activecampaign_api import ActiveCampaignApi
from tests.support.activecampaign_api import TOKEN, ActiveCampaignStandIn

ADA = Person(7, "ada@example.com", "Ada", "Lovelace", "+15550100")
_FIXTURES = sorted(Path("tests/fixtures/activecampaign").glob("*.form"))


def parsed(kind: str, **about: str) -> Parsed:
    return activecampaign.parse(webhook(kind, ADA, STARTS_AT, **about), {})


def activity(kind: str, **about: str) -> ActivitySaid | None:
    heard = parsed(kind, **about).heard
    return heard.activity if heard else None


def answered(found: dict[str, Any]) -> Parsed:
    call = {"object": "contact", "id": "0"}
    return activecampaign.parse(activecampaign.fetched(call, found, STARTS_AT)[1], {})


def refused(body: bytes) -> str:
    with pytest.raises(Quarantined) as raised:
        activecampaign.parse(body, {})
    return raised.value.code


@pytest.mark.parametrize("path", _FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_is_read_at_its_own_time(path: Path) -> None:
    said = activecampaign.parse(path.read_bytes(), {})

    assert said.event_type == path.stem
    assert said.occurred_at == STARTS_AT
    assert said.known == (said.heard is not None)


def test_there_is_a_fixture_of_each_kind_of_sample() -> None:
    assert {path.stem for path in _FIXTURES} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("sent", ("sent", "It is spring", "Spring")),
        ("open", ("open", "It is spring", "Spring")),
        ("click", ("click", "https://example.com/spring", "Spring")),
        ("reply", ("reply", "Re: It is spring", "Spring")),
        ("contact_tag_added", ("tag_added", "VIP", None)),
        ("contact_tag_removed", ("tag_removed", "VIP", None)),
        ("subscribe", ("list_added", "1", None)),
        ("list_add", ("list_added", "1", None)),
        ("unsubscribe", ("list_removed", "1", None)),
    ],
)
def test_webhooks_are_activity(kind: str, said: tuple[str, str, str | None]) -> None:
    found = activity(kind)

    assert found is not None
    assert found.email == "ada@example.com"
    assert (found.kind, found.subject, found.campaign) == said


def test_only_what_introduces_somebody_states_a_person_and_what_the_api_knows_is_read() -> None:
    heard = {kind: parsed(kind).heard for kind in KINDS}

    stating = {kind for kind, each in heard.items() if each and each.contacts}
    reread = {kind for kind, each in heard.items() if each and each.reread == "7"}
    assert stating == {"subscribe", "list_add", "update"}
    assert reread == stating | {
        "unsubscribe", "contact_tag_added", "contact_tag_removed", "open", "click", "reply",
    }  # fmt: skip
    subscribed = heard["subscribe"]
    assert subscribed is not None
    assert subscribed.contacts == (
        ContactSaid(
            "ada@example.com",
            {"first_name": "Ada", "last_name": "Lovelace", "phone": "+15550100"},
        ),
    )


def test_kinds_of_no_use_are_known_to_be_so_and_need_no_contact() -> None:
    said = activecampaign.parse(b"type=deal_add&date_time=2026-01-02T03%3A04%3A05-06%3A00", {})

    assert (said.known, said.heard) == (False, None)


def test_a_copy_is_the_same_event_and_another_second_is_another() -> None:
    first = webhook("open", ADA, STARTS_AT)
    turned = b"&".join(reversed(first.split(b"&")))
    later = webhook("open", ADA, STARTS_AT + 1000)

    keys = [activecampaign.parse(body, {}).event_id for body in (first, turned, later)]

    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"nothing", "bad_form"),
        (b"date_time=now", "bad_field"),
        (b"type=open", "bad_field"),
        (b"type=open&contact[email]=nobody", "bad_field"),
        (webhook("contact_tag_added", ADA, STARTS_AT, tag=" "), "bad_field"),
        (b"{}", "bad_field"),
        (b'{"fetched":"contact","event_id":"x","tag":"VIP","tag_at":"soon"}', "bad_field"),
        (b'{"fetched":"contact","event_id":1,"of":"1"}', "bad_field"),
        (b'{"fetched":"contact","event_id":"x","contacts":[1]}', "bad_field"),
        (b'{"fetched":"contact",', "bad_field"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(body: bytes, code: str) -> None:
    assert refused(body) == code


@given(
    st.one_of(
        st.binary(),
        st.dictionaries(
            st.sampled_from(["type", "date_time", "contact[email]", "contact[id]", "tag", "list"]),
            st.one_of(st.sampled_from([*KINDS, "a@example.com"]), st.text()),
        ).map(lambda form: urlencode(form).encode()),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "fetched",
                            "event_id",
                            "of",
                            "job_id",
                            "contacts",
                            "tags",
                            "lists",
                            "email",
                        ]
                    ),
                    inner,
                )
            ),
        ).map(lambda told: json.dumps(told).encode()),
    )
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    with suppress(Quarantined):
        activecampaign.parse(body, {})


def test_times_that_are_none_leave_the_time_of_receipt() -> None:
    for text in ("", "0000-00-00 00:00:00", "yesterday", "9999-99-99"):
        body = f"type=open&date_time={text}&contact[email]=ada@example.com".encode()
        assert activecampaign.parse(body, {}).occurred_at is None


def test_labels_are_one_line_and_no_longer_than_a_tag_may_be() -> None:
    found = activity("contact_tag_added", tag=" VIP\n\tbuyers " + "x" * 300)

    assert found is not None
    assert found.subject is not None
    assert found.subject.startswith("VIP buyers x")
    assert len(found.subject) == 200


def test_an_answer_brings_people_with_dated_labels() -> None:
    account = Account(1)
    ada = account.people[0]
    ada.lists["Gone"] = -(STARTS_AT + 9000)
    with ActiveCampaignStandIn(account) as stand_in:
        api = ActiveCampaignApi(stand_in.url, TOKEN)
        said = answered(api.fetch("contact", "1") or {})
        api.close()

    assert said.event_type == "fetched.contact"
    assert said.heard is not None
    (contact,) = said.heard.contacts
    assert (contact.email, contact.created) == ("person1@example.com", STARTS_AT + 1000)
    assert contact.labels == (
        LabelSaid("tag", "VIP", True, STARTS_AT + 2000),
        LabelSaid("list", "News", True, STARTS_AT + 3000),
        LabelSaid("list", "Gone", False, STARTS_AT + 9000),
    )


def test_an_answer_about_a_tag_says_whether_the_contact_has_it() -> None:
    call = {"object": "contact", "id": "7", "tag": "VIP", "tag_at": str(STARTS_AT + 5000)}
    told = {"email": "ada@example.com", "tags": [{"name": "Other", "cdate": None}]}
    held = {"email": "ada@example.com", "tags": [{"name": "VIP", "cdate": written(STARTS_AT)}]}

    bodies = [activecampaign.fetched(call, {"contacts": [each]}, 1)[1] for each in (told, held)]

    heard = [activecampaign.parse(body, {}).heard for body in bodies]
    labels = [each.contacts[0].labels for each in heard if each is not None]
    assert labels == [
        (
            LabelSaid("tag", "Other", True, None),
            LabelSaid("tag", "VIP", False, STARTS_AT + 5000),
        ),
        (LabelSaid("tag", "VIP", True, STARTS_AT),),
    ]
