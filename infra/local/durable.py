"""The emulator made durable: MiniStack's server, run with a journal and snapshots of its state.

MiniStack keeps its state in memory and writes it on a clean stop only. Run by this file, nothing
that it has answered is lost when it is killed:

    request ── carried out ── one line in the journal ── answered
                     every few seconds: a forked child writes a snapshot; older journals go

A start loads the newest snapshot and carries out what the journals have on top of it: the table is
what it was to the last write, and queues have their messages again, some of them a second time. A
fork sees the memory as of one moment between two requests, so a message is never gone from its
queue while what came of it is not in the table yet.

It runs on the emulator's own interpreter, as a file, and must import nothing of this checkout but
the journal and the snapshots beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))
from infra.local.journal import Journal
from infra.local.snapshots import Snapshots

sys.path.pop()

# What a journal may come to before the next snapshot: it is carried out again on a start.
_SNAPSHOT_EVERY_SECONDS = 5.0
_CHILD_SECONDS_MAX = 60.0
_WRITES = {
    "dynamodb": ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
    "sqs": ("SendMessage", "SendMessageBatch"),
    "ssm": ("PutParameter", "DeleteParameter", "DeleteParameters"),
}
# Requests of these change nothing that only a snapshot would keep.
_KEPT_OTHERWISE = ("", *_WRITES, "execute-api", "logs", "monitoring", "s3", "sts")
_HEADERS = ("content-type", "host", "x-amz-target")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Durable:
    """MiniStack with its state kept in `folder`."""

    def __init__(self, app: Any, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._snapshots = Snapshots(app, folder)
        self._stopped = folder / "stopped"
        self._journal = Journal(folder)
        self._services: dict[str, Any] = {
            name: import_module(f"ministack.services.{name}") for name in _WRITES
        }
        self._lambda: Any = import_module("ministack.services.lambda_svc")
        self._logs: Any = import_module("ministack.services.cloudwatch_logs")
        self._scopes: Any = import_module("ministack.core.responses")
        self._start_polling = self._lambda._ensure_poller
        self._unjournalled = {name: each.handle_request for name, each in self._services.items()}
        self._clean = True
        self._group = threading.local()
        self._serve = app.app
        self._since = 0
        self._touched = False
        self._child: tuple[int, float] | None = None
        self._snapshot_at = 0.0
        self._keeping: asyncio.Task[None] | None = None

    def install(self) -> None:
        """Take the place of what MiniStack does about its state."""
        self._app._load_persisted_state = self._load
        self._app.save_all = lambda services: self._save()
        self._app.app = self._served
        # Messages must not be handed to functions that cannot reach their services yet.
        self._lambda._ensure_poller = lambda: None
        for name, module in self._services.items():
            module.handle_request = self._journalled(name, self._unjournalled[name])
        self._follow_logs()

    # What is written

    def _journalled(self, service: str, carry_out: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Any
        ) -> Any:
            answer = await carry_out(method, path, headers, body, query)
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            # Nothing comes between the two: both run on the one loop that serves requests.
            if action in _WRITES[service] and answer[0] == 200:
                kept = {name: headers[name] for name in _HEADERS if name in headers}
                account = [self._scopes.get_account_id(), self._scopes.get_region()]
                call = [service, method, path, kept, body.decode(), account]
                self._journal.write({"call": call})
            return answer

        return handle_request

    def _follow_logs(self) -> None:
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

    def _save(self) -> None:
        """Write everything down on a clean stop."""
        if self._child is not None:
            os.kill(self._child[0], signal.SIGKILL)
            os.waitpid(self._child[0], 0)
        with self._locked():
            number = self._journal.turn()
        self._snapshots.put_in_force(self._snapshots.write(number))
        self._journal.close()
        self._journal.drop(number + 1)
        self._stopped.touch()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold whatever another thread may be about to change, the journal with it."""
        with (
            self._journal.lock,
            self._services["sqs"]._queues_lock,
            self._services["dynamodb"]._lock,
            self._lambda._dynamodb_stream_positions_lock,
        ):
            yield

    # While it runs

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._serve(scope, receive, self._announced(send))
            return
        if scope["type"] == "http":
            self._touched |= _changes_the_stack(scope)
        await self._serve(scope, receive, send)

    def _announced(self, send: Send) -> Send:
        async def announce(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self._recover()
                self._keeping = asyncio.create_task(self._keep())
            await send(message)

        return announce

    async def _keep(self) -> None:
        """Let functions be invoked once they can answer, and take snapshots from then on."""
        await self._app._wait_for_port(int(self._app._resolve_port()))
        self._lambda._ensure_poller = self._start_polling
        if self._lambda._esms.has_any():
            self._start_polling()
        while True:
            await asyncio.sleep(1)
            self._look_after_child()
            waited = time.monotonic() - self._snapshot_at
            worth = self._journal.entries and waited > _SNAPSHOT_EVERY_SECONDS
            if self._child is None and (worth or self._touched):
                self._fork()

    def _fork(self) -> None:
        self._touched, self._snapshot_at = False, time.monotonic()
        parent = os.getpid()
        with self._locked():
            number = self._journal.turn()
            child = os.fork()
        if child:
            self._child = child, time.monotonic()
            return
        status = 1
        try:
            os.nice(10)
            os.closerange(3, 4096)
            written = self._snapshots.write(number)
            if os.getppid() == parent:  # else another emulator may be at work here by now
                self._snapshots.put_in_force(written)
                self._journal.drop(number)
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)

    def _look_after_child(self) -> None:
        if self._child is None:
            return
        pid, began = self._child
        if os.waitpid(pid, os.WNOHANG)[0]:
            self._child = None
        elif time.monotonic() - began > _CHILD_SECONDS_MAX:
            os.kill(pid, signal.SIGKILL)

    # What is read

    def _load(self) -> None:
        left = bool(self._journal.on_disk()) or self._snapshots.exists
        self._clean = self._stopped.exists() or not left
        self._stopped.unlink(missing_ok=True)
        self._since = self._snapshots.load()

    async def _recover(self) -> None:
        """Carry out again what was carried out after the snapshot, and say how it began."""
        done = failed = 0
        for entry in self._journal.read(self._since):
            if "call" in entry:
                done += 1
                failed += not await self._again(*entry["call"])
            else:
                self._tell_again(*entry["log"])
        self._journal.turn()
        self._touched = bool(done)
        said = {"clean": self._clean, "done": done, "failed": failed}
        (self._folder / "start.json").write_text(json.dumps(said))

    async def _again(
        self, service: str, method: str, path: str, headers: Any, body: str, account: list[str]
    ) -> bool:
        self._as(account)
        answer = await self._unjournalled[service](method, path, headers, body.encode(), {})
        return bool(answer[0] == 200)

    def _tell_again(self, group: str, events: list[dict[str, Any]], account: list[str]) -> None:
        self._as(account)
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

    def _as(self, account: list[str]) -> None:
        self._scopes._request_account_id.set(account[0])
        self._scopes._request_region.set(account[1])


def _changes_the_stack(scope: Scope) -> bool:
    """Tell whether a request may change what only a snapshot keeps: settings and code."""
    headers = dict(scope["headers"])
    # Of "AWS4-HMAC-SHA256 Credential=<key>/<day>/<region>/<service>/aws4_request, …"
    signed = headers.get(b"authorization", b"").decode("latin-1").split("/")
    service = signed[3] if len(signed) > 3 else ""
    path: str = scope["path"]
    if service == "s3":
        return scope["method"] != "GET" and path.count("/") == 1
    if service in _KEPT_OTHERWISE or scope["method"] == "GET":
        return False
    target: str = headers.get(b"x-amz-target", b"").decode("latin-1")
    return not path.endswith("/invocations") and not target.endswith(".PutEvents")


def main() -> None:
    """Run MiniStack as it runs itself, with its state kept."""
    # What comes after the file only tells a person, and us, what this process is.
    del sys.argv[1:]
    folder = Path(os.environ["STATE_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    app = import_module("ministack.app")
    Durable(app, folder).install()
    app.main()


if __name__ == "__main__":
    main()
