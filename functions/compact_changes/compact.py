"""Tails become files, files become fewer, and what nothing names is removed.

A round makes new files first and then swaps the manifest on the condition that it is still the one
the round began with. So a crash leaves files nobody names, and of two compactors that do the same
work one wins; the other begins again with what it finds then. A lost answer looks like a lost race,
and beginning again is right for both. Files of a lost round are left to `orphans`: it may have won.

Each round reads the erase ledger after the manifest, and leaves out of what it makes whoever is in
it. Whoever is erased meanwhile is not among those the manifest calls done: a later round's task.

A tail that nobody can read is put aside and counts as folded: all others would wait for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from functions.compact_changes import erase, local_files
from functions.compact_changes.local_files import LocalFiles
from shared.adapters.log_ledger import ErasedPeople
from shared.adapters.log_tails import UnreadableTail
from shared.domain import times
from shared.domain.change_log import erased, tidying
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import (
    ASIDE,
    CURRENT,
    HISTORY,
    TAILS,
    File,
    FileSet,
    Manifest,
    Step,
)
from shared.domain.erasure import Erasure
from shared.domain.errors import Contended

# One after another: a race is over by then, so what goes on is a file that is really missing.
_CONTENTIONS_MAX = 10
# How often it runs, and how often one of these runs looks for files that nobody names.
RUNS_EVERY, ORPHANS_EVERY = 15 * times.MINUTE, 6 * times.HOUR


class Listed(Protocol):
    """An object of a list."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def size(self) -> int:
        """Its size in bytes."""

    @property
    def modified_ms(self) -> int:
        """When it was written."""


class Objects(local_files.Objects, Protocol):
    """Where the log lies."""

    def list(self, prefix: str, after: str = "") -> Sequence[Listed]:
        """Return all objects whose keys begin so, and come after `after`."""

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""


class Merger(erase.Merger, Protocol):
    """What makes files out of tails and files."""

    def forget(self, erased: Iterable[Erasure]) -> None:
        """Leave out of every file made from now on what tails say of these people."""

    def load(self, tails: Sequence[Path]) -> dict[str, int]:
        """Take in the rows of tails, instead of those before; return how many of each dataset."""

    def as_of(self) -> int:
        """Return when the newest row taken in was recorded, in ms."""

    def history(self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool) -> int:
        """Write every version of a dataset's rows; return how many."""

    def newest(
        self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool, epoch: int = 0
    ) -> int:
        """Write a dataset's newest rows of `epoch` or later; return how many."""


@dataclass(slots=True)
class Done:
    """What one run did; `more` says that it ended before its work did."""

    folded: int = 0
    merged: int = 0
    deleted: int = 0
    erased: int = 0
    unreadable: int = 0
    contended: int = 0
    more: bool = False


