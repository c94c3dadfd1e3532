"""The providers paysignal speaks, one line each; a new provider is added here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.history_pages import NEWEST_PAYMENT
from shared.domain.observations import Parsed
from shared.providers import activecampaign, api_store, paykickstart, paypal, stripe, woocommerce

Parse = Callable[[bytes, Mapping[str, str]], Parsed]


@dataclass(frozen=True, slots=True)
class Provider:
    """How to read one provider.

    `parse` raises Quarantined for what can never be accepted. `states_creation` tells whether the
    provider announces new subscriptions, or a first sight near the start has to do. `fetchable`
    names the objects its API can be asked for one by one. `confirms` says that where there are API
    credentials, the API has to confirm an event before it counts. `door` says that webhooks come,
    `tells_history` that the API can be asked for all that the provider holds, `verifiable` that
    this can be held against the records: of people it cannot.
    """

    parse: Parse
    states_creation: bool
    fetchable: frozenset[str]
    confirms: bool = False
    door: bool = True
    tells_history: bool = True
    verifiable: bool = True


PROVIDERS: dict[str, Provider] = {
    # It speaks of people, never of payments.
    "activecampaign": Provider(
        activecampaign.parse, False, frozenset({"contact"}), verifiable=False
    ),
    # Its items come through the API, and are folded there.
    "api": Provider(api_store.parse, False, frozenset(), door=False, tells_history=False),
    "paykickstart": Provider(
        paykickstart.parse, False, frozenset({"subscription", NEWEST_PAYMENT})
    ),
    "paypal": Provider(
        paypal.parse,
        states_creation=True,
        fetchable=frozenset(
            {"event", "customer", "subscription", "product", "return", NEWEST_PAYMENT}
        ),
        confirms=True,
    ),
    "stripe": Provider(
        stripe.parse, True, frozenset({"customer", "subscription", "product", NEWEST_PAYMENT})
    ),
    # A body may be built long after the creation it announces: then a first sight has to do.
    "woocommerce": Provider(
        woocommerce.parse, False, frozenset({"subscription", "order", "product", NEWEST_PAYMENT})
    ),
}
