"""Money as integers of minor units, and the two tables that say how long a minor unit is.

`DECIMALS` is how paysignal stores and prints a currency. A provider that counts in other units
(Stripe sends ISK and UGX with two zeros) is converted by its parser, once, when it is read. ISO
4217 alone will not do: it disagrees with the providers about MGA, ISK and UGX.
"""

from __future__ import annotations

from shared.domain.errors import Quarantined

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
    "MAD MDL MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD USDC UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG"
)
DECIMALS: dict[str, int] = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}

# Beyond this a JSON number is no longer exact in the readers we serve (2^53).
LARGEST = 2**53
_DIGITS_MAX = len(str(LARGEST))


def currency(code: object) -> str:
    """Return the currency's upper-case code. Raise Quarantined where no such currency is known."""
    if not isinstance(code, str) or code.upper() not in DECIMALS:
        raise Quarantined("unknown_currency", "the currency is not one paysignal knows")
    return code.upper()


def to_text(minor: int | None, code: str | None) -> str | None:
    """Print minor units in major ones: 1900 USD is `19.00`, 1900 JPY is `1900`."""
    if minor is None:
        return None
    decimals = DECIMALS.get(code or "", 2)
    if not decimals:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}"


def from_text(text: str, code: str) -> int:
    """Read a decimal string of major units, exactly. Raise Quarantined when it does not fit.

    Trailing zeros beyond the currency's decimals are harmless (`5.0`, `123.00` JPY); a digit there
    would be money we cannot represent.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    decimals = DECIMALS[code]
    kept, lost = fraction[:decimals], fraction[decimals:]
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or lost.strip("0"):
        raise Quarantined("bad_amount", "an amount is not a decimal of its currency")
    # Python itself refuses to read thousands of digits, with an error of its own.
    if len(whole.lstrip("0")) > _DIGITS_MAX:
        raise Quarantined("bad_amount", "an amount is larger than money can be")
    minor: int = int(whole.lstrip("0") or "0") * 10**decimals + int(
        kept.ljust(decimals, "0") or "0"
    )
    if minor > LARGEST:
        raise Quarantined("bad_amount", "an amount is larger than money can be")
    return sign * minor
