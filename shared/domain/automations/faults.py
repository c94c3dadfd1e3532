"""Faults of an automation's body, collected with their paths while it is read to the end.

A body is refused whole, and with all that is wrong with it: nobody likes to be told one thing at
a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.errors import Invalid

_FAULTS_MAX = 100
_SHOWN_MAX = 80


class Faults:
    """What is wrong so far; every `take` returns the value, or None with a fault noted."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, path: str, message: str) -> None:
        """Note a fault at `path`."""
        if len(self.found) < _FAULTS_MAX:
            self.found.append((path, message))

    def take_over(self, error: Invalid) -> None:
        """Note what another reader has found; its paths are from the body's root already."""
        for path, message in error.errors:
            self.add(path, message)

    def raise_any(self) -> None:
        """Raise Invalid where there was a fault."""
        if self.found:
            raise Invalid("The automation breaks the rules.", tuple(self.found))

    def only(self, values: Mapping[str, Any], known: Iterable[str], path: str) -> None:
        """Note every key that is not known."""
        allowed = tuple(known)
        for key in values:
            if key not in allowed:
                where = under(path, str(key)[:_SHOWN_MAX])
                self.add(where, f"is not known here; there are {', '.join(allowed)}")

    def text(
        self, values: Mapping[str, Any], name: str, path: str, *, longest: int = 200
    ) -> str | None:
        """Return a required, printable, non-blank text, trimmed."""
        value = values.get(name)
        where = under(path, name)
        if value is None:
            self.add(where, "is missing")
        elif not isinstance(value, str) or not value.strip():
            self.add(where, "has to be text that is not blank")
        elif len(value) > longest:
            self.add(where, f"is longer than {longest} characters")
        elif not value.strip().isprintable():
            self.add(where, "may not hold control characters")
        else:
            return value.strip()
        return None

    def choice(
        self, values: Mapping[str, Any], name: str, path: str, choices: Iterable[str]
    ) -> str | None:
        """Return one of a few words; the first of them where nothing is said."""
        allowed = tuple(choices)
        value = values.get(name)
        if value is None:
            return allowed[0]
        if value in allowed:
            return str(value)
        self.add(under(path, name), f"has to be one of {', '.join(allowed)}")
        return None

    def listed(self, values: Mapping[str, Any], name: str, path: str) -> list[Any]:
        """Return a list, empty where nothing is said."""
        value = values.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.add(under(path, name), "has to be a list")
        return []


def under(path: str, name: str) -> str:
    """Return the path of a name below a path."""
    return f"{path}.{name}" if path else name
