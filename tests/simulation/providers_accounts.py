"""The simulated providers' side of their APIs: accounts, as they stand at a moment, and manners.

Accounts are those of the made-up worlds that the notices come from, so an API never knows more or
less than its webhooks would have told by then. How they answer is the provider's affair: busy,
broken, slow, in maintenance, refusing the key. An answer is a step of the world like any other, so
workers may die before and after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from typing_extensions import override

from infra.samples import paypal_world, stripe_business
from infra.samples.paykickstart_event import Event as PayKickstartEvent
from infra.samples.woocommerce_event import Event as WooCommerceEvent
from shared.adapters.aws import AwsError
from tests.simulation.world import World
from tests.support.paykickstart_api import PayKickstartAccount
from tests.support.paypal_account import Account as PayPalAccount
from tests.support.stripe_answers import SECRET_KEY, StripeAnswers
from tests.support.woocommerce_api import WooCommerceShop

# Answers a request at a time (ms).
Account = Callable[[httpx.Request, int], httpx.Response]

# What each provider's connections keep under `api`.
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "stripe": {"secret_key": SECRET_KEY},
    "paypal": {"client_id": "id", "client_secret": "secret"},
    "paykickstart": {"auth_token": "token"},
    "woocommerce": {
        "url": "https://shop.example.com",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
    },
}
MANNERS = ("busy", "later", "broken", "slow", "maintenance", "refused", "cut_off")
_SLOW_MS = 10_000
_MAINTENANCE = "<html><body>We will be back soon.</body></html>"


def of_stripe(business: stripe_business.Business) -> Account:
    """Return Stripe's API over a business."""
    answers: Any = StripeAnswers(business, logs=False)
    return lambda request, _: answers._respond(request)


def of_paypal(world: paypal_world.World) -> Account:
    """Return PayPal's API over a made-up world."""
    account: Any = PayPalAccount(world)

    def answer(request: httpx.Request, now_ms: int) -> httpx.Response:
        account.now = now_ms // 1000
        folder, _, identity = request.url.path.rpartition("/")
        if folder == "/v1/notifications/webhooks-events":
            found = world.object("event", identity)
            return httpx.Response(404) if found is None else httpx.Response(200, json=found)
        found_there: httpx.Response = account._respond(request)
        return found_there

    return answer


def of_paykickstart(events: Sequence[PayKickstartEvent]) -> Account:
    """Return PayKickstart's API over what it has posted."""
    account: Any = PayKickstartAccount(events)
    return lambda request, _: account._answer(request)


def of_woocommerce(events: Sequence[WooCommerceEvent]) -> Account:
    """Return a shop's API over what it has posted."""
    shop: Any = WooCommerceShop(events)
    return lambda request, _: shop._answer(request)


def lived(states: Sequence[tuple[int, Account]]) -> Account:
    """Return an account that stands, at each time, as after the last of what happened by then.

    `states` are in order, each with the time (ms) from which on it holds; the first holds before.
    """

    def answer(request: httpx.Request, now_ms: int) -> httpx.Response:
        standing = [each for since_ms, each in states if since_ms <= now_ms] or [states[0][1]]
        return standing[-1](request, now_ms)

    return answer


@dataclass
class Api:
    """One provider's API; `manners` are those towards its first requests, later all is well."""

    account: Account
    manners: tuple[str, ...] = ()
    asked: int = 0
    met: list[str] = field(default_factory=list)

    def manner(self) -> str:
        """Return how the request to come is met."""
        at, self.asked = self.asked, self.asked + 1
        found = self.manners[at] if at < len(self.manners) else "ok"
        self.met += [] if found == "ok" else [found]
        return found


class Network(httpx.BaseTransport):
    """A client's way to one provider's API, in place of httpx's own network."""

    def __init__(self, world: World, provider: str, api: Api) -> None:
        self._world = world
        self._name = provider
        self._api = api

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request: a step, at which its sender may die or lose touch."""
        calm = self._world.steps.calm
        manner = "ok" if calm else self._api.manner()
        request.read()
        about = {"provider": self._name, "method": request.method, "url": str(request.url)}

        def effect() -> httpx.Response:
            return self._answered(manner, request)

        try:
            return self._world.steps.perform("http", "Get", about, effect)
        except AwsError as error:
            if error.code == "ServiceUnavailable":
                return httpx.Response(503)
            raise httpx.ReadError("the answer was lost", request=request) from None

    def _answered(self, manner: str, request: httpx.Request) -> httpx.Response:
        if manner == "busy":
            return httpx.Response(429, headers={"retry-after": "1"})
        if manner == "later":
            return httpx.Response(429, headers={"retry-after": "120"})
        if manner == "broken":
            return httpx.Response(500, text="Internal Server Error")
        if manner == "maintenance":
            return httpx.Response(200, text=_MAINTENANCE)
        if manner == "refused":
            return httpx.Response(401, json={"error": "invalid key"})
        if manner == "slow":
            self._world.clock.advance(_SLOW_MS)
            raise httpx.ReadTimeout("no answer in time", request=request)
        if manner == "cut_off":
            raise httpx.RemoteProtocolError("hung up", request=request)
        return self._api.account(request, self._world.clock())
