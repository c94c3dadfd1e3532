"""What only a snapshot keeps, and what a start makes of the journals; the rest in tests/end_to_end.

MiniStack's modules are stand-ins with a table of items by key.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import durable, lambda_logs, snapshots
from infra.local.durable import _REAPER, Durable, _changes_the_stack


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "changes"),
    [
        ("cloudformation", "POST", "/", "", True),
        ("lambda", "PUT", "/2015-03-31/functions/query/code", "", True),
        ("lambda", "POST", "/2015-03-31/functions/query/invocations", "", False),
        ("lambda", "GET", "/2015-03-31/functions/query", "", False),
        ("apigateway", "PATCH", "/v2/apis/abc", "", True),
        ("events", "POST", "/", "AWSEvents.PutRule", True),
        ("events", "POST", "/", "AWSEvents.PutEvents", False),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.PutItem", False),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.Query", False),
        ("dynamodb", "POST", "/", "DynamoDBStreams_20120810.GetRecords", False),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.CreateBackup", True),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.RestoreTableFromBackup", True),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.UpdateTable", True),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.UpdateTimeToLive", True),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.TagResource", True),
        ("sqs", "POST", "/", "AmazonSQS.SendMessage", False),
        ("sqs", "POST", "/", "AmazonSQS.ReceiveMessage", False),
        ("sqs", "POST", "/", "AmazonSQS.DeleteMessageBatch", False),
        ("sqs", "POST", "/", "AmazonSQS.SetQueueAttributes", True),
        ("ssm", "POST", "/", "AmazonSSM.PutParameter", False),
        ("ssm", "POST", "/", "AmazonSSM.GetParametersByPath", False),
        ("ssm", "POST", "/", "AmazonSSM.AddTagsToResource", True),
        ("s3", "PUT", "/bucket", "", True),
        ("s3", "PUT", "/bucket/key", "", False),
        ("", "POST", "/_aws/execute-api/abc/webhooks/stripe/shop", "", False),
    ],
)
def test_settings_and_code_are_worth_a_snapshot_at_once(
    service: str, method: str, path: str, target: str, changes: bool
) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{service}/aws4_request"
    headers = [(b"x-amz-target", target.encode())]
    headers += [(b"authorization", signed.encode())] if service else []

    scope = {"type": "http", "method": method, "path": path, "headers": headers}

    assert _changes_the_stack(scope) == changes


TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/paysignal"
ACCOUNT = ["000000000000", "us-east-1"]
PUT = "DynamoDB_20120810.PutItem"


class MiniStack:
    """Its modules, as far as a table with puts of what is not there yet asks for them."""

    def __init__(self) -> None:
        self.table: dict[str, Any] = {"TableArn": TABLE_ARN, "items": {}}
        self.stream: list[dict[str, Any]] = []
        scope = SimpleNamespace(set=lambda value: None)
        self.modules: dict[str, Any] = {
            "dynamodb": SimpleNamespace(
                handle_request=self.put,
                _build_change_record=_change_record,
                _remove_item=lambda table, pk, sk: table["items"].pop((pk, sk), None),
                _tables=SimpleNamespace(get_scoped=lambda *key: self.table),
                _lock=threading.Lock(),
            ),
            "sqs": SimpleNamespace(handle_request=None, _queues_lock=threading.RLock()),
            "ssm": SimpleNamespace(handle_request=None),
            "lambda_svc": SimpleNamespace(
                _ensure_poller=None,
                _emit_lambda_logs=None,
                _dynamodb_stream_positions_lock=threading.Lock(),
            ),
            "cloudwatch_logs": SimpleNamespace(_append_log_events=None),
            "responses": SimpleNamespace(
                get_account_id=lambda: ACCOUNT[0],
                get_region=lambda: ACCOUNT[1],
                _request_account_id=scope,
                _request_region=scope,
            ),
            "persistence": SimpleNamespace(),
            "config": SimpleNamespace(Config=SimpleNamespace(startup_timeout=60)),
        }

    async def put(self, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        """Put an item, as long as there is none of the key."""
        item = json.loads(body)
        key = item["pk"], item["sk"]
        if key in self.table["items"]:
            return 400, {}, b"ConditionalCheckFailedException"
        self.table["items"][key] = item
        self.stream.append(self.modules["dynamodb"]._build_change_record(item))
        return 200, {}, b""

    def asked_to_put(self, item: dict[str, Any]) -> int:
        """Have a client put an item, and return the status."""
        headers = {"x-amz-target": PUT, "authorization": "secret"}
        body = json.dumps(item).encode()
        handle = self.modules["dynamodb"].handle_request
        return int(asyncio.run(handle("POST", "/", headers, body, {}))[0])

    def reap(self, pk: str, sk: str) -> None:
        """Remove an item as MiniStack's thread does when its time to live is over."""
        remove = self.modules["dynamodb"]._remove_item
        reaper = threading.Thread(target=remove, args=(self.table, pk, sk), name=_REAPER)
        reaper.start()
        reaper.join()


