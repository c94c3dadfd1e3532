"""The emulator made durable: MiniStack's server, run with a journal and snapshots of its state.

MiniStack keeps its state in memory and writes it on a clean stop only. Run by this file, no item,
message or parameter that it has answered for is lost when it is killed:

    request ── carried out ── one line in the journal ── answered
                     every few seconds: a forked child writes a snapshot; older journals go

Settings and code, tables and their backups among them, are in no journal: each change of them has
a snapshot written at once, and is safe when that is in force, a moment after its answer.

A start loads the newest snapshot and carries out what the journals have on top of it: the table is
what it was to the last write, and queues have their messages again, some of them a second time. A
fork sees the memory as of one moment between two requests, so a message is never gone from its
queue while what came of it is not in the table yet.

It runs on the emulator's own interpreter, as a file, and must import nothing of this checkout but
what lies beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))
from infra.local.child import Child
from infra.local.journal import Journal
from infra.local.lambda_logs import LambdaLogs
from infra.local.snapshots import Snapshots

sys.path.pop()

_WRITES = {
    "dynamodb": ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
    "sqs": ("SendMessage", "SendMessageBatch"),
    "ssm": ("PutParameter", "DeleteParameter", "DeleteParameters"),
}
# Of the same services; a message that is received or gone at a kill comes a second time.
_READS = (
    *("Describe", "List", "Get", "Query", "Scan", "BatchGet", "TransactGet"),
    *("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"),
)
# Requests of these change nothing that only a snapshot would keep.
_KEPT_OTHERWISE = ("", "execute-api", "logs", "monitoring", "s3", "sts")
_REAPER = "dynamodb-ttl-reaper"
# How many entries it carries out again between two signs that it is at work.
_SIGN_EVERY = 1_000
# Whoever starts it knows when it hangs; the server must not give up on a long recovery.
_STARTUP_SECONDS_MAX = 86_400
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
        self._logs = LambdaLogs(self._journal)
        self._scopes: Any = import_module("ministack.core.responses")
        self._start_polling = self._lambda._ensure_poller
        self._unjournalled = {name: each.handle_request for name, each in self._services.items()}
        self._clean = True
        self._serve = app.app
        self._since = 0
        self._then: int | None = None
        self._touched = False
        self._child = Child()
        self._process = os.getpid()
        self._alive = folder / "alive"
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
        self._logs.follow()
        self._follow_reaper()
        self._date_changes()
        import_module("hypercorn.config").Config.startup_timeout = _STARTUP_SECONDS_MAX

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
                self._journal.write({"call": call, "at": int(time.time())})
            return answer

        return handle_request

    def _follow_reaper(self) -> None:
        """Have what has expired gone on a start as well: something may have taken its place."""
        remove = self._services["dynamodb"]._remove_item

        def removed(table: dict[str, Any], *key: str) -> Any:
            if threading.current_thread().name != _REAPER:
                return remove(table, *key)
            if not self._journal.is_open:
                return None  # what is being carried out again may still ask for it
            expired = [table["TableArn"], key]
            self._journal.write({"expired": expired, "at": int(time.time())})
            return remove(table, *key)

        self._services["dynamodb"]._remove_item = removed

    def _date_changes(self) -> None:
        """Have what is carried out again stand in the stream with the time it was first done."""
        build = self._services["dynamodb"]._build_change_record

        def dated(*change: Any) -> Any:
            record = build(*change)
            if self._then is not None:
                record["dynamodb"]["ApproximateCreationDateTime"] = self._then
            return record

        self._services["dynamodb"]._build_change_record = dated

    def _save(self) -> None:
        """Write everything down on a clean stop."""
        self._child.kill()
        number = self._journal.turn()
        self._snapshots.put_in_force(self._snapshots.write(number))
        self._journal.close()
        self._journal.drop(number + 1)
        self._stopped.touch()

    @contextlib.contextmanager
    def _turned(self) -> Iterator[int]:
        """Begin a journal; hold it, and whatever another thread may be about to change."""
        with (
            self._services["sqs"]._queues_lock,
            self._services["dynamodb"]._lock,
            self._lambda._dynamodb_stream_positions_lock,
            self._journal.lock,  # the last: lines are written while others are held
        ):
            yield self._journal.turn()

    def _snapshot(self, number: int) -> None:
        """Write a snapshot as the child, and drop the journals it has."""
        written = self._snapshots.write(number)
        if os.getppid() == self._process:  # else another emulator may be at work here by now
            self._snapshots.put_in_force(written)
            self._journal.drop(number)

    # While it runs

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._serve(scope, receive, self._announced(send))
            return
        try:
            await self._serve(scope, receive, send)
        finally:  # not before: a snapshot taken meanwhile may lack it
            if scope["type"] == "http":
                self._touched |= _changes_the_stack(scope)

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
            self._child.look_after()
            if self._child.due(urgent=self._touched, worth=self._journal.entries > 0):
                self._touched = False
                self._logs.forget_the_old(int(time.time() * 1_000))
                self._child.begin(self._snapshot, self._turned())

    # What is read

    def _load(self) -> None:
        left = bool(self._journal.on_disk()) or self._snapshots.exists
        self._clean = self._stopped.exists() or not left
        self._stopped.unlink(missing_ok=True)
        self._alive.touch()
        self._since = self._snapshots.load()

    async def _recover(self) -> None:
        """Carry out again what was carried out after the snapshot, and say how it began."""
        done = failed = 0
        for place, entry in enumerate(self._journal.read(self._since)):
            if place % _SIGN_EVERY == 0:
                self._alive.touch()
            self._then = entry.get("at") if entry else None
            if entry is None:
                failed += 1
            elif "log" in entry:
                self._logs.tell_again(*entry["log"])
            elif "expired" in entry:
                self._expire_again(*entry["expired"])
            elif await self._again(*entry["call"]):
                done += 1
            else:
                failed += 1
        self._then = None
        self._journal.turn()
        self._touched = bool(done or failed)
        said = {"clean": self._clean, "done": done, "failed": failed}
        (self._folder / "start.json").write_text(json.dumps(said))

    async def _again(
        self, service: str, method: str, path: str, headers: Any, body: str, account: list[str]
    ) -> bool:
        self._scopes._request_account_id.set(account[0])
        self._scopes._request_region.set(account[1])
        answer = await self._unjournalled[service](method, path, headers, body.encode(), {})
        return bool(answer[0] == 200)

    def _expire_again(self, arn: str, key: list[str]) -> None:
        _, _, _, region, account, name = arn.split(":", 5)
        dynamodb = self._services["dynamodb"]
        table = dynamodb._tables.get_scoped(account, region, name.removeprefix("table/"))
        if table is not None:
            dynamodb._remove_item(table, *key)


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
    action = target.rpartition(".")[2]
    if service in _WRITES:
        return action not in _WRITES[service] and not action.startswith(_READS)
    return not path.endswith("/invocations") and action != "PutEvents"


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
