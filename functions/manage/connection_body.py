"""What all providers' connections have in common, and how their secrets are kept.

Secrets are write-only: they go to the parameter the door reads, never into the connection's
document. What is omitted stays, what is null goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.api.bodies import Body, Line, Word
from shared.domain import durations

Secrets = Mapping[str, Any]

_A_DAY = "PT24H"


def _duration(text: str) -> str:
    durations.milliseconds(text)
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("has to be an https URL")
    if parts.username is not None or parts.query or parts.fragment or "\\" in text:
        raise ValueError("may hold no user, query or fragment")
    return text.rstrip("/")


def _distinct(texts: list[str]) -> list[str]:
    if len(set(texts)) != len(texts):
        raise ValueError("names something twice")
    return texts


Secret = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[!-~]+$"),
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_url)]


class LateMatchBody(Body):
    """What becomes of changes that waited for their contact, once it appears."""

    policy: Literal["fire", "fire_if_newer_than", "silent"] = "fire_if_newer_than"
    duration: Annotated[Word, AfterValidator(_duration)] | None = Field(
        default=None, description="For `fire_if_newer_than`: ISO 8601, PT24H where omitted."
    )

    @model_validator(mode="after")
    def _fits(self) -> LateMatchBody:
        if self.duration is not None and self.policy != "fire_if_newer_than":
            raise ValueError("a duration belongs to fire_if_newer_than alone")
        return self

    def stored(self) -> dict[str, str | None]:
        """Return the policy with its duration filled in."""
        needed = self.policy == "fire_if_newer_than"
        return {"policy": self.policy, "duration": (self.duration or _A_DAY) if needed else None}


class ApiBody(Body):
    """A provider's API as a connection may reach it; what is omitted stays, null removes."""

    base_url: Url | None = Field(default=None, description="Instead of the provider's own.")


class ConnectionBody(Body):
    """What all providers' connections have in common, and how their secrets are kept."""

    provider: str
    name: Line | None = Field(default=None, description="The connection's id where omitted.")
    mode: Literal["live", "test"] = "live"
    resources: Annotated[
        list[Literal["subscriptions", "orders"]], Field(min_length=1), AfterValidator(_distinct)
    ] = Field(default=["subscriptions", "orders"])
    contact_policy: Literal["create", "match_only"] = "create"
    authority: Annotated[int, Field(ge=0, le=1000)] = 50
    role: Literal["source", "mirror"] = "source"
    late_match: LateMatchBody = LateMatchBody()
    verify: Literal["off", "daily", "weekly"] = Field(
        default="weekly",
        description="How often records are held against the provider's API; that repairs nothing.",
    )

    def keep(self, held: Secrets) -> dict[str, Any]:
        """Return the provider's own secrets after this body; `held` are those before it."""
        return {"api": self._api(held)}

    def stored(self, secrets: Secrets) -> dict[str, Any]:
        """Return the fields only this provider's connections have; `secrets` as they will be."""
        del secrets
        return {}

    @classmethod
    def opens(cls, secrets: Secrets) -> bool:
        """Say whether these secrets let the door prove anybody."""
        return bool(secrets.get("signing_secrets"))

    @classmethod
    def fetches(cls, secrets: Secrets) -> bool:
        """Say whether these secrets let the provider's API be asked."""
        return bool(secrets.get("api"))

    def _api(self, held: Secrets) -> dict[str, Any]:
        api = getattr(self, "api", None)
        if api is None:
            return {} if "api" in self.model_fields_set else dict(held.get("api") or {})
        sent = {name: getattr(api, name) for name in api.model_fields_set}
        kept = {**(held.get("api") or {}), **sent}
        return {name: value for name, value in kept.items() if value is not None}
