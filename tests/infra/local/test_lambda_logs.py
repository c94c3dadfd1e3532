"""What functions print, with MiniStack's log groups as dictionaries."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import lambda_logs
from infra.local.journal import Journal
from infra.local.lambda_logs import LambdaLogs

GROUP = "/aws/lambda/query"
DAY = 86_400_000
LINE = {"timestamp": 1, "message": "said", "ingestionTime": 1}
ACCOUNT = ["000000000000", "us-east-1"]


class Groups(dict[str, Any]):
    """Log groups by name alone."""

    def all_items(self) -> Any:
        """Return them with an account and a region before their names."""
        return [((*ACCOUNT, name), group) for name, group in self.items()]


class MiniStack:
    """Its modules, as far as logs go."""

    def __init__(self) -> None:
        scope = SimpleNamespace(set=lambda value: None)
        self.groups = Groups()
        self.modules: dict[str, Any] = {
            "ministack.services.lambda_svc": SimpleNamespace(_emit_lambda_logs=self.emit),
            "ministack.services.cloudwatch_logs": SimpleNamespace(
                _append_log_events=lambda stream, events: stream["events"].extend(events),
                _log_groups=self.groups,
                _make_group_arn=lambda name: f"arn:{name}",
            ),
            "ministack.core.responses": SimpleNamespace(
                get_account_id=lambda: ACCOUNT[0],
                get_region=lambda: ACCOUNT[1],
                _request_account_id=scope,
                _request_region=scope,
            ),
        }

    def emit(self, func: dict[str, Any], line: dict[str, Any]) -> None:
        """Append what a function printed to a stream."""
        self.modules["ministack.services.cloudwatch_logs"]._append_log_events(
            {"events": []}, [line]
        )

    def has(self, *, retention: int | None, **last: int | None) -> dict[str, Any]:
        """Add a group whose streams had their last lines then, and return the streams."""
        streams: dict[str, Any] = {name: {"lastEventTimestamp": at} for name, at in last.items()}
        self.groups[GROUP] = {"retentionInDays": retention, "streams": streams}
        return streams


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> MiniStack:
    stack = MiniStack()
    monkeypatch.setattr(lambda_logs, "import_module", stack.modules.__getitem__)
    return stack


def test_what_a_function_prints_is_in_the_journal_and_told_again(
    stack: MiniStack, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    logs = LambdaLogs(journal)
    logs.follow()
    journal.turn()

    stack.modules["ministack.services.lambda_svc"]._emit_lambda_logs(
        {"FunctionName": "query"}, LINE
    )

    (entry,) = journal.read(0)
    assert entry == {"log": [GROUP, [LINE], ACCOUNT]}
    logs.tell_again(*entry["log"])
    (stream,) = stack.groups[GROUP]["streams"].values()
    assert stream["events"] == [LINE]


def test_streams_go_once_they_are_older_than_their_group_keeps_them(
    stack: MiniStack, tmp_path: Path
) -> None:
    streams = stack.has(retention=30, old=9 * DAY, young=11 * DAY, empty=None)

    LambdaLogs(Journal(tmp_path)).forget_the_old(40 * DAY)

    assert sorted(streams) == ["empty", "young"]


def test_a_group_without_retention_keeps_all(stack: MiniStack, tmp_path: Path) -> None:
    streams = stack.has(retention=None, old=0)

    LambdaLogs(Journal(tmp_path)).forget_the_old(400 * DAY)

    assert list(streams) == ["old"]
