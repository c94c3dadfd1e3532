"""Dates, money and numbers as they are written where the reader lives; the one user of Babel.

Babel carries the world's locales, ten megabytes of them: it is loaded when the first tag asks for
it, and only the Lambda that fills tags carries it.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from babel import Locale

_LAST_RESORT = "en-US"


class Reader:
    """One reader's locale and zone; a locale Babel does not know is as near as there is one."""

    def __init__(self, locale: str, zone: str) -> None:
        """`locale` is a language tag such as `en-GB`, `zone` an IANA time zone."""
        self._locale = locale
        self._zone = zone

    def money(self, amount: str, currency: str) -> str:
        """Return an amount of major units with its currency: `19.00` USD is `$19.00`."""
        from babel.numbers import format_currency

        locale = _locale_of(self._locale)
        pattern = _pattern(locale, currency, len(amount.partition(".")[2]))
        text = format_currency(
            Decimal(amount), currency, format=pattern, locale=locale, currency_digits=False
        )
        return str(text)

    def date(self, milliseconds: int, *, civil: bool) -> str:
        """Return the day of a time in the zone: `December 3, 2026`."""
        from babel.dates import format_date

        zone: tzinfo = UTC if civil else ZoneInfo(self._zone)
        day = datetime.fromtimestamp(milliseconds // 1000, zone).date()
        return str(format_date(day, format="long", locale=_locale_of(self._locale)))

    def number(self, value: int) -> str:
        """Return a whole number: `12,345`."""
        from babel.numbers import format_decimal

        return str(format_decimal(value, locale=_locale_of(self._locale)))


@lru_cache(maxsize=32)
def _locale_of(tag: str) -> Locale:
    """Return the locale of a language tag, or of its language alone, or English."""
    from babel import Locale, UnknownLocaleError

    for each in (tag, tag.partition("-")[0], _LAST_RESORT):
        try:
            return Locale.parse(each, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("Babel knows English")


def _pattern(locale: Locale, currency: str, decimals: int) -> str:
    """Return the locale's pattern of money with so many decimals.

    They are the payment's own, for providers disagree with Babel's table of them. A code, such as
    KWD, does not stick to the digits as a sign does.
    """
    from babel.numbers import get_currency_symbol

    pattern = str(locale.currency_formats["standard"].pattern)
    if get_currency_symbol(currency, locale=locale)[-1:].isalpha():
        pattern = pattern.replace("¤#", "¤\N{NO-BREAK SPACE}#")
    return pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
