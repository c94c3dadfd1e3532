"""Snapshots of the emulator's state: every service of MiniStack in one file, whole or not at all.

Beside what MiniStack saves of itself, a snapshot has what it forgets: the changes of a table that
a reader of its stream has still to see. It runs on the emulator's interpreter.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any


class Snapshots:
    """The snapshot in `folder`, of what the modules of MiniStack hold."""

    def __init__(self, app: Any, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._file = folder / "snapshot.json"
        self._load_their_own = app._load_persisted_state
        self._persistence: Any = import_module("ministack.core.persistence")
        self._dynamodb: Any = import_module("ministack.services.dynamodb")
        self._lambda: Any = import_module("ministack.services.lambda_svc")
        self._sqs: Any = import_module("ministack.services.sqs")

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self._file.exists()

    def write(self, journal: int) -> Path:
        """Write the state as of the beginning of a journal, beside the snapshot in force.

        Whatever one service's state raises is raised: without it the snapshot would lose it all.
        """
        services = {"stream": self._encoded(self._stream())}
        for name, get_state in self._app._build_persistence_save_dict().items():
            state = get_state()
            if state is not None:
                services[name] = self._encoded(state)
        temporary = self._folder / f"snapshot-{os.getpid()}.tmp"
        # For its owner alone: connections' secrets are among the parameters.
        temporary.touch(mode=0o600)
        with temporary.open("w") as file:
            parts = ",".join(f'"{name}":{text}' for name, text in services.items())
            file.write(f'{{"journal":{journal},"services":{{{parts}}}}}')
            file.flush()
            os.fsync(file.fileno())
        return temporary

    def put_in_force(self, written: Path) -> None:
        """Have what was written be the snapshot from now on."""
        written.replace(self._file)

    def load(self) -> int:
        """Load the snapshot, or what MiniStack has saved itself before there was one.

        Return the first journal that is to be carried out on top of it.
        """
        for left in self._folder.glob("snapshot-*.tmp"):
            left.unlink()
        if not self.exists:
            self._load_their_own()
            self._begin_streams_where_readers_are()
            return 0
        found = json.loads(self._file.read_bytes(), object_hook=self._persistence._json_object_hook)
        services = found["services"]
        for name, module in self._app._state_map.items():
            if name in services:
                self._app._get_module(module).load_persisted_state(services[name])
        self._dynamodb._stream_records.update(services["stream"]["records"])
        self._dynamodb._stream_trimmed.update(services["stream"]["trimmed"])
        self._dynamodb._stream_seq_counter = services["stream"]["counter"]
        # A machine that was off for days has not let what nobody has read expire.
        off_seconds = max(0, round(time.time() - self._file.stat().st_mtime))
        self._dynamodb._STREAM_RETENTION_SECONDS += off_seconds
        self._let_go()
        return int(found["journal"])

    def _let_go(self) -> None:
        """Let messages be seen at once that were being worked on: nobody does any more."""
        now = time.time()
        for queue in self._sqs._queues.all_values():
            for message in queue["messages"]:
                if message["receive_count"]:
                    message["visible_at"] = min(message["visible_at"], now)

    def _begin_streams_where_readers_are(self) -> None:
        """Count a stream on from where its readers are: MiniStack's own save counts from zero."""
        for account, region, table, position in self._readers():
            trimmed = self._dynamodb._stream_trimmed
            before = trimmed.get_scoped(account, region, table, 0)
            trimmed.set_scoped(account, region, table, max(before, position))

    def _stream(self) -> dict[str, Any]:
        """Return the changes that a reader has still to see, and how they are counted."""
        read: dict[tuple[str, str, str], int] = {}
        for account, region, table, position in self._readers():
            key = account, region, table
            read[key] = min(position, read.get(key, position))
        records = self._dynamodb._stream_records
        kept, trimmed = type(records)(), type(records)()
        for key, changes in records.all_items():
            start = self._dynamodb._stream_trimmed.get_scoped(*key, 0)
            seen = min(len(changes), max(0, read.get(key, start) - start))
            kept.set_scoped(*key, changes[seen:])
            trimmed.set_scoped(*key, start + seen)
        return {
            "records": kept,
            "trimmed": trimmed,
            "counter": self._dynamodb._stream_seq_counter,
        }

    def _readers(self) -> Iterator[tuple[str, str, str, int]]:
        """Yield the account, region and table of each reader of a stream, and where it is."""
        mappings = {key[2]: esm for key, esm in self._lambda._esms.all_items()}
        for (account, region, mapping), at in self._lambda._dynamodb_stream_positions.all_items():
            if mapping in mappings:
                source = mappings[mapping]["EventSourceArn"]
                yield account, region, source.partition(":table/")[2].partition("/")[0], at

    def _encoded(self, state: Any) -> str:
        return json.dumps(state, default=self._persistence._json_default)
