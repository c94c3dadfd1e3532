"""Which names in other alphabets are names, and which only look like another."""

from __future__ import annotations

import pytest

from shared.domain.host_names import to_ascii


@pytest.mark.parametrize(
    "name",
    [
        # Not every letter has a Latin twin.
        "\u043f\u0440\u0438\u043c\u0435\u0440.com",
        # Vowel signs and a virama are marks, not letters.
        "\u0939\u093f\u0928\u094d\u0926\u0940.com",
        "\ud55c\uad6dshop.kr",
        "\u024f.com",
        # All that East Asia writes together, and every category a name may have.
        "\u00e9\u65e5\u3005\u306e\u30a2\u30fc\u3105\ud55c\u302ex\u0302.com",
    ],
)
def test_name_in_its_own_letters_becomes_punycode_that_means_itself(name: str) -> None:
    written = to_ascii(name)

    assert written.startswith("xn--")
    assert to_ascii(written) == written


def test_punycode_of_what_is_read_in_two_ways_is_kept_as_it_is() -> None:
    assert to_ascii("xn--zca.example.com") == "xn--zca.example.com"


@pytest.mark.parametrize(
    "name",
    [
        "\u03bf\u03bd.com",
        # All the Armenian letters with a twin, and no other.
        "\u0585\u057d\u0570\u0578\u0581\u0566\u0584.com",
        "\u0441\u0430\u0445\u0430\u0440-1.com",
        "\u0250pple.com",
        "a\u1dff.com",
    ],
)
def test_name_of_letters_with_a_twin_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^has a host that looks like another$"):
        to_ascii(name)


@pytest.mark.parametrize("shown", ["caf\u00c9", "cafe\u0301"])
def test_punycode_of_what_nobody_would_write_so_is_refused(shown: str) -> None:
    punycode = shown.encode("punycode").decode("ascii")

    with pytest.raises(ValueError, match=r"^has a host in broken Punycode$"):
        to_ascii(f"xn--{punycode}.com")


def test_name_may_have_253_characters_and_no_more() -> None:
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])

    assert len(to_ascii(longest)) == 253
    with pytest.raises(ValueError, match=r"^has a host name that is too long$"):
        to_ascii(f"{longest}b")
