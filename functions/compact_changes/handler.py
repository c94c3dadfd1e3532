"""The Lambda that tidies the change log, every quarter of an hour and whenever it is asked to."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from functions.compact_changes.compact import Compactor
from shared.adapters.objects import Objects
from shared.adapters.parquet import Merger
from shared.observability import count, log
from shared.settings import CompactSettings

# Of the 2,048 MB the Lambda has: besides, a file is held whole while it is fetched or stored.
_MEMORY_MB = 1200
# The longest round: a base of many million rows written anew.
_ROUND_MS = 300_000

_settings = CompactSettings.read(os.environ)
_folder = tempfile.TemporaryDirectory(prefix="compact-")
_compactor = Compactor(
    objects=Objects.from_environment(_settings.log_bucket, os.environ),
    merger=Merger(Path(_folder.name), memory_mb=_MEMORY_MB),
    folder=Path(_folder.name),
    clock=lambda: time.time_ns() // 1_000_000,
    chance=lambda: secrets.token_hex(4),
)


def handler(event: object, context: Any) -> dict[str, Any]:
    """Tidy until all is tidy or the time is short; answer what was done."""
    del event
    left = int(context.get_remaining_time_in_millis())
    done = asdict(_compactor.run(time.time_ns() // 1_000_000 + left - _ROUND_MS))
    log("compacted", **done)
    if done["unreadable"]:
        # An alarm of its own would cost more than it says: this one is looked into anyway.
        count("Quarantined", tails=done["unreadable"])
    return done
