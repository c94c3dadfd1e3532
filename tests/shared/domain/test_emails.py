"""The identity of a contact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import emails


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@Example.COM\n", "ada@example.com"),
        ("Zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("\u03a1\u0313@example.com", "\u1fe4@example.com"),
        ("ada+tea@example.com", "ada+tea@example.com"),
        ("a.d.a@example.com", "a.d.a@example.com"),
        ('"a@b"@example.com', '"a@b"@example.com'),
    ],
)
def test_address_is_trimmed_composed_and_lowered_and_nothing_cleverer(
    written: str, address: str
) -> None:
    assert emails.normalise(written) == address


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "   ",
        "ada",
        "@example.com",
        "ada@",
        "ada lovelace@example.com",
        "ada@exam\x00ple.com",
        "a" * 250 + "@example.com",
    ],
)
def test_what_is_no_address_is_nobody(written: str | None) -> None:
    assert emails.normalise(written) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_normalising_twice_is_normalising_once(local: str, host: str) -> None:
    once = emails.normalise(f"{local}@{host}")

    assert once is None or emails.normalise(once) == once
