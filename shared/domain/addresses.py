"""Which IP addresses a webhook may be sent to: those of the public internet, and no other.

A user names an endpoint, and our Lambda, with its role and its neighbours, connects to it: an
address inside would turn us against ourselves. The table is written out here because Python's own
`ipaddress.is_global` differs from one patch release to the next. What is not plainly public is
refused, tunnels into IPv4 included. This is asked of each address right before it is dialled; a
name proves nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
_REFUSED_V4 = [
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's metadata"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "a DNS sink"),
        ("192.52.193.0/24", "a multicast relay"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "a DNS sink"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
]

# IPv6 is refused but for global unicast, and of that but for these.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_REFUSED_V6 = [
    (IPv6Network(network), why)
    for network, why in (
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "a DNS sink"),
        ("3fff::/20", "documentation"),
    )
]
_OUTSIDE_V6 = [
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b:1::/48", "a local translation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
]

# An IPv4 address in the last 32 bits is where the packet really goes, so that one is judged: as
# sockets map it, and as NAT64 reaches IPv4 servers from a subnet that has IPv6 alone.
_CARRIERS_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


def refusal(address: str) -> str | None:
    """Return why `address` must not be dialled, None where it may be."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "not an address"
    if isinstance(parsed, IPv4Address):
        return _refusal_v4(parsed)
    return "of one link" if parsed.scope_id else _refusal_v6(parsed)


def is_loopback(address: str) -> bool:
    """Say whether the address is this machine's own, written plainly."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed in _LOOPBACK_V4 if isinstance(parsed, IPv4Address) else int(parsed) == 1


def _refusal_v4(address: IPv4Address) -> str | None:
    return next((why for network, why in _REFUSED_V4 if address in network), None)


def _refusal_v6(address: IPv6Address) -> str | None:
    if any(address in carrier for carrier in _CARRIERS_V4):
        return _refusal_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address in _GLOBAL_UNICAST:
        return next((why for network, why in _REFUSED_V6 if address in network), None)
    return next((why for network, why in _OUTSIDE_V6 if address in network), "reserved")
