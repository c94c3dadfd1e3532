"""Values as they are written where the reader lives."""

from __future__ import annotations

import pytest

from shared.adapters.locales import Reader
from shared.domain import times
from shared.domain.automations import tags
from shared.domain.money import DECIMALS, to_text

NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "expected"),
    [
        ("en-US", "1234.50", "USD", "$1,234.50"),
        ("de-DE", "1234.50", "EUR", f"1.234,50{NBSP}€"),
        ("fr-FR", "-5.00", "EUR", f"-5,00{NBSP}€"),
        ("en-GB", "1900", "JPY", "JP¥1,900"),
        ("ja-JP", "1900", "JPY", "￥1,900"),
        ("en-US", "1.234", "KWD", f"KWD{NBSP}1.234"),
        ("tlh-XX", "2.00", "USD", "$2.00"),
        ("de-ZZ", "2.00", "EUR", f"2,00{NBSP}€"),
    ],
)
def test_money_is_written_as_the_reader_writes_it(
    locale: str, amount: str, currency: str, expected: str
) -> None:
    assert Reader(locale, "UTC").money(amount, currency) == expected


@pytest.mark.parametrize(
    ("locale", "zone", "civil", "expected"),
    [
        ("en-US", "UTC", False, "December 3, 2026"),
        ("de-DE", "Europe/Berlin", False, "4. Dezember 2026"),
        ("en-US", "America/Chicago", False, "December 3, 2026"),
        ("ja-JP", "Asia/Tokyo", True, "2026年12月3日"),
    ],
)
def test_a_date_is_a_day_of_the_readers_zone(
    locale: str, zone: str, civil: bool, expected: str
) -> None:
    late = times.from_text("2026-12-03T23:30:00Z")

    assert Reader(locale, zone).date(late, civil=civil) == expected


def test_no_currency_gains_or_loses_decimals() -> None:
    reader = Reader("en-US", "UTC")

    for code in DECIMALS:
        amount = to_text(123_456, code) or ""
        assert reader.money(amount, code).replace(",", "").endswith(amount), code


def test_a_tag_may_ask_for_it() -> None:
    subject = {
        "contact": {
            "revenue": [{"currency": "EUR", "amount": "57.00"}],
            "orders_count": 12_345,
            "tags": [{"tag": "VIP"}],
            "first_name": "Ada",
        },
        "recurring_payment": {
            "currency": "USD",
            "payment_amount": "19.00",
            "next_payment_date": "2026-12-03T23:30:00.000Z",
            "payment_method_expiration": "2027-03-01T00:00:00.000Z",
            "line_items": [{"amount": "9.50"}],
            "is_trial": False,
            "note": None,
        },
    }
    text = (
        "%RECURRING_PAYMENT_PAYMENT_AMOUNT:local%; %RECURRING_PAYMENT_PAYMENT_AMOUNT%; "
        "%RECURRING_PAYMENT_NEXT_PAYMENT_DATE:local|soon%; "
        "%RECURRING_PAYMENT_PAYMENT_METHOD_EXPIRATION:local%; "
        "%RECURRING_PAYMENT_ITEM_AMOUNT:local%; %RECURRING_PAYMENT_IS_TRIAL:local%; "
        "%RECURRING_PAYMENT_NOTE:local|none%; %CONTACT_REVENUE:local%; "
        "%CONTACT_ORDERS_COUNT:local%; %CONTACT_TAGS:local%; %CONTACT_FIRST_NAME:local%"
    )

    filled = tags.fill(text, subject, local=Reader("de-DE", "America/Chicago"))

    assert list(tags.faults_of(text)) == []
    assert filled.replace(NBSP, " ") == (
        "19,00 $; 19.00; 3. Dezember 2026; 1. März 2027; 9,50 $; false; none; 57,00 €; "
        "12.345; VIP; Ada"
    )


def test_without_a_reader_the_apis_text_is_printed() -> None:
    subject = {"recurring_payment": {"currency": "USD", "payment_amount": "19.00"}}

    assert tags.fill("%RECURRING_PAYMENT_PAYMENT_AMOUNT:local%", subject) == "19.00"
