"""A connection of each provider: a closed model each, of one class and one line.

What they have in common, and how secrets are kept, stands in `connection_body`; ActiveCampaign's,
which is written to as well, in `connection_activecampaign`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, StringConstraints, model_validator
from typing_extensions import override

from functions.manage.connection_activecampaign import ActiveCampaignConnection
from functions.manage.connection_body import ApiBody, ConnectionBody, Secret, Secrets, Url
from shared.api.bodies import Body

# WordPress makes secrets with blanks and brackets in them, and lets people type what they like.
WordPressSecret = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    ),
]


class StripeApi(ApiBody):
    """Stripe's API key."""

    secret_key: Secret | None = None


class SignedConnection(ConnectionBody):
    """What is proved by a secret its provider signs with; two serve while it is being rotated."""

    signing_secrets: list[str]

    @override
    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return the signing secrets and the API key."""
        signing = self.signing_secrets or held.get("signing_secrets") or []
        return {**super().keep(held), "signing_secrets": signing}


class StripeConnection(SignedConnection):
    """A Stripe account; secrets are write-only, and stay as they are where omitted."""

    provider: Literal["stripe"]
    signing_secrets: Annotated[list[Secret], Field(min_length=1, max_length=2)] = Field(
        default_factory=list,
        description="The endpoint's signing secret; two while it is being rotated.",
    )
    api: StripeApi | None = Field(default=None, description="Null removes the API key.")

    @classmethod
    @override
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether there is an API key."""
        return bool(secrets["api"].get("secret_key"))


class ApiStoreConnection(ConnectionBody):
    """A store whose payments come through this API: it has neither secrets nor webhooks."""

    provider: Literal["api"]

    @override
    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return nothing."""
        return {}

    @classmethod
    @override
    def opens(cls, secrets: Secrets) -> bool:
        """Say that it is ready as it is."""
        return True


# With this for an id PayPal's simulator signs anything for anybody.
_SIMULATOR = "WEBHOOK_ID"


class PayPalApi(ApiBody):
    """A REST app of PayPal's, by whose API events are confirmed before they count."""

    client_id: Secret | None = None
    client_secret: Secret | None = None
    environment: Literal["live", "sandbox"] | None = Field(
        default=None, description="By the connection's mode where omitted."
    )


class PayPalConnection(ConnectionBody):
    """A webhook of PayPal's; its id is what signatures are checked with."""

    provider: Literal["paypal"]
    webhook_id: Secret | None = Field(
        default=None,
        description="The webhook's id. The one before it stays valid, for what is sent still.",
    )
    api: PayPalApi | None = Field(default=None, description="Null removes the credentials.")

    @model_validator(mode="after")
    def _fits(self) -> PayPalConnection:
        if self.mode == "live" and self.webhook_id == _SIMULATOR:
            raise ValueError("webhook_id is the simulator's: it proves nobody")
        stated = self.api.environment if self.api else None
        if stated is not None and stated != self._environment:
            raise ValueError("api.environment has to fit the mode: live, or sandbox for test")
        return self

    @property
    def _environment(self) -> str:
        return "live" if self.mode == "live" else "sandbox"

    @override
    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return the webhook ids, the newest first, and the credentials."""
        before = list(held.get("webhook_ids") or [])
        sent = [] if self.webhook_id is None else [self.webhook_id]
        ids = before if sent == before[:1] else [*sent, *before]
        kept = super().keep(held)
        if kept["api"]:
            kept["api"]["environment"] = self._environment
        return {**kept, "webhook_ids": ids[:2], "environment": self._environment}

    @classmethod
    @override
    def opens(cls, secrets: Secrets) -> bool:
        """Say whether there is a webhook id that proves somebody."""
        live = secrets.get("environment") == "live"
        return any(not live or each != _SIMULATOR for each in secrets.get("webhook_ids") or ())

    @classmethod
    @override
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether there are whole credentials."""
        return bool(secrets["api"].get("client_id") and secrets["api"].get("client_secret"))


class PayKickstartApi(ApiBody):
    """PayKickstart's API token, by which intervals are asked for."""

    auth_token: Secret | None = None


class PayKickstartConnection(ConnectionBody):
    """A vendor's account at PayKickstart: each of its campaigns signs with a secret of its own."""

    provider: Literal["paykickstart"]
    campaign_secrets: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,40}$")],
            Annotated[list[Secret], Field(min_length=1, max_length=2)] | None,
        ],
        Field(max_length=40),
    ] = Field(
        default_factory=dict,
        description="By campaign id: its secret, two while it is being rotated. A campaign left "
        "out stays as it is; null removes it.",
    )
    api: PayKickstartApi | None = Field(default=None, description="Null removes the token.")

    @override
    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return the campaigns' secrets and the token."""
        campaigns = {**(held.get("campaign_secrets") or {}), **self.campaign_secrets}
        kept = {name: secrets for name, secrets in campaigns.items() if secrets}
        return {**super().keep(held), "campaign_secrets": kept}

    @classmethod
    @override
    def opens(cls, secrets: Secrets) -> bool:
        """Say whether any campaign can be proved."""
        return bool(secrets.get("campaign_secrets"))

    @classmethod
    @override
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether there is a token."""
        return bool(secrets["api"].get("auth_token"))


class WooCommerceApi(Body):
    """A key of a shop's REST API; reading is enough."""

    url: Url | None = Field(
        default=None, description="The shop's address, with https: the key travels with each call."
    )
    consumer_key: Secret | None = None
    consumer_secret: Secret | None = None
    namespace: Literal["wc/v1", "wc/v2", "wc/v3"] | None = Field(
        default=None, description="wc/v3 where omitted; old sites may have another."
    )


class WooCommerceConnection(SignedConnection):
    """A shop with WooCommerce Subscriptions; its webhooks are best made for the API wc/v3."""

    provider: Literal["woocommerce"]
    signing_secrets: Annotated[list[WordPressSecret], Field(min_length=1, max_length=2)] = Field(
        default_factory=list,
        description="The webhooks' secret as WordPress shows it; two while it is being rotated.",
    )
    api: WooCommerceApi | None = Field(default=None, description="Null removes the API key.")

    @classmethod
    @override
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether there is an address with a whole key."""
        return all(secrets["api"].get(name) for name in ("url", "consumer_key", "consumer_secret"))


# One line per provider of shared.providers.catalogue; a test holds the two together.
CONNECTIONS: dict[str, type[ConnectionBody]] = {
    "activecampaign": ActiveCampaignConnection,
    "api": ApiStoreConnection,
    "paykickstart": PayKickstartConnection,
    "paypal": PayPalConnection,
    "stripe": StripeConnection,
    "woocommerce": WooCommerceConnection,
}


class AnyConnection(
    RootModel[
        ActiveCampaignConnection
        | ApiStoreConnection
        | PayKickstartConnection
        | PayPalConnection
        | StripeConnection
        | WooCommerceConnection
    ]
):
    """A connection of any provider."""
