"""The change log's table of contents: which files hold it, and what may be tidied away.

Pure. `manifest.json` names every Parquet file that counts; tails are found by a list. It is only
ever replaced by conditional writes, so its generations are one line of history, and a reader who
keeps one generation has a whole log:

    tail listed ──folded──> in files, still listed ──1 h──> deleted ──1 h──> forgotten
    file named  ──replaced─> garbage ───────────────1 h──> deleted ──1 h──> forgotten

Whoever has read a manifest or a list has an hour to read the objects it speaks of. A tail is
forgotten so late because a list read before its deletion must still find it among the folded.
Folding a tail twice changes no answer; losing one does. Nothing may be deleted that the newest
manifest does not call garbage, but for orphans: files of a compactor that crashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain import times
from shared.domain.change_log.schema import DATASETS

KEY = "manifest.json"
TAILS, HISTORY, CURRENT = "tails/", "history/", "current/"
# Tails nobody can read, put aside; `rebuild-log` brings their rows back.
ASIDE = "unreadable/"
FORMAT = 1
FIRST_EPOCH = 1
GRACE_MS = times.HOUR
ORPHAN_MS = times.DAY
# How far apart AWS's own clocks may be: the stream's, and the one an announcement is dated by.
_SKEW_MS = times.MINUTE


@dataclass(frozen=True, slots=True)
class File:
    """One Parquet file."""

    key: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FileSet:
    """A dataset's files: every version, and the newest rows as a base and what came since."""

    history: tuple[File, ...] = ()
    base: tuple[File, ...] = ()
    delta: tuple[File, ...] = ()

    def all(self) -> tuple[File, ...]:
        """Return every file."""
        return (*self.history, *self.base, *self.delta)


@dataclass(frozen=True, slots=True)
class Garbage:
    """An object that nothing needs any more: deleted, or forgotten once deleted, at `after`."""

    key: str
    after: int
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation of the log. Times are ms.

    Rows of an epoch before `epoch` do not count. New rows carry `stamp`, which is ahead of `epoch`
    while the log is rebuilt from the table; it was announced at `announced_at`, in place of
    `before`. `as_of` is when the newest folded row was recorded. `raised` are the epochs that came
    to count, each with when it did. `erased` are the keys of the erase ledger whose people its
    files know no more, besides all up to `erased_through`.
    """

    generation: int = 0
    epoch: int = FIRST_EPOCH
    stamp: int = FIRST_EPOCH
    before: int = FIRST_EPOCH
    announced_at: int = 0
    as_of: int = 0
    datasets: Mapping[str, FileSet] = field(
        default_factory=lambda: dict.fromkeys(DATASETS, FileSet())
    )
    folded: frozenset[str] = frozenset()
    garbage: tuple[Garbage, ...] = ()
    raised: tuple[tuple[int, int], ...] = ()
    erased: frozenset[str] = frozenset()
    erased_through: str = ""

    def epoch_at(self, moment: int) -> int:
        """Return the epoch that counted at a moment.

        Of one that an older release has raised only the minute of its announcement is known.
        """
        known = self.raised or ((self.epoch, self.epoch * times.MINUTE),)
        then = [epoch for epoch, since in known if since <= moment]
        return max(then, default=FIRST_EPOCH)

    def stamp_of(self, written_at: int) -> int:
        """Return the epoch of a row whose document was written at a moment.

        What was written before a rebuild was announced was in the table it read, unless something
        newer took its place or removed it. Told only now, by a redrive, it must not stand beside
        that: who was removed would be back.
        """
        return self.before if written_at < self.announced_at - _SKEW_MS else self.stamp

    def keys(self) -> set[str]:
        """Return the keys of the files it names."""
        return {file.key for files in self.datasets.values() for file in files.all()}


@dataclass(frozen=True, slots=True)
class Step:
    """What one swap changes: files by dataset as they are from now on, tails that are in them."""

    files: Mapping[str, FileSet]
    folded: Sequence[str] = ()
    as_of: int = 0


def parse(content: bytes) -> Manifest:
    """Return the manifest. Raise ValueError for one of a newer format, which nobody may rewrite."""
    told: dict[str, Any] = json.loads(content)
    if told["format"] != FORMAT:
        raise ValueError(f"the manifest has format {told['format']}, this release knows {FORMAT}")
    return Manifest(
        generation=told["generation"],
        epoch=told["epoch"],
        stamp=told.get("stamp", told["epoch"]),
        before=told.get("before", told["epoch"]),
        announced_at=told.get("announced_at", 0),
        as_of=told["as_of"],
        datasets={name: _files(told["datasets"].get(name, {})) for name in DATASETS},
        folded=frozenset(told["folded"]),
        garbage=tuple(
            Garbage(each["key"], each["after"], each.get("deleted", False))
            for each in told["garbage"]
        ),
        raised=tuple((epoch, since) for epoch, since in told.get("raised", ())),
        erased=frozenset(told.get("erased", ())),
        erased_through=told.get("erased_through", ""),
    )


def dump(manifest: Manifest) -> bytes:
    """Return the manifest as it is stored."""
    told = {
        "format": FORMAT,
        "generation": manifest.generation,
        "epoch": manifest.epoch,
        "stamp": manifest.stamp,
        "before": manifest.before,
        "announced_at": manifest.announced_at,
        "as_of": manifest.as_of,
        "datasets": {
            name: {
                part: [_told(file) for file in getattr(files, part)]
                for part in ("history", "base", "delta")
            }
            for name, files in manifest.datasets.items()
        },
        "folded": sorted(manifest.folded),
        "garbage": [_told(each) for each in manifest.garbage],
        "raised": manifest.raised,
        "erased": sorted(manifest.erased),
        "erased_through": manifest.erased_through,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def tail_key(now: int, chance: str) -> str:
    """Return the key of a tail written now; `chance` is eight random hex digits."""
    return f"{TAILS}{now:013d}-{chance}.ndjson.gz"


def written_at(tail: str) -> int:
    """Return when a tail was written (ms), as its key tells."""
    return int(tail.removeprefix(TAILS).partition("-")[0])


def position(tail: str, line: int) -> str:
    """Return the place of a tail's line in the log; places sort as they were written."""
    return f"{tail.removeprefix(TAILS).removesuffix('.ndjson.gz')}-{line:06d}"


