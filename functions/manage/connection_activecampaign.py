"""An ActiveCampaign connection: a source of contacts, to which what is known here may go back.

What all connections have in common, and how secrets are kept, stands in `connection_body`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from functions.manage.connection_body import ApiBody, ConnectionBody, Secret, Secrets, Url
from shared.api.bodies import Body, invalid

# It stands in an address: nothing in it may mean something there, and nobody may guess it.
WebhookToken = Annotated[
    str, StringConstraints(min_length=16, max_length=200, pattern=r"^[A-Za-z0-9_.~-]+$")
]


class ActiveCampaignApi(ApiBody):
    """A token of ActiveCampaign's API, by which people are read, and written to if so wanted."""

    url: Url | None = Field(
        default=None, description="The account's API URL, as its settings show it for developers."
    )
    token: Secret | None = None


class WriteBackBody(Body):
    """What is written back to the account of what is known here; nothing where omitted."""

    recurring_payments: bool = Field(
        default=False,
        description="Every recurring payment of the other connections, as it is created and as it "
        "changes; mirrors and test mode left out.",
    )
    tags: bool = Field(
        default=False, description="Tags that automations and this API add or remove."
    )
    legacy_connection_id: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = Field(
        default=None,
        description="The id of the account's own ecommerce connection which the recurring payments "
        "shall belong to; needed for these.",
    )

    @model_validator(mode="after")
    def _fits(self) -> WriteBackBody:
        if self.recurring_payments and self.legacy_connection_id is None:
            raise ValueError("recurring_payments need a legacy_connection_id to belong to")
        return self


class ActiveCampaignConnection(ConnectionBody):
    """An ActiveCampaign account: a source of contacts, their tags and lists, and activity."""

    provider: Literal["activecampaign"]
    webhook_token: WebhookToken | None = Field(
        default=None,
        description="What webhooks carry as `?token=`; the one before it stays valid as well.",
    )
    api: ActiveCampaignApi | None = Field(default=None, description="Null removes the token.")
    write_back: WriteBackBody = WriteBackBody()

    @override
    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return the webhooks' tokens, the newest first, and the API's."""
        before = list(held.get("webhook_tokens") or [])
        sent = [] if self.webhook_token is None else [self.webhook_token]
        tokens = before if sent == before[:1] else [*sent, *before]
        return {**super().keep(held), "webhook_tokens": tokens[:2]}

    @override
    def stored(self, secrets: Secrets) -> dict[str, Any]:
        """Return what is written back. Raise Invalid where nothing can be."""
        wanted = self.write_back.model_dump()
        if (wanted["recurring_payments"] or wanted["tags"]) and not self.fetches(secrets):
            raise invalid(("write_back", "needs the account's API: send api.url and api.token"))
        # Whoever saves it may have mended what was refused: the next call tells.
        return {"write_back": wanted, "write_back_error": None}

    @classmethod
    @override
    def opens(cls, secrets: Secrets) -> bool:
        """Say whether webhooks can be told from anybody's posts."""
        return bool(secrets.get("webhook_tokens"))

    @classmethod
    @override
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether there is a token and an address to use it at."""
        return all(secrets["api"].get(name) for name in ("url", "token"))
