"""Personalization tags: every field, its fallback, and nothing that breaks out of its text."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from shared.domain import contacts, recurring_payments, rendering
from shared.domain.automations import tags
from shared.domain.fields import FIELDS

CONTACT = {
    **rendering.contact({**contacts.new("c-1", "ada@example.com", 1_790_000_000_000)}),
    "first_name": 'Ada "the\\first"\nLovelace',
    "last_name": "  ",
    "tags": [{"tag": "VIP", "applied_date": "x"}, {"tag": "B", "applied_date": "x"}],
    "revenue": [{"currency": "USD", "amount": "57.00"}],
    "source": {"first_source": "ads", "campaign": None, "landing_page": None},
    "customer": True,
}
ADDRESS = dict.fromkeys(["city", "postal"], "Chicago")
PAYMENT = {
    "name": "Tea box",
    "status": "active",
    "payment_amount": "19.00",
    "is_trial": False,
    "cycles_completed": 0,
    "line_items": [{"name": "Tea", "quantity": 2}, {"name": "Cup", "quantity": 1}],
    "billing_address": ADDRESS,
    "shipping_address": None,
}


def fill(payload: Any) -> Any:
    return tags.fill(payload, {"contact": CONTACT, "recurring_payment": PAYMENT})


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("%CONTACT_EMAIL%", "ada@example.com"),
        ("%CONTACT_ID%=%CONTACT_CONTACT_ID%", "c-1=c-1"),
        ("%CONTACT_LAST_NAME|there%", "there"),
        ("%CONTACT_LAST_NAME|%!", "!"),
        ("%CONTACT_LAST_NAME%!", "!"),
        ("%CONTACT_PHONE|n/a (ask: 5€)%", "n/a (ask: 5€)"),
        ("%CONTACT_TAGS%", "VIP, B"),
        ("%CONTACT_LISTS|none%", "none"),
        ("%CONTACT_REVENUE%", "57.00 USD"),
        ("%CONTACT_SOURCE_FIRST_SOURCE%", "ads"),
        ("%CONTACT_CUSTOMER%", "true"),
        ("%CONTACT_ORDERS_COUNT|?%", "0"),
        ("%RECURRING_PAYMENT_NAME%: %RECURRING_PAYMENT_PAYMENT_AMOUNT%", "Tea box: 19.00"),
        ("%RECURRING_PAYMENT_IS_TRIAL%", "false"),
        ("%RECURRING_PAYMENT_CYCLES_COMPLETED%", "0"),
        ("%RECURRING_PAYMENT_ITEM_NAME% x%RECURRING_PAYMENT_ITEM_QUANTITY%", "Tea x2"),
        ("%RECURRING_PAYMENT_BILLING_ADDRESS_CITY%", "Chicago"),
        ("%RECURRING_PAYMENT_SHIPPING_ADDRESS_CITY|home%", "home"),
        ("100% OFF, 5%CONTACT_LAST_NAME|0%", "100% OFF, 50"),
        ("https://example.com/?q=%C3%A9%20&r=%20%AB", "https://example.com/?q=%C3%A9%20&r=%20%AB"),
        ("%contact_email% %%", "%contact_email% %%"),
    ],
)
def test_a_tag_is_filled_with_its_field_or_its_fallback(text: str, filled: str) -> None:
    assert list(tags.faults_of(text)) == []
    assert fill(text) == filled


def test_a_value_cannot_break_out_of_its_text() -> None:
    payload = {"a": ["%CONTACT_FIRST_NAME%", 1, None], "%CONTACT_EMAIL%": "key"}

    sent = json.loads(json.dumps(fill(payload)))

    assert sent == {"a": [CONTACT["first_name"], 1, None], "%CONTACT_EMAIL%": "key"}


def test_in_html_a_value_is_escaped_and_its_authors_fallback_is_not() -> None:
    subject = {"contact": {"first_name": '<b>A&B"</b>'}, "recurring_payment": None}
    text = "<p>%CONTACT_FIRST_NAME%</p>%CONTACT_PHONE|<i>none</i>%"

    filled = tags.fill(text, subject, escape=html.escape)

    assert filled == "<p>&lt;b&gt;A&amp;B&quot;&lt;/b&gt;</p><i>none</i>"


def test_what_a_value_says_is_not_taken_for_a_tag() -> None:
    contact = {**CONTACT, "first_name": "%CONTACT_EMAIL%"}

    filled = tags.fill("%CONTACT_FIRST_NAME%", {"contact": contact, "recurring_payment": None})

    assert filled == "%CONTACT_EMAIL%"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("%CONTACT_FRIST_NAME%", "there is no tag %CONTACT_FRIST_NAME%"),
        ("%FIRST_NAME|x%", "there is no tag %FIRST_NAME%"),
        ("%RECURRING_PAYMENT_ITEM%", "there is no tag %RECURRING_PAYMENT_ITEM%"),
        ("%CONTACT_EMAIL:html|x%", "%CONTACT_EMAIL:html%: the only format there is is :local"),
    ],
)
def test_an_unknown_tag_is_refused_where_it_stands(text: str, fault: str) -> None:
    assert list(tags.faults_of({"a": [{"b": f"Hi {text}"}]})) == [(".a[0].b", fault)]


def test_there_is_a_tag_for_every_field_the_api_prints() -> None:
    view = recurring_payments.show({"terms": {"status": "active"}}) or {}
    composite = {"line_items", "billing_address", "shipping_address", "inferred"}
    plain = {*FIELDS, *(set(view) - composite)}
    contact = set(CONTACT) - {"source"}

    assert {f"RECURRING_PAYMENT_{each.upper()}" for each in plain} <= set(tags.TAGS)
    assert {f"CONTACT_{each.upper()}" for each in contact} <= set(tags.TAGS)


def test_nothing_is_known_of_nobody() -> None:
    assert tags.fill("%RECURRING_PAYMENT_NAME|-%", {"contact": None}) == "-"


def test_a_value_has_an_end() -> None:
    long = {"contact": {"first_name": "x" * 5_000}, "recurring_payment": None}

    assert len(tags.fill("%CONTACT_FIRST_NAME%", long)) == tags.VALUE_CHARACTERS_MAX
