"""What may be written down as an endpoint's URL; row A5 of the matrix of bad inputs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.endpoint_urls import parse
from shared.domain.errors import Invalid
from tests.support.host_spellings import SPELLINGS, Spelling


def refusal(url: object, *, local: bool = False, own_hosts: tuple[str, ...] = ()) -> str:
    with pytest.raises(Invalid) as raised:
        parse(url, local=local, own_hosts=own_hosts)
    ((path, message),) = raised.value.errors
    assert path == "url"
    assert raised.value.status == 422
    return message


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("HTTPS://Hooks.Example.COM:443/In?x=%2F&y", "https://hooks.example.com/In?x=%2F&y"),
        ("https://hooks.example.com:8443/a", "https://hooks.example.com:8443/a"),
        ("https://hooks.example.com?token=1", "https://hooks.example.com/?token=1"),
        ("https://a.b-c.d_e.example/~u/;p=(1)!$'*+,@:", None),
        ("https://127.0.0.1.nip.io/", None),
        ("https://1password.example/", None),
        ("https://hooks.zapier.com/hooks/standard/123/abc/", None),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
        ("https://B\u00dcCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://bu\u0308cher.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", None),
        ("https://xn--strae-oqa.de/", None),
        ("https://\u4f8b\u3048.jp/", "https://xn--r8jz45g.jp/"),
        ("https://\u65e5\u672cshop\u30ab\u30fc.jp/", None),
        ("https://\ud55c\uad6d.kr/", "https://xn--3e0b707e.kr/"),
        (
            "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/",
            "https://xn--e1afmkfd.xn--p1ai/",
        ),
        # Every letter has a Latin twin, but the whole name is Cyrillic.
        ("https://\u0441\u0430\u0445\u0430\u0440.\u0440\u0444/", None),
    ],
)
def test_public_https_url_is_kept_in_its_one_spelling(written: str, kept: str | None) -> None:
    target = parse(written)

    if kept is not None:
        assert target.url == kept
    assert target.url.isascii()
    assert parse(target.url) == target
    assert not target.is_loopback


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda each: repr(each.host))
def test_host_that_is_not_on_the_public_internet_is_refused(spelling: Spelling) -> None:
    refusal(f"https://{spelling.host}/")
    refusal(f"https://{spelling.host}:8443/hook?x=1")
    refusal(f"http://{spelling.host}/")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "has to be text"),
        (7, "has to be text"),
        ("", "has to be an https URL"),
        ("hooks.example.com/in", "has to be an https URL"),
        ("//hooks.example.com/in", "has to be an https URL"),
        ("https:hooks.example.com", "has to be an https URL"),
        ("http://hooks.example.com/", "has to be an https URL"),
        ("ftp://hooks.example.com/", "has to be an https URL"),
        ("file:///etc/passwd", "has to be an https URL"),
        ("gopher://hooks.example.com:70/_x", "has to be an https URL"),
        ("https:///in", "has no host, or a port that is none"),
        ("https://:443/in", "has no host, or a port that is none"),
        ("https://hooks.example.com:/", "has no host, or a port that is none"),
        ("https://hooks.example.com:0/", "has no host, or a port that is none"),
        ("https://hooks.example.com:0443/", "has no host, or a port that is none"),
        ("https://hooks.example.com:+443/", "has no host, or a port that is none"),
        ("https://hooks.example.com:https/", "has no host, or a port that is none"),
        ("https://hooks.example.com:443:443/", "has no host, or a port that is none"),
        ("https://hooks.example.com:22/", "has a port other than 443 and 8443"),
        ("https://hooks.example.com:80/", "has a port other than 443 and 8443"),
        ("https://hooks.example.com:9001/", "has a port other than 443 and 8443"),
        ("https://hooks.example.com:99999/", "has a port other than 443 and 8443"),
        ("https://ada@hooks.example.com/", "may not hold a user or a password"),
        ("https://ada:pw@hooks.example.com/", "may not hold a user or a password"),
        ("https://@hooks.example.com/", "may not hold a user or a password"),
        ("https://hooks.example.com/#", "may not have a fragment"),
        ("https://hooks.example.com/in#part", "may not have a fragment"),
        ("https://hooks.example.com/a b", "holds a space, a backslash or a control character"),
        (" https://hooks.example.com/", "holds a space, a backslash or a control character"),
        ("https://hooks.example.com/\r\nx: y", "holds a space, a backslash or a control character"),
        ("https://hooks.example.com\\in", "holds a space, a backslash or a control character"),
        ("https://hooks.example.com/\x7f", "holds a space, a backslash or a control character"),
        (
            "https://hooks.example.com/\u00e9",
            "has a path or query with characters that have to be percent-encoded",
        ),
        (
            "https://hooks.example.com/%zz",
            "has a path or query with characters that have to be percent-encoded",
        ),
        ("https://hooks.example.com./", "has a host that ends in a dot"),
        ("https://[2606:4700::1111]/", "has to name a host, not an IP address"),
        ("https://example/", "has a host that is not on the public internet"),
        ("https://hooks..example.com/", "has a host that is no name"),
        ("https://-hooks.example.com/", "has a host that is no name"),
        ("https://hooks-.example.com/", "has a host that is no name"),
        ("https://hooks,example.com/", "has a host that is no name"),
        (f"https://{'a' * 64}.example.com/", "has a host that is no name"),
        (f"https://{'a.' * 130}example.com/", "has a host name that is too long"),
        ("https://xn--.example.com/", "has a host that is no name"),
        ("https://xn--99999999.example.com/", "has a host in broken Punycode"),
        ("https://xn--abc.example.com/", None),
        ("https://xn--a-ecp.example.com/", None),
        ("https://\u2603.example.com/", "has a host with characters that no host name has"),
        ("https://ex\u200bample.com/", "has a host with characters that no host name has"),
        ("https://\ufb01ne.example.com/", "has a host with characters that no host name has"),
        ("https://\u0301a.example.com/", "has a host with characters that no host name has"),
        (
            "https://stra\u00dfe.example.com/",
            "has a host that is read in two ways; write its Punycode",
        ),
        # Look-alikes of apple.com, paypal.com, google.com: mixed, whole, in Punycode.
        ("https://\u0430pple.com/", "has a host that mixes scripts, as look-alikes do"),
        ("https://p\u0430ypal.com/", "has a host that mixes scripts, as look-alikes do"),
        ("https://g\u03bf\u03bfgle.com/", "has a host that mixes scripts, as look-alikes do"),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com/", "has a host that looks like another"),
        ("https://xn--80ak6aa92e.com/", "has a host that looks like another"),
        ("https://xn--pple-43d.com/", "has a host that mixes scripts, as look-alikes do"),
        ("https://\u0251pple.com/", "has a host that looks like another"),
    ],
)
def test_anything_odd_is_refused_with_its_reason(url: object, message: str | None) -> None:
    told = refusal(url)

    assert message is None or told == message


def test_no_refusal_repeats_what_was_written() -> None:
    assert "hunter2" not in refusal("https://ada:hunter2@hooks.example.com/")


def test_url_may_have_2048_characters_and_no_more() -> None:
    base = "https://hooks.example.com/"

    too_long = "is longer than 2048 characters"
    assert parse(base + "a" * (2_048 - len(base))).url
    assert refusal(base + "a" * (2_048 - len(base) + 1)) == too_long
    assert refusal(base + "a" * 3_000) == too_long
    written = "https://b\u00fccher.example/"
    assert refusal(written + "a" * (2_048 - len(written))) == f"{too_long} in Punycode"


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8000/hook", "127.0.0.1", 8000),
        ("http://127.0.0.1/", "127.0.0.1", 80),
        ("http://localhost:5678/webhook", "localhost", 5678),
        ("https://LOCALHOST/", "localhost", 443),
        ("http://[::1]:9000/", "::1", 9000),
        ("http://127.0.0.1:22/", "127.0.0.1", 22),
        ("http://127.0.0.1:65535/", "127.0.0.1", 65_535),
    ],
)
def test_local_stack_may_name_this_machine_over_http_on_any_port(
    url: str, host: str, port: int
) -> None:
    target = parse(url, local=True)

    assert (target.host, target.port, target.is_loopback) == (host, port, True)
    assert parse(target.url, local=True) == target
    refusal(url)


PLAIN_LOOPBACK = {"127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "[::1]"}


@pytest.mark.parametrize(
    "spelling",
    [each for each in SPELLINGS if each.host not in PLAIN_LOOPBACK],
    ids=lambda each: repr(each.host),
)
def test_local_stack_names_nothing_else_and_this_machine_plainly(spelling: Spelling) -> None:
    refusal(f"https://{spelling.host}/", local=True)
    refusal(f"http://{spelling.host}:8000/", local=True)


def test_this_machine_is_refused_unless_somebody_says_local() -> None:
    with pytest.raises(Invalid):
        parse("http://127.0.0.1:8000/hook")


def test_local_stack_holds_public_hosts_to_the_same_rules() -> None:
    assert parse("https://hooks.example.com/", local=True).port == 443
    refusal("http://hooks.example.com/", local=True)
    refusal("https://hooks.example.com:8000/", local=True)
    refusal("http://127.0.0.1:65536/", local=True)


def test_deployment_does_not_call_itself() -> None:
    own = ("api.shop.example", "abc123.execute-api.eu-west-1.amazonaws.com")

    assert refusal("https://API.shop.example/v1", own_hosts=own).startswith("is an address of this")
    assert parse("https://hooks.shop.example/", own_hosts=own)


@given(st.text(max_size=40), st.booleans())
def test_no_text_makes_anything_but_a_refusal_or_a_url_that_means_itself(
    text: str, local: bool
) -> None:
    for url in (text, f"https://{text}/", f"https://hooks.example.com/{text}"):
        try:
            target = parse(url, local=local)
        except Invalid:
            continue
        assert parse(target.url, local=local) == target
        assert target.url.isascii()
        assert target.is_loopback <= local