def _change_record(item: dict[str, Any]) -> dict[str, Any]:
    seconds = int(time.time())
    return {"dynamodb": {"NewImage": item, "ApproximateCreationDateTime": seconds}}


def made_durable(stack: MiniStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Durable:
    """Return one that has taken its place in the stand-in, as after a start."""
    for module in (durable, snapshots, lambda_logs):
        monkeypatch.setattr(
            module, "import_module", lambda name: stack.modules[name.rpartition(".")[2]]
        )
    app = SimpleNamespace(app=None, _load_persisted_state=lambda: None)
    kept = Durable(app, folder)
    kept.install()
    return kept


def recovered(stack: MiniStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start on what the journals have, and return what is said of it."""
    asyncio.run(made_durable(stack, folder, monkeypatch)._recover())
    return json.loads((folder / "start.json").read_text())


def test_a_put_after_an_item_has_expired_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = MiniStack(), MiniStack()
    after.table["items"]["LEASE", "a"] = before.table["items"]["LEASE", "a"] = {"owner": "old"}
    made_durable(before, tmp_path, monkeypatch)._journal.turn()
    before.reap("LEASE", "a")
    assert before.asked_to_put({"pk": "LEASE", "sk": "a", "owner": "new"}) == 200

    said = recovered(after, tmp_path, monkeypatch)

    assert said == {"clean": True, "done": 1, "failed": 0}
    assert after.table["items"] == before.table["items"]


def test_nothing_expires_while_the_journals_may_still_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = MiniStack()
    stack.table["items"]["LEASE", "a"] = {"owner": "old"}
    made_durable(stack, tmp_path, monkeypatch)

    stack.reap("LEASE", "a")

    assert ("LEASE", "a") in stack.table["items"]


def test_a_damaged_line_and_a_write_that_fails_are_counted_and_the_rest_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = MiniStack(), MiniStack()
    kept = made_durable(before, tmp_path, monkeypatch)
    kept._journal.turn()
    before.asked_to_put({"pk": "A", "sk": "a"})
    before.asked_to_put({"pk": "B", "sk": "b"})
    ((_, path),) = kept._journal.on_disk()
    with path.open("ab") as file:
        file.write(b'{"call": ["dyna\n')
    before.asked_to_put({"pk": "C", "sk": "c"})
    after.table["items"]["B", "b"] = {}

    said = recovered(after, tmp_path, monkeypatch)

    assert said == {"clean": True, "done": 2, "failed": 2}
    assert sorted(after.table["items"]) == [("A", "a"), ("B", "b"), ("C", "c")]


def test_signs_of_life_are_given_and_the_server_leaves_a_long_recovery_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = MiniStack()
    made_durable(stack, tmp_path, monkeypatch)._journal.turn()
    stack.asked_to_put({"pk": "A", "sk": "a"})

    recovered(MiniStack(), tmp_path, monkeypatch)

    assert (tmp_path / "alive").exists()
    assert stack.modules["config"].Config.startup_timeout > 3_600


def test_settings_that_change_during_a_snapshot_are_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made_durable(MiniStack(), tmp_path, monkeypatch)
    touched = []

    async def serve(*_: Any) -> None:
        touched.append(kept._touched)

    kept._serve = serve
    target = b"DynamoDB_20120810.CreateBackup"
    signed = b"AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/dynamodb/aws4_request"
    headers = [(b"x-amz-target", target), (b"authorization", signed)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    nothing: Any = None

    asyncio.run(kept._served(scope, nothing, nothing))

    assert (touched, kept._touched) == ([False], True)


def test_a_clean_stop_that_cannot_save_leaves_the_journals_to_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = MiniStack(), MiniStack()
    kept = made_durable(before, tmp_path, monkeypatch)
    kept._journal.turn()
    before.asked_to_put({"pk": "A", "sk": "a"})

    def fails(number: int) -> Path:
        raise TypeError("cannot be encoded")

    monkeypatch.setattr(kept._snapshots, "write", fails)
    with pytest.raises(TypeError):
        kept._save()

    said = recovered(after, tmp_path, monkeypatch)

    assert said["done"] == 1
    assert not (tmp_path / "stopped").exists()


def test_what_is_made_again_stands_in_the_stream_with_the_time_it_was_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by a kill: changes from before an automation came as new, and set it off."""
    before, after, clock = MiniStack(), MiniStack(), [1_790_000_000.75]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    made_durable(before, tmp_path, monkeypatch)._journal.turn()
    before.asked_to_put({"pk": "A", "sk": "a"})
    clock[0] += 60

    recovered(after, tmp_path, monkeypatch)
    after.asked_to_put({"pk": "B", "sk": "b"})

    seen = [each["dynamodb"]["ApproximateCreationDateTime"] for each in after.stream]
    assert seen == [1_790_000_000, 1_790_000_060]
