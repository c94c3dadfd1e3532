"""What is kept of a stranger's text: a little, and nothing to be ashamed of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.redaction import BLOT, redacted

# Made of parts, so that nobody's scanner takes them for the real thing.
CANARIES = [
    "ada.lovelace+canary@example.com",
    "ada%40example.com",
    "zo\u00eb@b\u00fccher.example",
    "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
    "rk_" + "test_4eC39HqLyjWD",
    "Bearer abcdef.ghijkl-mnopq",
    "Basic dXNlcjpwYXNzd29yZA==",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "5555555555554444",
    "3f786850e387550fdab836ed7e6dc881de23001b",
]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("template", ["{}", "before {} after", '{{"echo": "{}"}}', "x={}&y=1"])
def test_what_looks_like_a_secret_or_a_person_is_blotted_out(template: str, canary: str) -> None:
    assert redacted(template.format(canary), 500) == template.format(BLOT)


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "correct horse battery"}',
        "{'client_secret': 'correct horse battery'}",
        "api_key=correct",
        "Set-Cookie: correct=horse",
        'token :"correct"',
        'X-Signature: "correct horse"',
    ],
)
def test_value_with_a_telling_name_goes_and_the_name_stays(text: str) -> None:
    kept = redacted(text, 500)

    assert "correct" not in kept
    assert "horse" not in kept
    assert kept[:5] == text[:5]


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        '{"error": "unknown field: renewal_date", "code": 422}',
        "<html><title>502 Bad Gateway</title></html>",
        "Rate limit exceeded: 100 per 60 s, try again at 2026-11-22T08:00:00Z",
        "Ünïcode wörks, 你好",
    ],
)
def test_what_helps_to_find_a_fault_is_kept(text: str) -> None:
    assert redacted(text, 500) == text


def test_exact_texts_known_to_be_secret_go_wherever_they_stand() -> None:
    kept = redacted("no hook at tok3n-of-url, sorry", 500, hidden=["tok3n-of-url", "no", ""])

    assert kept == f"no hook at {BLOT}, sorry"


def test_known_secret_of_8_characters_goes_and_a_shorter_one_is_no_secret() -> None:
    kept = redacted("hook-no1 hook-no", 500, hidden=["hook-no1", "hook-no"])

    assert kept == "[redacted] hook-no"


def test_secret_inside_a_longer_secret_leaves_no_rest_of_it() -> None:
    kept = redacted("at tok3n-of-url/part.", 500, hidden=["tok3n-of-url", "tok3n-of-url/part"])

    assert kept == "at [redacted]."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("PASSWORD=correct", "PASSWORD=[redacted]"),
        ("BEARER abcdef.ghijkl", "[redacted]"),
        ("WHSEC_Mf9rGK", "[redacted]"),
    ],
)
def test_secrets_are_found_in_capital_letters(text: str, kept: str) -> None:
    assert redacted(text, 500) == kept


def test_no_more_than_4096_characters_are_read() -> None:
    assert redacted("." * 5_000, 5_000) == "." * 4_096


def test_text_that_fits_is_whole_and_a_longer_one_ends_in_an_ellipsis() -> None:
    assert redacted("abcd", 4) == "abcd"
    assert redacted("abcde", 4) == "abc\u2026"


def test_text_is_cut_after_it_was_redacted() -> None:
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    for length in range(1, 60):
        kept = redacted("x " + secret + " tail" * 20, length)
        assert len(kept) <= length
        assert "MfKQ" not in kept


def test_characters_that_steer_a_terminal_or_turn_text_around_become_spaces() -> None:
    assert redacted("a\x1b[31mb\u202ec\r\nd\te\x00f", 500) == "a [31mb c \nd\te f"
    assert redacted("g\ue000h\udc80i", 500) == "g h i"


@given(st.text(), st.integers(1, 100))
def test_any_text_is_redacted_to_at_most_its_length(text: str, length: int) -> None:
    assert len(redacted(text, length)) <= length
