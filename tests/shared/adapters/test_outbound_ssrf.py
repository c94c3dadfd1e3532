"""The SSRF harness: every spelling of an inside host, under every trick, connects to nothing.

Invariant I-17 of the reliability notes: each connect goes to an address that was judged for that
very connect, on an allowed port, with the name proved by TLS, and no redirect is followed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.outbound import Attempted, Outbound
from shared.domain import addresses
from shared.domain.delivery_schedule import decide
from tests.support.host_spellings import PRIVATE_ADDRESSES, SPELLINGS, Spelling, as_ipv6
from tests.support.wires import HOST, PUBLIC, URL, Network, ScriptedWire, Zone, answer

HEADERS = {"content-type": "application/json"}


def post(network: Network, url: str = URL, *, zone: Zone | None = None) -> Attempted:
    resolver = zone or network
    sender = Outbound(resolve=resolver.resolve, connect=network.connect, secure=network.secure)
    return sender.post(url, HEADERS, b"{}")


def hidden(spelling: Spelling) -> str:
    """Return the address a spelling hides; of a public one, which is no attack, another."""
    return "10.0.0.1" if addresses.refusal(spelling.address) is None else spelling.address


def spelled_out(spelling: Spelling) -> None:
    """The endpoint's URL names the host itself."""
    network = Network([[hidden(spelling)]])

    attempted = post(network, f"https://{spelling.host}/")

    assert attempted.fault == "url_refused"
    assert (network.resolved, network.dialled) == ([], [])


def flip_flop(spelling: Spelling) -> None:
    """A name that is public when it is checked and inside when it is dialled (rebinding)."""
    network = Network([[PUBLIC], [hidden(spelling)]])

    attempted = post(network)

    assert network.resolved == [HOST], "one resolution, used for the check and for the dial"
    assert network.dialled == [(PUBLIC, 443)]
    assert (attempted.status, attempted.address) == (200, PUBLIC)


def flop_flip(spelling: Spelling) -> None:
    """The same name the other way round: the attempt is refused, and not asked for again."""
    network = Network([[hidden(spelling)], [PUBLIC]])

    attempted = post(network)

    assert attempted.fault == "address_refused"
    assert (network.resolved, network.dialled) == ([HOST], [])


def mixed_answers(spelling: Spelling) -> None:
    """A name with a public and an inside address: the public one is not dialled either."""
    inside = hidden(spelling)
    for found in ([PUBLIC, inside], [inside, PUBLIC], [*["1.1.1.1", PUBLIC] * 4, inside]):
        network = Network([found])

        attempted = post(network)

        assert attempted.fault == "address_refused"
        assert (len(network.resolved), network.dialled) == (1, [])


def redirect(spelling: Spelling) -> None:
    """A public endpoint that sends us inside, with every status that could."""
    for status in (300, 301, 302, 303, 305, 307, 308):
        for scheme in ("http", "https"):
            to = f"{scheme}://{spelling.host}/latest/meta-data/".encode().decode("latin-1")
            said = answer(status, b"", f"Location: {to}", f"Refresh: 0; url={to}", f"Link: <{to}>")
            network = Network(wire=lambda said=said: ScriptedWire([said]))  # type: ignore[misc]

            attempted = post(network)

            assert (attempted.status, attempted.fault) == (status, "")
            assert (network.resolved, network.dialled) == ([HOST], [(PUBLIC, 443)])
            assert outcome(attempted) == "retry"


def chain_of_aliases(spelling: Spelling) -> None:
    """A name that is an alias of an alias of a name inside."""
    network = Network()
    zone = Zone(
        {
            HOST: "edge.example.net",
            "edge.example.net": "inside.example.org",
            "inside.example.org": [hidden(spelling)],
        }
    )

    attempted = post(network, zone=zone)

    assert zone.asked == [HOST, "edge.example.net", "inside.example.org"]
    assert (attempted.fault, network.dialled) == ("address_refused", [])


def ipv6_only(spelling: Spelling) -> None:
    """A name with no address but an IPv6 one, which leads inside by some tunnel."""
    for address in as_ipv6(hidden(spelling)):
        network = Network([[address]])

        attempted = post(network)

        assert (attempted.fault, network.dialled) == ("address_refused", [])


def odd_ports(spelling: Spelling) -> None:
    """A port where something other than a web server listens, on a host inside or outside."""
    for host in (spelling.host, HOST):
        for port in (1, 22, 25, 80, 2000, 6379, 9001, 9200, 27017, 65535, 65536, 65979):
            network = Network([[PUBLIC]])

            attempted = post(network, f"https://{host}:{port}/")

            assert attempted.fault == "url_refused"
            assert (network.resolved, network.dialled) == ([], [])


TRICKS: list[Callable[[Spelling], None]] = [
    spelled_out,
    flip_flop,
    flop_flip,
    mixed_answers,
    redirect,
    chain_of_aliases,
    ipv6_only,
    odd_ports,
]


def outcome(attempted: Attempted) -> str:
    return decide(
        status=attempted.status,
        fault=attempted.fault,
        attempt=1,
        first_attempt_at=0,
        now=0,
        random=lambda: 0.5,
    ).outcome


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda each: repr(each.host))
def test_no_spelling_and_no_trick_leads_inside(
    spelling: Spelling, trick: Callable[[Spelling], None]
) -> None:
    trick(spelling)


def test_harness_is_as_wide_as_it_says() -> None:
    assert len({each.host for each in SPELLINGS}) >= 150
    assert len(TRICKS) >= 6
    assert len(PRIVATE_ADDRESSES) >= 10


ANY_ADDRESS = st.one_of(
    st.ip_addresses().map(str), st.sampled_from(PRIVATE_ADDRESSES), st.just(PUBLIC)
)


@given(st.lists(ANY_ADDRESS, min_size=1, max_size=6))
def test_whatever_a_name_resolves_to_only_judged_addresses_are_dialled(found: list[str]) -> None:
    network = Network([found])

    attempted = post(network)

    if any(addresses.refusal(address) is not None for address in found):
        assert (attempted.fault, network.dialled) == ("address_refused", [])
    else:
        assert network.dialled == [(found[0], 443)]
        assert network.secured == [HOST]


@given(st.text(max_size=60))
def test_whatever_a_redirect_says_nobody_else_is_dialled(location: str) -> None:
    said = b"HTTP/1.1 302 Found\r\nLocation: " + location.encode(errors="replace") + b"\r\n\r\n"
    network = Network(wire=lambda: ScriptedWire([said]))

    post(network)

    assert network.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize("nonsense", ["localhost", "", "10.0.0.1.", "metadata", "0x7f.1", "[::1]"])
def test_resolver_that_answers_with_no_address_is_not_believed(nonsense: str) -> None:
    network = Network([[PUBLIC, nonsense]])

    assert (post(network).fault, network.dialled) == ("address_refused", [])
