"""Ways to write a host that is not on the public internet, and the address each one hides.

Made of addresses worth attacking and of all the spellings that some resolver, some C library or
some browser has been known to understand; the table is what the SSRF harness runs through.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import NamedTuple


class Spelling(NamedTuple):
    """A host as it is written in a URL, and the address that a lenient reader would dial."""

    host: str
    address: str


# This machine, Lambda's runtime API and credentials, a cloud's metadata, and others' networks.
ADDRESSES = """
127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 100.64.0.1 169.254.169.254 169.254.170.2 172.16.0.1
192.168.0.1 198.18.0.1
""".split()


def _octets(address: str) -> list[int]:
    return list(IPv4Address(address).packed)


def _number(address: str) -> int:
    return int(IPv4Address(address))


def _hextets(address: str) -> str:
    number = _number(address)
    return f"{number >> 16:x}:{number & 0xFFFF:x}"


def _short(address: str) -> str:
    first, *rest = _octets(address)
    return f"{first}.{int.from_bytes(bytes(rest), 'big')}"


def _mapped_digits(address: str, zero: int) -> str:
    return address.translate({ord(str(digit)): zero + digit for digit in range(10)})


_FORMS: dict[str, Callable[[str], str]] = {
    "dotted": lambda address: address,
    "decimal": lambda address: str(_number(address)),
    "hex": lambda address: hex(_number(address)),
    "HEX": lambda address: hex(_number(address)).upper().replace("X", "x"),
    "octal": lambda address: f"0{_number(address):o}",
    "overflowing": lambda address: str(_number(address) + 2**32),
    "two parts": _short,
    "two parts in hex": lambda a: f"{_octets(a)[0]:#x}.{_number(a) & 0xFFFFFF:#x}",
    "three parts": lambda a: f"{_octets(a)[0]}.{_octets(a)[1]}.{_number(a) & 0xFFFF}",
    "dotted hex": lambda address: ".".join(map(hex, _octets(address))),
    "dotted octal": lambda address: ".".join(f"0{octet:o}" for octet in _octets(address)),
    "padded": lambda address: ".".join(f"{octet:03d}" for octet in _octets(address)),
    "mixed": lambda a: f"{_octets(a)[0]:#x}.{_octets(a)[1]}.0{_octets(a)[2]:o}.{_octets(a)[3]}",
    "trailing dot": lambda address: f"{address}.",
    "percent-encoded": lambda a: "".join(f"%{ord(character):02x}" for character in a),
    "full-width": lambda address: _mapped_digits(address, 0xFF10),
    "mathematical": lambda address: _mapped_digits(address, 0x1D7D8),
    "Arabic-Indic": lambda address: _mapped_digits(address, 0x0660),
    "ideographic dots": lambda address: address.replace(".", "\u3002"),
    "bracketed": lambda address: f"[{address}]",
    "mapped": lambda address: f"[::ffff:{address}]",
    "mapped in hex": lambda address: f"[::ffff:{_hextets(address)}]",
    "compatible": lambda address: f"[::{address}]",
    "6to4": lambda address: f"[2002:{_hextets(address)}::1]",
    "NAT64": lambda address: f"[64:ff9b::{_hextets(address)}]",
    "Teredo": lambda a: (
        f"[2001::{(_number(a) ^ 0xFFFFFFFF) >> 16:x}:{(_number(a) ^ 0xFFFFFFFF) & 0xFFFF:x}]"
    ),
    "userinfo": lambda address: f"hooks.example.com@{address}",
    "password": lambda address: f"hooks.example.com:443@{address}",
    "backslash": lambda address: f"{address}\\@hooks.example.com",
    "fragment": lambda address: f"{address}#@hooks.example.com",
}

_OTHERS = [
    Spelling(host, address)
    for address, hosts in {
        "127.0.0.1": "localhost LOCALHOST localhost. localhost.localdomain a.localhost 127.1"
        " 127.0.1"
        " 0 0. 0x 0x7f.1 017700000001 ip6-localhost loopback printer.local \uff4c\uff4fcalhost"
        " loc\u0430lhost l\u043ecalh\u043est \u24dbocalhost local\u200dhost local\u00adhost",
        "169.254.169.254": "metadata metadata.google.internal instance-data.ec2.internal"
        " 169.254.43518 0xA9FEA9FE.",
        "10.0.0.1": "intranet db.internal wiki.corp nas.lan router.home 1.0.0.10.in-addr.arpa"
        " server.home.arpa files.private host.onion",
        "::1": "[::1] [0:0:0:0:0:0:0:1] [::0001] [::1%25lo] [::1]. ::1 [:: [::1]:443]",
        "::": "[::] [0::0]",
        "fd00:ec2::254": "[fd00:ec2::254] [fD00:0eC2::254]",
        "fe80::1": "[fe80::1] [fe80::1%25eth0] [fe80::1%eth0]",
        "ff02::1": "[ff02::1]",
        "2001:db8::1": "[2001:db8::1]",
        "93.184.216.34": "93.184.216.34 1572395042 [2606:4700::1111] [::ffff:93.184.216.34]",
    }.items()
    for host in hosts.split()
]

SPELLINGS = [
    Spelling(form(address), address) for address in ADDRESSES for form in _FORMS.values()
] + _OTHERS

PRIVATE_ADDRESSES = sorted({each.address for each in SPELLINGS} - {"93.184.216.34"})


def as_ipv6(address: str) -> list[str]:
    """Return the addresses that an AAAA record may hold to lead to `address`."""
    if ":" in address:
        return [address]
    number = _number(address)
    return [
        f"::ffff:{address}",
        f"::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{_hextets(address)}::1",
        f"64:ff9b::{_hextets(address)}",
        f"2001::{(number ^ 0xFFFFFFFF) >> 16:x}:{(number ^ 0xFFFFFFFF) & 0xFFFF:x}",
    ]