class Compactor:
    """One compactor. Times are ms; `chance` returns eight random hex digits."""

    def __init__(
        self,
        *,
        objects: Objects,
        merger: Merger,
        folder: Path,
        clock: Callable[[], int],
        chance: Callable[[], str],
    ) -> None:
        self._objects = objects
        self._merger = merger
        self._files = LocalFiles(folder, objects)
        self._people = ErasedPeople(objects)
        self._clock = clock
        self._chance = chance

    def run(self, until: int) -> Done:
        """Do round after round until all is tidy, or begin none after `until`.

        Raise Contended where a file the manifest names stays missing.
        """
        done, contentions = Done(), 0
        while True:
            try:
                tidy = not self._round(done)
                contentions = 0
            except Contended:
                tidy = False
                done.contended += 1
                contentions += 1
                if contentions == _CONTENTIONS_MAX:
                    raise
            if tidy or self._clock() >= until:
                done.more = not tidy
                return done

    def _round(self, done: Done) -> bool:
        """Erase, else fold some tails, else merge some files, else sweep: that is the last round.

        Return False if it was. Raise ValueError where the manifest or the ledger cannot be read.
        """
        held, etag = self._read()
        ledger = self._people.read(held)
        self._merger.forget(ledger.recent.values())
        pending = ledger.pending(held)
        if pending:
            self._erase(held, etag, [each.key for each in pending])
            done.erased += len(pending)
            return True
        listed = [(each.key, each.size) for each in self._objects.list(TAILS)]
        tails = tidying.to_fold(held, listed)
        step = self._fold(held, tails, done) if tails else self._merge(held)
        if step is None:
            self._sweep(held, etag, done)
            return False
        following = log_manifest.after(held, step, self._clock())
        self._follow(following, etag)
        done.folded += len(step.folded)
        done.merged += not step.folded
        return True

    def _read(self) -> tuple[Manifest, str | None]:
        found = self._objects.get(log_manifest.KEY)
        if found is None:
            return Manifest(), None
        return log_manifest.parse(found[0]), found[1]

    def _swap(self, following: Manifest, etag: str | None) -> None:
        content = log_manifest.dump(following)
        if etag is None:
            self._objects.put(log_manifest.KEY, content, if_none_match=True)
        else:
            self._objects.put(log_manifest.KEY, content, if_match=etag)

    def _follow(self, following: Manifest, etag: str | None) -> None:
        self._swap(following, etag)
        # History is only added to; what is current is read again by the next round.
        self._files.keep([key for key in sorted(following.keys()) if key.startswith(CURRENT)])

    def _erase(self, held: Manifest, etag: str | None, keys: Sequence[str]) -> None:
        files = erase.without_erased(held, self._merger, self._files, self._key)
        following = log_manifest.after(held, Step(files), self._clock())
        self._follow(erased.after_erasing(following, keys, self._clock()), etag)

    def _fold(self, held: Manifest, tails: Sequence[str], done: Done) -> Step:
        try:
            counts = self._merger.load([self._files.fetch(tail) for tail in tails])
        except UnreadableTail:
            whole = [tail for tail in tails if self._is_readable(tail)]
            done.unreadable += len(tails) - len(whole)
            if not whole:
                return Step({}, tails)
            counts = self._merger.load([self._files.fetch(tail) for tail in whole])
        files = {
            dataset: self._folded(dataset, held.datasets[dataset], held.epoch)
            for dataset, rows in counts.items()
            if rows
        }
        return Step(files, tails, self._merger.as_of())

    def _is_readable(self, tail: str) -> bool:
        """Tell whether a tail can be read; one that cannot is put aside."""
        path = self._files.fetch(tail)
        try:
            self._merger.load([path])
        except UnreadableTail:
            self._objects.put(f"{ASIDE}{tail.removeprefix(TAILS)}", path.read_bytes())
            return False
        return True

    def _folded(self, dataset: str, held: FileSet, epoch: int) -> FileSet:
        """Return a dataset's files once they hold the rows taken in."""
        merger, fetch = self._merger, self._files.fetch
        key = self._key(dataset, "history")
        rows = merger.history(dataset, [], self._files.path(key), loaded=True)
        history = (*held.history, *self._stored(key, rows))
        delta = self._key(dataset, "delta")
        recent = [fetch(file.key) for file in held.delta]
        path = self._files.path(delta)
        rows = merger.newest(dataset, recent, path, loaded=True, epoch=epoch)
        if not tidying.rewrites_base(sum(file.rows for file in held.base), rows):
            return FileSet(history, held.base, self._stored(delta, rows))
        base = self._key(dataset, "base")
        former = [fetch(file.key) for file in held.base]
        rows = merger.newest(
            dataset, [*former, path], self._files.path(base), loaded=False, epoch=epoch
        )
        return FileSet(history, self._stored(base, rows))

    def _merge(self, held: Manifest) -> Step | None:
        """Make one file of a dataset's history out of several that are alike."""
        for dataset, files in held.datasets.items():
            alike = tidying.to_merge(files.history)
            if alike:
                key = self._key(dataset, "history")
                paths = [self._files.fetch(file.key) for file in alike]
                rows = self._merger.history(dataset, paths, self._files.path(key), loaded=False)
                kept = [file for file in files.history if file not in alike]
                history = (*kept, *self._stored(key, rows))
                return Step({dataset: replace(files, history=history)})
        return None

    def _sweep(self, held: Manifest, etag: str | None, done: Done) -> None:
        """Delete what has been garbage for long enough, and files nobody names."""
        now = self._clock()
        # A list costs as much as a run does; what a lost round has left can wait.
        listed = [
            (each.key, each.modified_ms)
            for prefix in (HISTORY, CURRENT)
            if now % ORPHANS_EVERY < RUNS_EVERY
            for each in self._objects.list(prefix)
        ]
        gone = [*log_manifest.due(held, now), *log_manifest.orphans(held, listed, now)]
        # Before the swap that says so: deleting twice does no harm, forgetting to would.
        for key in gone:
            self._objects.delete(key)
        following = log_manifest.settled(held, now)
        if following is not None:
            self._swap(following, etag)
        done.deleted += len(gone)

    def _key(self, dataset: str, part: str) -> str:
        return log_manifest.file_key(dataset, part, self._clock(), self._chance())

    def _stored(self, key: str, rows: int) -> tuple[File, ...]:
        """Store a file that was just made, unless it is empty."""
        return (self._files.store(key, rows),) if rows else ()
