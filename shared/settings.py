"""What each Lambda reads from its environment, read once and completely.

One class per Lambda names exactly the variables it needs, so that a missing one stops the deploy's
first start with *all* faults in one message, not the third event with one of them. A field's name
is its variable's name in small letters; values are frozen. Plain classes on purpose: `dataclasses`
would cost every door 10 ms of start. Secrets are never settings; they lie in SSM.
"""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
_DEFAULTS = {"MODE_LOCAL": "0", "LOG_LEVEL": "INFO"}


class BadSettings(ValueError):
    """The environment lacks or misspells variables; the message names every one of them."""


class Settings:
    """The variables every Lambda has; the subclasses add their own."""

    mode_local: bool
    log_level: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings of `environ`. Raise BadSettings naming all missing and bad ones."""
        settings, faults = cls(), []
        for name, kind in cls._fields().items():
            text = environ.get(name.upper(), "").strip() or _DEFAULTS.get(name.upper(), "")
            value = _parse(name, kind, text)
            if value is None:
                faults.append(f"{name.upper()} is {'not valid' if text else 'missing'}")
            else:
                object.__setattr__(settings, name, value)
        if faults:
            raise BadSettings(f"{cls.__name__}: " + ", ".join(faults))
        return settings

    @classmethod
    def _fields(cls) -> dict[str, str]:
        fields: dict[str, str] = {}
        for part in reversed(cls.__mro__):
            fields.update(getattr(part, "__annotations__", {}))
        return fields

    if not TYPE_CHECKING:  # `typing.override`, which mypy wants here, is younger than Python 3.11.

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{type(self).__name__} is frozen")


def _parse(name: str, kind: str, text: str) -> str | int | bool | None:
    """Return the value as its field wants it; None where it is missing or makes no sense."""
    if kind == "bool":
        return {"0": False, "1": True}.get(text)
    if kind == "int":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if name.endswith("_url"):
        return text if text.startswith(("https://", "http://")) else None
    if name.endswith("_prefix"):
        return text if text.startswith("/") and not text.endswith("/") else None
    if name.endswith("_hosts"):
        return text  # A list, which may be empty.
    if name == "log_level":
        return text if text in LOG_LEVELS else None
    return text or None


class DoorSettings(Settings):
    """A door: where the secrets lie, and the queue its events go to."""

    events_queue_url: str
    bodies_bucket: str
    parameter_prefix: str
    config_cache_seconds: int


class ProcessSettings(Settings):
    """`process_events`: the table, and every queue it reads, feeds or parks on."""

    table_name: str
    events_queue_url: str
    events_dlq_url: str
    history_queue_url: str
    calls_queue_url: str
    bodies_bucket: str
    log_bucket: str


class CallSettings(Settings):
    """`call_providers`: the API keys in SSM, and the queues the answers return through."""

    table_name: str
    events_queue_url: str
    history_queue_url: str
    bodies_bucket: str
    parameter_prefix: str


class QuerySettings(Settings):
    """`query`: the table and both buckets, to read; large answers lie in the change log's."""

    table_name: str
    log_bucket: str
    bodies_bucket: str
    config_cache_seconds: int


class ManageSettings(Settings):
    """`manage`: the configuration's writer, which also queues retries and API stores' payments."""

    table_name: str
    parameter_prefix: str
    endpoint_prefix: str
    events_queue_url: str
    history_queue_url: str
    automations_queue_url: str
    bodies_bucket: str
    log_bucket: str
    backtest_function: str
    config_cache_seconds: int


class BacktestSettings(Settings):
    """`backtest`: the table, where jobs are, and the change log's bucket, to read."""

    table_name: str
    log_bucket: str


class FireSettings(Settings):
    """`fire_triggers`: the table whose stream it reads, the queues and the bus it tells."""

    table_name: str
    automations_queue_url: str
    calls_queue_url: str
    bus_name: str
    config_cache_seconds: int


class RunSettings(Settings):
    """`run_automations`: the table, its own queue, the bus, and where endpoints' secrets lie.

    `api_hosts` are our API's own hosts, with commas between: nothing is posted there.
    """

    table_name: str
    automations_queue_url: str
    bus_name: str
    endpoint_prefix: str
    api_hosts: str
    config_cache_seconds: int


class RecordSettings(Settings):
    """`record_changes`: the bucket of the change log."""

    log_bucket: str


class CompactSettings(Settings):
    """`compact_changes`: the bucket of the change log, which it tidies."""

    log_bucket: str


class WatchSettings(Settings):
    """`watch_dates`: the table, the change log's bucket, and whom it asks for what was missed."""

    table_name: str
    log_bucket: str
    calls_queue_url: str
    history_queue_url: str


class WakeSettings(Settings):
    """`wake_due`: the due-index, and the queues that what is due goes to."""

    table_name: str
    automations_queue_url: str
    calls_queue_url: str
