"""The providers paysignal speaks, one line each; a new provider is added here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.observations import Parsed
from shared.providers import stripe

Parse = Callable[[bytes, Mapping[str, str]], Parsed]


@dataclass(frozen=True, slots=True)
class Provider:
    """How to read one provider.

    `parse` raises Quarantined for what can never be accepted. `states_creation` tells whether the
    provider announces new subscriptions, or a first sight near the start has to do. `fetchable`
    names the objects its API can be asked for one by one.
    """

    parse: Parse
    states_creation: bool
    fetchable: frozenset[str]


PROVIDERS: dict[str, Provider] = {
    "stripe": Provider(stripe.parse, True, frozenset({"customer", "subscription", "product"})),
}
