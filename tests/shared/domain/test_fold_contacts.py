"""ActiveCampaign's webhooks folded: activity that waits or counts, people who are introduced."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

from infra.samples.activecampaign import STARTS_AT, Account, Person, webhook
from shared.providers import activecampaign
from shared.providers.activecampaign_api import ActiveCampaignApi
from tests.support.activecampaign_api import TOKEN, ActiveCampaignStandIn
from tests.support.shop import Shop

ADA = Person(7, "Ada@Example.com", "Ada", "Lovelace", "+15550100")
EMAIL = "ada@example.com"


def crm(**about: Any) -> Shop:
    return Shop(provider="activecampaign", **about)


def tell(shop: Shop, kind: str, at: int = 0, **about: str) -> str:
    return shop.receive(webhook(kind, ADA, STARTS_AT + at * 1000, **about))


def ada(shop: Shop) -> dict[str, Any]:
    claim = shop.memory.documents["email", EMAIL]
    return shop.memory.documents["contact", claim["contact_id"]]


def answered(shop: Shop, account: Account, call: Mapping[str, object] | None = None) -> bytes:
    """Return the answer to a call, the last one if none is named, as call_providers gives it."""
    call = call or shop.outbox.calls[-1]
    with ActiveCampaignStandIn(account) as stand_in:
        api = ActiveCampaignApi(stand_in.url, TOKEN)
        found = api.fetch(str(call["object"]), str(call["id"]))
        api.close()
    assert found is not None
    return activecampaign.fetched(call, found, shop.now)[1]


def answer(shop: Shop, account: Account) -> None:
    """Give the last call its answer."""
    shop.receive(answered(shop, account), source="fetched")


def test_activity_of_nobody_is_kept_and_attached_when_the_contact_appears() -> None:
    shop = crm()
    tell(shop, "open", 5)
    tell(shop, "contact_tag_added", 6)
    tell(shop, "click", 7)
    assert shop.contacts() == {}

    shop.add_contact(EMAIL)

    found = ada(shop)
    assert found["last_open_date"] == STARTS_AT + 5000
    assert found["last_click_date"] == STARTS_AT + 7000
    assert found["tags"] == [{"tag": "VIP", "applied_date": STARTS_AT + 6000}]


def test_a_contact_that_took_its_activity_over_takes_it_once() -> None:
    shop = crm()
    tell(shop, "contact_tag_added", 6)
    shop.add_contact(EMAIL)
    contact = ada(shop)
    contact["tags"] = []
    contact["version"] += 1

    shop.outbox.jobs.append({"job": "attach_contact", "connection_id": "*", "email": EMAIL})
    shop.work_off()
    tell(shop, "open", 9)

    assert ada(shop)["tags"] == []


def test_activity_of_a_known_contact_counts_at_its_date_and_a_copy_changes_nothing() -> None:
    shop = crm()
    shop.add_contact(EMAIL)

    outcomes = [tell(shop, kind, 5) for kind in ("sent", "open", "click", "reply", "open")]

    found = ada(shop)
    assert outcomes == ["applied"] * 4 + ["duplicate"]
    assert {found[f"last_{kind}_date"] for kind in ("sent", "open", "click", "reply")} == {
        STARTS_AT + 5000
    }
    held = shop.memory.documents["activity", EMAIL]
    assert len(held["items"]) == 4


def test_each_activity_is_a_document_of_its_own_whoever_they_are() -> None:
    shop = crm()

    for _ in range(2):
        tell(shop, "open", 5)
        tell(shop, "contact_tag_added", 6)
    shop.add_contact(EMAIL)
    tell(shop, "click", 7)

    kept = {name: d for name, d in shop.memory.documents.items() if name[0] == "act"}
    told = sorted((name[2].partition("#")[0], d["kind"]) for name, d in kept.items())
    assert {name[1] for name in kept} == {EMAIL}
    assert told == [
        (f"{STARTS_AT + 5000:015d}", "open"),
        (f"{STARTS_AT + 6000:015d}", "tag_added"),
        (f"{STARTS_AT + 7000:015d}", "click"),
    ]
    assert {d["connection_id"] for d in kept.values()} == {"shop"}


def test_any_order_and_any_time_of_the_contact_comes_to_the_same() -> None:
    told = [
        webhook("contact_tag_added", ADA, STARTS_AT + 1000),
        webhook("contact_tag_removed", ADA, STARTS_AT + 2000),
        webhook("contact_tag_added", ADA, STARTS_AT + 3000),
        webhook("open", ADA, STARTS_AT + 4000),
        webhook("open", ADA, STARTS_AT + 2500),
    ]
    seen = set()

    for appears, seed in itertools.product(range(len(told) + 1), range(6)):
        shop = crm()
        order = random.Random(seed).sample(told, len(told))
        for place, body in enumerate([*order, b""]):
            if place == appears:
                shop.add_contact(EMAIL)
            if body:
                shop.receive(body)
                shop.receive(body)
        found = ada(shop)
        tags = [(each["tag"], each["applied_date"] - STARTS_AT) for each in found["tags"]]
        seen.add((tuple(tags), found["last_open_date"] - STARTS_AT))

    assert seen == {((("VIP", 3000),), 4000)}


def test_a_subscriber_is_introduced_and_names_fill_blanks_only() -> None:
    shop = crm()
    tell(shop, "subscribe", 1)
    ada(shop)["first_name"] = "Augusta"

    tell(shop, "update", 2, **{"contact[phone]": "+15550199"})

    found = ada(shop)
    assert (found["first_name"], found["last_name"]) == ("Augusta", "Lovelace")
    assert found["phone"] == "+15550100"
    assert found["lists"] == [{"list": "1", "applied_date": STARTS_AT + 1000}]


def test_where_nobody_may_be_made_a_subscriber_waits() -> None:
    shop = crm(policy="match_only")

    tell(shop, "subscribe", 1)
    assert shop.contacts() == {}
    shop.add_contact(EMAIL)

    assert ada(shop)["lists"] == [{"list": "1", "applied_date": STARTS_AT + 1000}]


def test_with_an_api_lists_come_by_name_from_the_contact_read_again() -> None:
    shop = crm(has_api=True)
    account = Account()
    account.people = [Person(7, EMAIL, tags={"VIP": STARTS_AT}, lists={"News": STARTS_AT + 1000})]

    tell(shop, "subscribe", 1)
    before = [dict(each) for each in ada(shop)["lists"]]
    assert (shop.outbox.calls[-1]["object"], shop.outbox.calls[-1]["id"]) == ("contact", "7")
    answer(shop, account)

    assert before == []
    assert ada(shop)["lists"] == [{"list": "News", "applied_date": STARTS_AT + 1000}]
    assert ada(shop)["tags"] == [{"tag": "VIP", "applied_date": STARTS_AT}]


def test_a_list_that_was_left_goes_when_the_contact_is_read_again() -> None:
    shop = crm(has_api=True)
    account = Account()
    account.people = [Person(7, EMAIL, lists={"News": STARTS_AT + 1000})]
    tell(shop, "subscribe", 1)
    answer(shop, account)
    account.people[0].lists["News"] = -(STARTS_AT + 9000)

    tell(shop, "unsubscribe", 9)
    answer(shop, account)

    assert ada(shop)["lists"] == []
    assert ada(shop)["former_lists"] == [
        {
            "list": "News",
            "applied_date": STARTS_AT + 1000,
            "removed_date": STARTS_AT + 9000,
        }
    ]


def test_an_answer_older_than_a_removal_does_not_bring_the_tag_back() -> None:
    shop = crm(has_api=True)
    account = Account()
    account.people = [Person(7, EMAIL, tags={"VIP": STARTS_AT})]
    tell(shop, "update", 1)
    older = answered(shop, account)
    account.people[0].tags = {}
    tell(shop, "contact_tag_removed", 5)
    newer = answered(shop, account)

    for body in (newer, older):
        shop.receive(body, source="fetched")

    assert ada(shop)["tags"] == []


def test_with_an_api_a_tag_is_what_the_contact_read_again_has() -> None:
    shop = crm(has_api=True)
    shop.add_contact(EMAIL)
    account = Account()
    account.people = [Person(7, EMAIL)]

    tell(shop, "contact_tag_added", 1)
    forged = [dict(each) for each in ada(shop)["tags"]]
    answer(shop, account)
    account.people[0].tags = {"VIP": STARTS_AT + 2000}
    tell(shop, "contact_tag_added", 2)
    answer(shop, account)

    call = shop.outbox.calls[-1]
    assert (call["id"], call["tag"], call["tag_at"]) == ("7", "VIP", str(STARTS_AT + 2000))
    assert forged == []
    assert ada(shop)["tags"] == [{"tag": "VIP", "applied_date": STARTS_AT + 2000}]

    account.people[0].tags = {}
    tell(shop, "contact_tag_removed", 3)
    assert len(ada(shop)["tags"]) == 1
    answer(shop, account)

    assert ada(shop)["tags"] == []
    assert ada(shop)["former_tags"] == [
        {"tag": "VIP", "applied_date": STARTS_AT + 2000, "removed_date": STARTS_AT + 3000}
    ]


def test_a_tag_that_only_we_have_applied_stays_whatever_else_the_contact_has_there() -> None:
    shop = crm(has_api=True)
    shop.add_contact(EMAIL)
    ours = {"tag": "STATUS: Payment failed", "applied_date": 5}
    ada(shop)["tags"] = [ours]
    account = Account()
    account.people = [Person(7, EMAIL, tags={"VIP": STARTS_AT})]

    tell(shop, "contact_tag_added", 1)
    answer(shop, account)

    assert ada(shop)["tags"] == [ours, {"tag": "VIP", "applied_date": STARTS_AT}]


def test_an_act_of_nobody_has_the_contact_read_again_and_of_somebody_known_has_not() -> None:
    shop = crm(has_api=True)
    account = Account()
    account.people = [Person(7, EMAIL)]

    tell(shop, "open", 1)
    waits = shop.contacts()
    answer(shop, account)
    for kind in ("click", "reply", "sent"):
        tell(shop, kind, 2)

    assert waits == {}
    assert len(shop.outbox.calls) == 1
    assert ada(shop)["last_open_date"] == STARTS_AT + 1000


def test_where_nobody_may_be_made_the_webhooks_own_word_waits() -> None:
    shop = crm(has_api=True, policy="match_only")

    for kind in ("contact_tag_added", "open"):
        tell(shop, kind, 1)
    shop.add_contact(EMAIL)

    assert list(shop.outbox.calls) == []
    assert ada(shop)["tags"] == [{"tag": "VIP", "applied_date": STARTS_AT + 1000}]


def test_a_payments_contact_takes_over_what_waited_for_its_address() -> None:
    shop = crm()
    tell(shop, "open", 5)

    tell(shop, "subscribe", 9)

    assert ada(shop)["last_open_date"] == STARTS_AT + 5000


def test_a_date_that_lies_ahead_counts_as_the_time_of_receipt() -> None:
    shop = crm()
    shop.add_contact(EMAIL)

    tell(shop, "open", 10**9)

    assert ada(shop)["last_open_date"] == shop.now


def test_events_of_no_use_are_counted_and_change_nothing() -> None:
    shop = crm()

    assert tell(shop, "deal_add") == "ignored"
    assert shop.contacts() == {}
