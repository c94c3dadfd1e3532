"""Replacing the business's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from functions.manage.bodies import SettingsBody
from functions.manage.contention import settled
from shared.api.bodies import validated
from shared.domain import mails, preferences
from shared.domain.ports import Reads, Write, Writes


class Store(Reads, Writes, Protocol):
    """Where the settings lie."""


class Secrets(Protocol):
    """Where the key lies that signs links."""

    def create(self, endpoint_id: str, secrets: Mapping[str, Any]) -> bool:
        """Make the secrets of that name; return whether there were none."""


def put_settings(
    values: dict[str, Any],
    *,
    store: Store,
    secrets: Secrets,
    new_secret: Callable[[], str],
    local: bool,
) -> dict[str, Any]:
    """Replace all settings and return them, defaults included. Raise Invalid for bad values.

    Where emails may be sent from now on, the key that signs their links is made, once for ever.
    """
    said = validated(SettingsBody, values).model_dump(exclude_none=True, by_alias=True)
    if said.get("email"):
        secrets.create(mails.KEY_ID, {"key": new_secret()})

    def write() -> dict[str, Any]:
        stored = store.read([preferences.NAME])[preferences.NAME]
        version = stored["version"] if stored else 0
        document = {**said, "version": version + 1}
        store.commit([Write(preferences.NAME, document, version)])
        return document

    return preferences.effective(settled(write), local=local)
