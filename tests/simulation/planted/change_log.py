"""Bugs of the change log: tails that get lost, two compactors at once, what is removed too soon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.compact_changes import erase
from functions.compact_changes.compact import Compactor
from functions.record_changes.record_batch import Recorder
from shared.domain.change_log import manifest
from shared.domain.change_log.manifest import FileSet, Manifest, Step
from shared.domain.errors import Contended


def tail_failures_swallowed(patch: pytest.MonkeyPatch) -> None:
    """Log a tail that could not be written and let the stream go on."""
    record = Recorder.record_batch

    def swallowing(self: Recorder, *arguments: Any) -> dict[str, Any]:
        record(self, *arguments)
        return {"batchItemFailures": []}

    patch.setattr(Recorder, "record_batch", swallowing)


def removals_not_recorded(patch: pytest.MonkeyPatch) -> None:
    """Record what is written and not what is removed."""
    told = Recorder._told

    def kept(self: Recorder, stream: Any) -> Any:
        return told(self, stream) if "NewImage" in stream else None

    patch.setattr(Recorder, "_told", kept)


def swapped_unconditionally(patch: pytest.MonkeyPatch) -> None:
    """Replace the manifest whoever else has replaced it meanwhile."""

    def swap(self: Compactor, following: Manifest, _: str | None) -> None:
        self._objects.put(manifest.KEY, manifest.dump(following))

    patch.setattr(Compactor, "_swap", swap)


def folded_never_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Remember each tail that was ever folded, long after it is gone."""
    settled = manifest.settled

    def hoarding(held: Manifest, now: int) -> Manifest | None:
        following = settled(held, now)
        return following and replace(following, folded=held.folded)

    patch.setattr(manifest, "settled", hoarding)


def garbage_removed_at_once(patch: pytest.MonkeyPatch) -> None:
    """Remove what was replaced while others still read it."""
    patch.setattr(manifest, "GRACE_MS", 0)


def base_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Name the newest rows alone when tails are folded, and forget the ones before."""
    folded = Compactor._folded

    def fresh(self: Compactor, dataset: str, held: FileSet, epoch: int) -> FileSet:
        return folded(self, dataset, replace(held, base=(), delta=()), epoch)

    patch.setattr(Compactor, "_folded", fresh)


def old_versions_dropped(patch: pytest.MonkeyPatch) -> None:
    """Keep nothing of a dataset's history when its files are merged."""
    merge = Compactor._merge

    def forgetful(self: Compactor, held: Manifest) -> Step | None:
        step = merge(self, held)
        if step is None:
            return None
        return replace(step, files={n: replace(f, history=()) for n, f in step.files.items()})

    patch.setattr(Compactor, "_merge", forgetful)


def lost_race_is_a_failure(patch: pytest.MonkeyPatch) -> None:
    """Fail where another compactor was faster."""
    swap = Compactor._swap

    def proud(self: Compactor, following: Manifest, etag: str | None) -> None:
        try:
            swap(self, following, etag)
        except Contended as lost:
            raise RuntimeError("another compactor was faster") from lost

    patch.setattr(Compactor, "_swap", proud)


def erased_in_name_alone(patch: pytest.MonkeyPatch) -> None:
    """Note an erasure as done, and write no file anew without the person."""
    patch.setattr(erase, "without_erased", lambda *_: {})


def erased_from_the_newest_alone(patch: pytest.MonkeyPatch) -> None:
    """Write anew what is current of a person's records, and not the history of them."""
    without_erased = erase.without_erased

    def current(held: Manifest, *arguments: Any) -> dict[str, FileSet]:
        files = without_erased(held, *arguments)
        for name in files.keys() & {"orders", "recurring_payments"}:
            files[name] = replace(files[name], history=held.datasets[name].history)
        return files

    patch.setattr(erase, "without_erased", current)


def row_logged(patch: pytest.MonkeyPatch) -> None:
    """Write into the log what is recorded."""
    one = Recorder._one

    def telling(self: Recorder, record: Any, *more: Any) -> bool:
        self._log("row", told=self._told(record["dynamodb"]))
        return one(self, record, *more)

    patch.setattr(Recorder, "_one", telling)
