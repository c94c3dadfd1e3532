"""A table made anew from a backup or from a moment of the past, and made like the one it replaces.

AWS restores items and indexes into a table of another name, and nothing else: expiry, stream,
point-in-time recovery and protection have to be set again. Each thing is looked at before it is
done, so whatever was interrupted is gone on with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.aws import Aws
from infra.cli.command import CliError

# Between the name of the stack's own table and what tells its restored ones apart.
MARK = "--"
_TTL = "expires_at"
_VIEW = "NEW_AND_OLD_IMAGES"
_NOTE = "paysignal:"
_SOURCE = "restored-from"
_LONGEST_NOTE = 256
_POLL_SECONDS = 5.0
_TOLD_EVERY = 12


class Tables:
    """The tables of one account; `sleep` waits between two looks at what AWS is doing."""

    def __init__(
        self,
        aws: Aws,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._client = aws.dynamodb
        self._say = say
        # The emulator is done at once, and keeps no past to restore from.
        self._emulated = aws.endpoint_url is not None
        self._sleep = sleep

    def exists(self, name: str) -> bool:
        """Tell whether there is such a table, ready or on its way."""
        return self._description(name) is not None

    def make(self, source: str, target: str, *, at: int | None, backup: str | None) -> None:
        """Restore what `source` was at a time (ms), or a backup, into `target`, and wait.

        Of a time before `source` itself was restored, the table has the past that was in use then.
        What is there already is waited for. Raise CliError where it cannot be restored.
        """
        if not self.exists(target):
            if backup is not None:
                self._client.restore_table_from_backup(TargetTableName=target, BackupArn=backup)
            elif self._emulated:
                raise CliError(
                    "The emulator keeps no past. Name a backup: ./paysignal backup --list"
                )
            else:
                self._client.restore_table_to_point_in_time(
                    SourceTableName=self.with_past(source, at or 0),
                    TargetTableName=target,
                    RestoreDateTime=datetime.fromtimestamp((at or 0) / 1000, UTC),
                )
        self._wait(target)
        self.note(target, _SOURCE, source)

    def source_of(self, target: str) -> str | None:
        """Return the table that a restored one took the place of, None for one not restored."""
        return self.noted(target, _SOURCE)

    def note(self, table: str, word: str, value: str) -> None:
        """Note something on a table, of as many characters as a tag has."""
        tags: Any = [{"Key": f"{_NOTE}{word}", "Value": value[:_LONGEST_NOTE]}]
        self._client.tag_resource(ResourceArn=self._ready(table)["TableArn"], Tags=tags)

    def noted(self, table: str, word: str) -> str | None:
        """Return what was noted on a table, None where that was nothing."""
        tags = self._client.list_tags_of_resource(ResourceArn=self._ready(table)["TableArn"])
        found = [each["Value"] for each in tags.get("Tags", []) if each["Key"] == f"{_NOTE}{word}"]
        return found[0] if found else None

    def lineage(self, table: str) -> list[str]:
        """Return a table and those it took the place of, one after another, that are there yet."""
        found: list[str] = []
        following: str | None = table
        while following is not None and following not in found and self.exists(following):
            found.append(following)
            following = self.source_of(following)
        return found

    def window(self, table: str) -> tuple[int, int] | None:
        """Return from when to when (ms) a table's past can be had, None where it has none."""
        if self._emulated:
            return None
        told = self._client.describe_continuous_backups(TableName=table)
        state: Any = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        edges = [state.get(f"{edge}RestorableDateTime") for edge in ("Earliest", "Latest")]
        if None in edges:
            return None
        first, last = (int(each.timestamp() * 1000) for each in edges)
        return first, last

    def with_past(self, table: str, at: int) -> str:
        """Return which table to restore a time (ms) from: the newest in use that has it.

        Raise CliError where none has.
        """
        lineage = self.lineage(table)
        for each in lineage:
            window = self.window(each)
            if window is not None and window[0] <= at <= window[1]:
                return each
        raise CliError(
            f"None of {', '.join(lineage)} has that moment. What there is to restore from: "
            "./paysignal backup --list, with --aws where the stack is there"
        )

    def moment(self, *, at: int | None, backup: str | None) -> int:
        """Return from when (ms) a restored table is; 0 where nobody can tell any more."""
        if backup is None:
            return at or 0
        try:
            told = self._client.describe_backup(BackupArn=backup)["BackupDescription"]
        except self._client.exceptions.BackupNotFoundException:
            return 0
        return int(told["BackupDetails"]["BackupCreationDateTime"].timestamp() * 1000)

    def settle(self, target: str) -> str:
        """Give a restored table what restoring leaves out; return the ARN of its stream."""
        table = self._ready(target)
        if not table.get("StreamSpecification", {}).get("StreamEnabled"):
            stream: Any = {"StreamEnabled": True, "StreamViewType": _VIEW}
            self._client.update_table(TableName=target, StreamSpecification=stream)
            self._wait(target)
        if not table.get("DeletionProtectionEnabled"):
            self._client.update_table(TableName=target, DeletionProtectionEnabled=True)
            self._wait(target)
        expiry = self._client.describe_time_to_live(TableName=target)["TimeToLiveDescription"]
        if expiry.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            specification: Any = {"Enabled": True, "AttributeName": _TTL}
            self._client.update_time_to_live(
                TableName=target, TimeToLiveSpecification=specification
            )
        if not self._recovers(target):
            recovery: Any = {"PointInTimeRecoveryEnabled": True}
            self._client.update_continuous_backups(
                TableName=target, PointInTimeRecoverySpecification=recovery
            )
        return str(self._ready(target)["LatestStreamArn"])

    def _recovers(self, name: str) -> bool:
        told = self._client.describe_continuous_backups(TableName=name)
        state: Any = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return bool(state.get("PointInTimeRecoveryStatus") == "ENABLED")

    def _wait(self, name: str) -> None:
        polls = 0
        while (status := self._ready(name)["TableStatus"]) != "ACTIVE":
            if polls % _TOLD_EVERY == 0:
                self._say(f"{name} is {status}, for {int(polls * _POLL_SECONDS) // 60} minutes")
            polls += 1
            self._sleep(_POLL_SECONDS)

    def _ready(self, name: str) -> Any:
        found = self._description(name)
        if found is None:
            raise CliError(f"There is no table {name}.")
        return found

    def _description(self, name: str) -> Any:
        try:
            return self._client.describe_table(TableName=name)["Table"]
        except self._client.exceptions.ResourceNotFoundException:
            return None


def target_of(source: str, *, at: int | None, backup: str | None) -> str:
    """Return the name of the table that this restores to: the same for the same restore."""
    if backup is not None:
        mark = backup.rpartition("/")[2]
    else:
        mark = datetime.fromtimestamp((at or 0) / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{source.partition(MARK)[0]}{MARK}{mark}"
