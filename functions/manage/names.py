"""The ids people choose for automations and endpoints: legible in paths, keys and logs."""

from __future__ import annotations

from shared.api.bodies import invalid
from shared.domain.webhooks import is_connection_id


def check_name(path: str, text: str) -> None:
    """Raise Invalid, naming `path`, unless the text is fit to be an id."""
    if not is_connection_id(text):
        raise invalid((path, "has to be 1 to 64 letters, digits, hyphens and underscores"))
