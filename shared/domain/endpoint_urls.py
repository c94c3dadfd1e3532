"""The URL of an endpoint: what may be written down as one, and what exactly it makes us dial.

The same reading serves the write (a refusal the user sees at once) and every attempt, so there is
no second parser to disagree with. It is strict: one spelling of each thing, no credentials, no IP
addresses, no name that only means something inside a network. It never resolves the name; the
addresses a name leads to are judged when they are dialled (`addresses`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address
from typing import NamedTuple

from shared.domain import addresses, host_names
from shared.domain.errors import Invalid

LENGTH_MAX = 2_048
PORTS = frozenset({443, 8443})

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(.*)", re.ASCII | re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([1-9][0-9]{0,4}))?", re.ASCII)
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*", re.ASCII)
# As browsers tell an address from a name: by its last label.
_NUMBER = re.compile(r"[0-9]+|0[Xx][0-9A-Fa-f]*", re.ASCII)
_BREAKERS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")

# Names that lead inside whichever network asks for them.
_INSIDE = frozenset(
    "localhost local localdomain internal intranet private lan home corp arpa onion".split()
)
_SCHEME_PORTS = {"https": 443, "http": 80}


class Target(NamedTuple):
    """What a valid URL means. `host` is in small ASCII letters, without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    """The path with the query, as it is sent."""
    is_loopback: bool
    """Whether the host is this machine itself; only ever true where local subscribers may be."""

    @property
    def authority(self) -> str:
        """Return host and port as the Host header and the URL have them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _SCHEME_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the URL in its one spelling, which is the one to keep."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: object, *, local: bool = False, own_hosts: Collection[str] = ()) -> Target:
    """Return what the URL means. Raise Invalid with the path `url` where it may not be an endpoint.

    With `local`, this machine's own addresses may be named too, over http and on any port.
    `own_hosts` are the hosts of this deployment, which must not be made to call itself.
    """
    try:
        target = _parse(url, local)
        if target.host in own_hosts:
            raise ValueError("is an address of this deployment itself")
    except ValueError as error:
        raise Invalid("The URL cannot be an endpoint.", (("url", str(error)),)) from None
    return target


def _parse(url: object, local: bool) -> Target:
    scheme, authority, rest = _parts(url)
    if "@" in authority:
        raise ValueError("may not hold a user or a password")
    path = rest if rest.startswith("/") else f"/{rest}"
    if not _PATH.fullmatch(path):
        raise ValueError("has a path or query with characters that have to be percent-encoded")
    target = _target(scheme, authority, path, local)
    if len(target.url) > LENGTH_MAX:
        raise ValueError(f"is longer than {LENGTH_MAX} characters in Punycode")
    return target


def _parts(url: object) -> tuple[str, str, str]:
    """Return scheme, authority and the rest, of which nothing more is known yet."""
    if not isinstance(url, str):
        raise ValueError("has to be text")
    if len(url) > LENGTH_MAX:
        raise ValueError(f"is longer than {LENGTH_MAX} characters")
    if _BREAKERS.search(url):
        raise ValueError("holds a space, a backslash or a control character")
    if "#" in url:
        raise ValueError("may not have a fragment")
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("has to be an https URL")
    return found[1].lower(), found[2], found[3]


def _target(scheme: str, authority: str, path: str, local: bool) -> Target:
    if scheme not in _SCHEME_PORTS:
        raise ValueError("has to be an https URL")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise ValueError("has no host, or a port that is none")
    port = int(parts[2] or _SCHEME_PORTS[scheme])
    loopback = _loopback(parts[1]) if local else ""
    if loopback:
        if port > 0xFFFF:
            raise ValueError("has a port that is none")
        return Target(scheme, loopback, port, path, True)
    host = _public_name(parts[1])
    if scheme != "https":
        raise ValueError("has to be an https URL")
    if port not in PORTS:
        raise ValueError("has a port other than 443 and 8443")
    return Target(scheme, host, port, path, False)


def _loopback(host: str) -> str:
    """Return the host where it is this machine in one of its plain spellings, else nothing."""
    name = host.lower()
    if name in ("localhost", "[::1]"):
        return name.strip("[]")
    try:
        return name if addresses.is_loopback(str(IPv4Address(name))) else ""
    except ValueError:
        return ""


def _public_name(host: str) -> str:
    if host.startswith("["):
        raise ValueError("has to name a host, not an IP address")
    if host.endswith("."):
        raise ValueError("has a host that ends in a dot")
    name = host_names.to_ascii(host)
    *parents, top = name.split(".")
    if _NUMBER.fullmatch(top):
        raise ValueError("has to name a host, not an IP address")
    if not parents or top in _INSIDE:
        raise ValueError("has a host that is not on the public internet")
    return name