def file_key(dataset: str, part: str, now: int, chance: str) -> str:
    """Return a new file's key; `part` is history, base or delta."""
    name = f"{now:013d}-{chance}.parquet"
    if part == "history":
        return f"{HISTORY}{dataset}/{name}"
    return f"{CURRENT}{dataset}/{part}-{name}"


def unfolded(manifest: Manifest, tails: Iterable[str]) -> list[str]:
    """Return those of the listed tails that no file holds yet, the oldest first."""
    return sorted(tail for tail in tails if tail not in manifest.folded)


def after(manifest: Manifest, step: Step, now: int) -> Manifest:
    """Return the next generation: the step's files in place, what it replaced thrown away."""
    datasets = {**manifest.datasets, **step.files}
    kept = {file.key for files in datasets.values() for file in files.all()}
    gone = [*sorted(manifest.keys() - kept), *step.folded]
    return replace(
        manifest,
        generation=manifest.generation + 1,
        as_of=max(manifest.as_of, step.as_of),
        datasets=datasets,
        folded=manifest.folded | set(step.folded),
        garbage=(*manifest.garbage, *(Garbage(key, now + GRACE_MS) for key in gone)),
    )


def due(manifest: Manifest, now: int) -> list[str]:
    """Return the garbage that is to be deleted now."""
    return [each.key for each in manifest.garbage if not each.deleted and each.after <= now]


def settled(manifest: Manifest, now: int) -> Manifest | None:
    """Return the next generation once all that is due is deleted; None if nothing changes."""
    if all(each.after > now for each in manifest.garbage):
        return None
    kept = [each for each in manifest.garbage if each.after > now or not each.deleted]
    forgotten = {each.key for each in manifest.garbage} - {each.key for each in kept}
    return replace(
        manifest,
        generation=manifest.generation + 1,
        folded=manifest.folded - forgotten,
        garbage=tuple(
            each if each.after > now else Garbage(each.key, now + GRACE_MS, deleted=True)
            for each in kept
        ),
    )


def orphans(manifest: Manifest, listed: Iterable[tuple[str, int]], now: int) -> list[str]:
    """Return the files nobody names, of those listed with the times of their writing.

    `listed` must have been read after the manifest was; only old ones are told, because a
    compactor may be about to name a young one.
    """
    known = manifest.keys() | {each.key for each in manifest.garbage}
    return [key for key, written in listed if key not in known and written < now - ORPHAN_MS]


def announced(manifest: Manifest, now: int) -> Manifest:
    """Return the next generation, from which on new rows carry a higher epoch.

    By the minute, so that it is higher than all before even where the manifest itself was lost.
    """
    stamp = max(manifest.stamp + 1, now // times.MINUTE)
    return replace(
        manifest,
        generation=manifest.generation + 1,
        stamp=stamp,
        before=manifest.stamp,
        announced_at=now,
    )


def raised(manifest: Manifest, epoch: int, now: int) -> Manifest:
    """Return the next generation, in which rows of earlier epochs no longer count from now on."""
    return replace(
        manifest,
        generation=manifest.generation + 1,
        epoch=max(manifest.epoch, epoch),
        stamp=max(manifest.stamp, epoch),
        raised=(*manifest.raised, (epoch, now)),
    )


def _files(told: Mapping[str, Any]) -> FileSet:
    return FileSet(
        *(
            tuple(File(each["key"], each["rows"], each["bytes"]) for each in told.get(part, ()))
            for part in ("history", "base", "delta")
        )
    )


def _told(each: File | Garbage) -> dict[str, Any]:
    if isinstance(each, File):
        return {"key": each.key, "rows": each.rows, "bytes": each.bytes}
    told: dict[str, Any] = {"key": each.key, "after": each.after}
    return {**told, "deleted": True} if each.deleted else told
