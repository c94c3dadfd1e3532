"""The table of refused addresses, held against IANA's special-purpose registries."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.addresses import is_loopback, refusal

# Every row of the IPv4 registry, as of 2026.
IANA_V4 = """
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24
192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24
198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
""".split()

# Every row of the IPv6 registry but the two that carry an IPv4 address to judge.
IANA_V6 = """
::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28
2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10
""".split()
IANA_CARRIERS = ["::ffff:0:0/96", "64:ff9b::/96"]

# Not in those registries, and no place for a webhook either.
OTHERS = """
224.0.0.0/4 239.255.255.250/32 168.63.129.16/32 100.100.100.200/32 169.254.169.254/32
169.254.170.2/32 192.0.0.192/32 ff00::/8 ff02::1/128 fec0::/10 fd00:ec2::254/128 fd20:ce::254/128
::/96 ::7f00:1/128 ::ffff:0:7f00:1/128 4000::/3 6000::/3 8000::/1 1000::/4 0400::/6
""".split()

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 52.95.110.1 93.184.216.34 99.255.255.255 100.63.255.255
100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255
172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:1.1.1.1 ::ffff:168.63.129.17
64:ff9b::808:808 2001:200::1 2001:4860:4860::8888 2600:1f18::1 2606:4700::1111 2a00:1450::1 2003::1
""".split()


@pytest.mark.parametrize("row", IANA_V4 + IANA_V6 + OTHERS)
def test_no_address_of_a_special_purpose_is_dialled(row: str) -> None:
    network = ip_network(row)
    middle = network[network.num_addresses // 2]

    answers = [refusal(str(address)) for address in (network[0], middle, network[-1])]

    assert None not in answers


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet_are_dialled(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize("carrier", IANA_CARRIERS)
@pytest.mark.parametrize("row", IANA_V4)
def test_ipv4_address_inside_an_ipv6_one_is_judged(carrier: str, row: str) -> None:
    inside = int(ip_network(row)[0])

    carried = IPv6Address(int(ip_network(carrier)[0]) | inside)

    assert refusal(str(carried)) == refusal(str(IPv4Address(inside)))
    assert refusal(str(carried)) is not None


@pytest.mark.parametrize("prefix", ["2002::/16", "2001::/32", "::/96"])
@given(st.integers(0, 2**96 - 1))
def test_tunnels_into_ipv4_are_refused_wherever_they_lead(prefix: str, rest: int) -> None:
    network = ip_network(prefix)

    address = network[rest % network.num_addresses]

    assert refusal(str(address)) is not None


@given(st.ip_addresses(v=6))
def test_ipv6_outside_of_global_unicast_is_refused_unless_it_carries_ipv4(
    address: IPv6Address,
) -> None:
    if address in ip_network("2000::/3") or any(address in ip_network(c) for c in IANA_CARRIERS):
        return

    assert refusal(str(address)) is not None


@given(st.ip_addresses(v=4))
def test_python_knows_no_private_address_that_we_do_not(address: IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved:
        assert refusal(str(address)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "010.0.0.1",
        "1.1.1.1.",
        " 1.1.1.1",
        "[::1]",
        "1.1.1.1%lo",
        "fe80::1%eth0",
        "2606:4700::1111%1",
        "１.1.1.1",  # noqa: RUF001
    ],
)
def test_what_is_not_an_address_in_its_plain_spelling_is_never_dialled(text: str) -> None:
    assert refusal(text) is not None
    assert is_loopback(text) is False


# The first address of each network, and why nobody is sent there.
REASONS = {
    "this network": "0.0.0.0",  # noqa: S104
    "private": "10.0.0.0 172.16.0.0 192.168.0.0 fc00::",
    "carrier-grade NAT": "100.64.0.0",
    "loopback": "127.0.0.0 ::1 ::ffff:127.0.0.1",
    "a cloud's metadata": "168.63.129.16",
    "link-local": "169.254.0.0 fe80::",
    "protocol assignments": "192.0.0.0 2001:1::",
    "documentation": "192.0.2.0 198.51.100.0 203.0.113.0 2001:db8:: 3fff::",
    "a DNS sink": "192.31.196.0 192.175.48.0 2620:4f:8000::",
    "a multicast relay": "192.52.193.0",
    "a 6to4 relay": "192.88.99.0",
    "benchmarking": "198.18.0.0",
    "multicast": "224.0.0.0 ff00::",
    "reserved": "240.0.0.0 4000::",
    "Teredo": "2001::",
    "6to4": "2002:7f00:1::",
    "unspecified": "::",
    "IPv4-compatible": "::2",
    "a local translation": "64:ff9b:1::",
    "of one link": "fe80::1%eth0",
    "not an address": "nonsense",
}


@pytest.mark.parametrize("reason", REASONS)
def test_reason_is_told(reason: str) -> None:
    assert {refusal(address) for address in REASONS[reason].split()} == {reason}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", False),
        ("128.0.0.1", False),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104
    ],
)
def test_loopback_is_told_from_all_else(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
