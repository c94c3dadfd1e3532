"""What functions print, kept like everything else: in the journal, and for as long as AWS would.

MiniStack writes it past the requests that the journal sees, and never forgets any of it; each
invocation has a stream of its own there. It runs on the emulator's interpreter and must import
nothing of this checkout but the journal.
"""

from __future__ import annotations

import threading
import time
from importlib import import_module
from typing import Any

from infra.local.journal import Journal

_DAY_MS = 86_400_000


class LambdaLogs:
    """The lines of the functions, in MiniStack's log groups."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._group = threading.local()
        self._lambda: Any = import_module("ministack.services.lambda_svc")
        self._logs: Any = import_module("ministack.services.cloudwatch_logs")
        self._scopes: Any = import_module("ministack.core.responses")

    def follow(self) -> None:
        """Have each line be in the journal from now on."""
        emit, append = self._lambda._emit_lambda_logs, self._logs._append_log_events

        def emitted(func: dict[str, Any], *arguments: Any, **named: Any) -> None:
            settings = func.get("config") or func
            group = (settings.get("LoggingConfig") or {}).get("LogGroup")
            self._group.name = group or f"/aws/lambda/{settings.get('FunctionName', 'unknown')}"
            try:
                emit(func, *arguments, **named)
            finally:
                self._group.name = None

        def appended(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
            group = getattr(self._group, "name", None)
            account = [self._scopes.get_account_id(), self._scopes.get_region()]
            with self._journal.lock:
                append(stream, events)
                if group is not None:
                    self._journal.write({"log": [group, events, account]})

        self._lambda._emit_lambda_logs = emitted
        self._logs._append_log_events = appended

    def tell_again(self, group: str, events: list[dict[str, Any]], account: list[str]) -> None:
        """Append what a journal has of a group."""
        self._scopes._request_account_id.set(account[0])
        self._scopes._request_region.set(account[1])
        groups, now = self._logs._log_groups, int(time.time() * 1_000)
        if group not in groups:
            arn = self._logs._make_group_arn(group)
            groups[group] = {"arn": arn, "creationTime": now, "retentionInDays": None, "tags": {}}
            groups[group] |= {"subscriptionFilters": {}, "streams": {}}
        stream = {"uploadSequenceToken": "1", "creationTime": now, "events": []}
        stream |= dict.fromkeys(("firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime"))
        self._logs._append_log_events(
            groups[group]["streams"].setdefault(f"{now}-again", stream), events
        )

    def forget_the_old(self, now: int) -> None:
        """Remove the streams whose last line is older, at `now`, than their group's retention."""
        for _, group in list(self._logs._log_groups.all_items()):
            if (days := group["retentionInDays"]) is None:
                continue
            since = now - days * _DAY_MS
            for name, stream in list(group["streams"].items()):
                last = stream["lastEventTimestamp"]
                if last is not None and last < since:
                    del group["streams"][name]
