"""Settings: everything is there, or one error says all that is not."""

from __future__ import annotations

import pytest

from shared.settings import (
    BadSettings,
    CallSettings,
    DoorSettings,
    ManageSettings,
    ProcessSettings,
    QuerySettings,
    RunSettings,
    Settings,
    WakeSettings,
)

_ENVIRON = {
    "TABLE_NAME": "paysignal",
    "EVENTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/111122223333/events.fifo",
    "EVENTS_DLQ_URL": "https://sqs.eu-central-1.amazonaws.com/111122223333/events-dead.fifo",
    "HISTORY_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/111122223333/history",
    "CALLS_QUEUE_URL": "http://127.0.0.1:4566/000000000000/calls",
    "AUTOMATIONS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/111122223333/automations",
    "BODIES_BUCKET": "bodies",
    "LOG_BUCKET": "log",
    "BACKTEST_FUNCTION": "backtest",
    "BUS_NAME": "paysignal",
    "PARAMETER_PREFIX": "/paysignal/connections",
    "ENDPOINT_PREFIX": "/paysignal/endpoints",
    "API_HOSTS": "pay.example.com,api.example.com",
    "CONFIG_CACHE_SECONDS": "60",
}
_ALL = (
    DoorSettings,
    ProcessSettings,
    CallSettings,
    QuerySettings,
    ManageSettings,
    RunSettings,
    WakeSettings,
)


@pytest.mark.parametrize("kind", _ALL)
def test_complete_environment_is_read_into_typed_values(kind: type[Settings]) -> None:
    settings = kind.read(_ENVIRON)

    for name in kind.__annotations__:
        wanted = _ENVIRON[name.upper()]
        assert getattr(settings, name) == (int(wanted) if wanted.isdigit() else wanted)
    assert (settings.mode_local, settings.log_level) == (False, "INFO")


@pytest.mark.parametrize("kind", _ALL)
def test_all_missing_variables_are_named_at_once(kind: type[Settings]) -> None:
    with pytest.raises(BadSettings) as raised:
        kind.read({})

    for name in set(kind.__annotations__) - {"api_hosts"}:
        assert f"{name.upper()} is missing" in str(raised.value)


def test_an_api_may_have_no_host_yet() -> None:
    environ = {name: each for name, each in _ENVIRON.items() if name != "API_HOSTS"}

    assert RunSettings.read(environ).api_hosts == ""


def test_each_lambda_asks_only_for_what_it_is_given() -> None:
    """A door that could name the table would be one step from writing to it."""
    needed = {kind: set(kind.__annotations__) for kind in _ALL}

    assert "table_name" not in needed[DoorSettings]
    assert "parameter_prefix" not in needed[ProcessSettings] | needed[QuerySettings]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVENTS_QUEUE_URL", "events.fifo"),
        ("EVENTS_QUEUE_URL", "ftp://example.com/events.fifo"),
        ("PARAMETER_PREFIX", "paysignal"),
        ("PARAMETER_PREFIX", "/paysignal/"),
        ("CONFIG_CACHE_SECONDS", "a minute"),
        ("CONFIG_CACHE_SECONDS", "-1"),
        ("CONFIG_CACHE_SECONDS", "1.5"),
        ("CONFIG_CACHE_SECONDS", "\u0661"),
        ("CONFIG_CACHE_SECONDS", "9" * 5_000),
        ("MODE_LOCAL", "yes"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_value_that_makes_no_sense_is_named_but_not_quoted(name: str, value: str) -> None:
    with pytest.raises(BadSettings) as raised:
        DoorSettings.read({**_ENVIRON, name: value})

    assert str(raised.value) == f"DoorSettings: {name} is not valid"


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_blank_is_missing(blank: str) -> None:
    with pytest.raises(BadSettings, match="BODIES_BUCKET is missing"):
        DoorSettings.read({**_ENVIRON, "BODIES_BUCKET": blank})


def test_local_mode_is_only_ever_asked_for() -> None:
    assert DoorSettings.read({**_ENVIRON, "MODE_LOCAL": "1"}).mode_local is True
    assert DoorSettings.read({**_ENVIRON, "MODE_LOCAL": "0"}).mode_local is False


def test_settings_are_frozen() -> None:
    settings = DoorSettings.read(_ENVIRON)

    with pytest.raises(AttributeError, match="frozen"):
        settings.bodies_bucket = "elsewhere"
