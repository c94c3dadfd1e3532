"""The business's settings: what holds where nothing was set."""

from __future__ import annotations

from shared.domain import preferences


def test_what_was_never_set_has_its_default() -> None:
    found = preferences.effective({"currency": "EUR", "settle": 0, "version": 3}, local=False)

    assert (found["currency"], found["settle"], found["timezone"]) == ("EUR", 0, "UTC")
    assert "version" not in found


def test_a_local_run_settles_sooner_unless_told_otherwise() -> None:
    assert preferences.effective(None, local=True)["settle"] == 2
    assert preferences.effective({"settle": 30}, local=True)["settle"] == 30
