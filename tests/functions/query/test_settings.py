"""Reading the settings: what holds where nothing was set."""

from __future__ import annotations

import pytest

from shared.domain.fields import FIELDS
from tests.support.api_client import ApiClient

DEFAULTS = {
    "timezone": "UTC",
    "currency": "USD",
    "locale": "en-US",
    "widget": list(FIELDS[:5]),
    "email": None,
}


@pytest.mark.parametrize(("local", "settle"), [(False, 20), (True, 2)])
def test_settings_nobody_has_made_have_defaults(local: bool, settle: int) -> None:
    assert ApiClient(local=local).get("/v1/settings").body == {**DEFAULTS, "settle": settle}
