"""One JSON line per thing worth knowing, on standard output, where Lambda's log takes it up.

Doors need their start to be cheap, so this is no logging framework. Callers name ids, codes and
sizes; a line must never hold a body, a header, an email or a secret.
"""

from __future__ import annotations

import json
import sys
import time

NAMESPACE = "paysignal"
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def log(event: str, **fields: object) -> None:
    """Write one line that says `event` happened, with the fields that tell which one."""
    _write({"event": event, **fields})


def count(metric: str, **fields: object) -> None:
    """Count one occurrence of `metric` in CloudWatch, by a line in embedded metric format.

    The fields stay fields of the log line, for Logs Insights: as dimensions, every combination of
    them would be billed as a metric of its own, and an alarm would have to name each.
    """
    unit = {"Name": metric, "Unit": "Count"}
    directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": [unit]}
    metadata = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    _write({"event": metric, **fields, metric: 1, "_aws": metadata})


def _write(line: dict[str, object]) -> None:
    sys.stdout.write(_encode(line) + "\n")
    sys.stdout.flush()
