"""What a snapshot keeps: of a stream, the changes that a reader has still to see."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import snapshots
from infra.local.snapshots import Snapshots

KEY = ("000000000000", "us-east-1", "paysignal")
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/paysignal/stream/2026"


class Scoped:
    """MiniStack's dictionary by account, region and name, as far as snapshots ask."""

    def __init__(self, items: dict[tuple[str, str, str], Any] | None = None) -> None:
        self.items = items or {}

    def all_items(self) -> Iterable[tuple[tuple[str, str, str], Any]]:
        return list(self.items.items())

    def all_values(self) -> Iterable[Any]:
        return list(self.items.values())

    def get_scoped(self, account: str, region: str, name: str, default: Any) -> Any:
        return self.items.get((account, region, name), default)

    def set_scoped(self, account: str, region: str, name: str, value: Any) -> None:
        self.items[account, region, name] = value

    def update(self, other: dict[str, Any]) -> None:
        for name, value in other.items():
            account, region, table = name.split("/")
            self.items[account, region, table] = value


class MiniStack:
    """Its modules, with a stream of ten changes and readers of it."""

    def __init__(self, *positions: int, changes: int = 10) -> None:
        names = [f"reader-{number}" for number in range(len(positions))]
        self.queue = {"messages": [{"receive_count": 1, "visible_at": 9e12}]}
        self.modules: dict[str, Any] = {
            "ministack.core.persistence": SimpleNamespace(
                _json_default=lambda each: {"/".join(k): v for k, v in each.items.items()},
                _json_object_hook=lambda each: each,
            ),
            "ministack.services.dynamodb": SimpleNamespace(
                _stream_records=Scoped({KEY: [f"change {n}" for n in range(changes)]}),
                _stream_trimmed=Scoped(),
                _stream_seq_counter=changes,
                _STREAM_RETENTION_SECONDS=86_400,
            ),
            "ministack.services.lambda_svc": SimpleNamespace(
                _esms=Scoped({(*KEY[:2], name): {"EventSourceArn": ARN} for name in names}),
                _dynamodb_stream_positions=Scoped(
                    {(*KEY[:2], name): at for name, at in zip(names, positions, strict=True)}
                ),
            ),
            "ministack.services.sqs": SimpleNamespace(_queues=Scoped({KEY: self.queue})),
        }
        self.states: dict[str, Any] = {}
        self.loaded: dict[str, Any] = {}

    def app(self) -> Any:
        """Return the module of its server."""
        return SimpleNamespace(
            _load_persisted_state=lambda: None,
            _build_persistence_save_dict=lambda: self.states,
            _state_map={name: name for name in self.states},
            _get_module=lambda name: SimpleNamespace(
                load_persisted_state=lambda state: self.loaded.update({name: state})
            ),
        )


def snapshots_of(stack: MiniStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshots:
    monkeypatch.setattr(snapshots, "import_module", stack.modules.__getitem__)
    return Snapshots(stack.app(), folder)


def restarted(
    before: MiniStack, after: MiniStack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Take a snapshot of one, load it into another, and return the other's table service."""
    taken = snapshots_of(before, folder, monkeypatch)
    taken.put_in_force(taken.write(3))
    assert snapshots_of(after, folder, monkeypatch).load() == 3
    return after.modules["ministack.services.dynamodb"]


def test_changes_that_a_reader_has_still_to_see_are_there_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = restarted(MiniStack(7, 9), MiniStack(changes=0), tmp_path, monkeypatch)

    assert after._stream_records.items[KEY] == ["change 7", "change 8", "change 9"]
    assert after._stream_trimmed.items[KEY] == 7
    assert after._stream_seq_counter == 10


def test_changes_nobody_has_read_do_not_expire_while_the_machine_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = snapshots_of(MiniStack(7, 9), tmp_path, monkeypatch)
    snapshots.put_in_force(snapshots.write(1))
    days_ago = time.time() - 3 * 86_400
    os.utime(tmp_path / "snapshot.json", (days_ago, days_ago))
    after = MiniStack(changes=0)

    snapshots_of(after, tmp_path, monkeypatch).load()

    kept_seconds = after.modules["ministack.services.dynamodb"]._STREAM_RETENTION_SECONDS
    assert kept_seconds == pytest.approx(4 * 86_400, abs=60)


def test_a_stream_all_have_read_counts_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = restarted(MiniStack(10, 10), MiniStack(changes=0), tmp_path, monkeypatch)

    assert after._stream_records.items[KEY] == []
    assert after._stream_trimmed.items[KEY] == 10


def test_a_save_of_ministacks_own_has_no_changes_and_counts_on_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = MiniStack(7, 9, changes=0)

    assert snapshots_of(stack, tmp_path, monkeypatch).load() == 0

    assert stack.modules["ministack.services.dynamodb"]._stream_trimmed.items[KEY] == 9


def test_a_message_nobody_works_on_any_more_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = MiniStack(changes=0)

    restarted(MiniStack(), after, tmp_path, monkeypatch)

    assert after.queue["messages"][0]["visible_at"] < 9e12


def test_a_service_that_cannot_be_saved_leaves_the_snapshot_before_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = MiniStack(), MiniStack()
    before.states = {"good": lambda: {"a": 1}, "none": lambda: None}
    taken = snapshots_of(before, tmp_path, monkeypatch)
    taken.put_in_force(taken.write(3))
    before.states |= {"good": lambda: {"a": 2}, "bad": lambda: {1: {2, 3}}}
    before.modules["ministack.core.persistence"]._json_default = lambda each: (
        {} if isinstance(each, Scoped) else {}[each]
    )

    with pytest.raises(TypeError):
        taken.write(4)

    after.states = before.states
    assert snapshots_of(after, tmp_path, monkeypatch).load() == 3
    assert after.loaded == {"good": {"a": 1}}


def test_what_a_snapshot_left_half_written_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "snapshot-17.tmp").write_text('{"journal":')

    snapshots_of(MiniStack(), tmp_path, monkeypatch).load()

    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = snapshots_of(MiniStack(), tmp_path, monkeypatch).write(1)

    assert written.stat().st_mode & 0o777 == 0o600
