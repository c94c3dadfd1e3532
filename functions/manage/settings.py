"""Replacing the business's settings."""

from __future__ import annotations

from typing import Any, Protocol

from functions.manage.bodies import SettingsBody
from functions.manage.contention import settled
from shared.api.bodies import validated
from shared.domain import preferences
from shared.domain.ports import Reads, Write, Writes


class Store(Reads, Writes, Protocol):
    """Where the settings lie."""


def put_settings(values: dict[str, Any], *, store: Store, local: bool) -> dict[str, Any]:
    """Replace all settings and return them, defaults included. Raise Invalid for bad values."""
    said = validated(SettingsBody, values).model_dump(exclude_none=True)

    def write() -> dict[str, Any]:
        stored = store.read([preferences.NAME])[preferences.NAME]
        version = stored["version"] if stored else 0
        document = {**said, "version": version + 1}
        store.commit([Write(preferences.NAME, document, version)])
        return document

    return preferences.effective(settled(write), local=local)
