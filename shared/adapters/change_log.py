"""The change log as a reader has it: the bucket's manifest, files and tails, kept on this machine.

Files never change under their keys, so each is fetched once, when somebody first asks for what is
in it, and kept until no manifest names it any more. A warm call with nothing new costs one
conditional GET and two LISTs: of the tails, and of the people who were erased since their rows were
written into files, whom every answer leaves out at once. Manifest and list may be of different
moments: what the writers replace stays for an hour, and a tail that is both folded and listed
counts once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from shared.adapters.duck import Duck, Session
from shared.adapters.log_ledger import ErasedPeople
from shared.adapters.log_tails import UnreadableTail
from shared.adapters.log_views import Files
from shared.domain.change_log import manifest
from shared.domain.change_log.erased import Ledger
from shared.domain.change_log.manifest import KEY, TAILS, File, Manifest
from shared.domain.erasure import Erasure
from shared.domain.errors import Retryable

_FOLDERS_MAX = 64
_THREADS_MAX = 4
# After a pause there are dozens of tails, each of them a wait and little else.
_MANY, _AT_A_TIME = 8, 8


class Listed(Protocol):
    """An object as a list shows it."""

    @property
    def key(self) -> str:
        """The object's key."""


class Bucket(Protocol):
    """The bucket, as far as a reader needs it; `shared.adapters.objects` is one."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return what lies under `key` and its etag, None where nothing does."""

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """Return what lies under `key` and its etag, None while it has the etag given."""

    def list(self, prefix: str, after: str = "") -> Sequence[Listed]:
        """Return all objects whose keys begin with `prefix` and come after `after`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The log at one moment.

    `etag` names what there was to read: equal etags, equal rows. `as_of` is the time of the newest
    recorded change (ms), 0 while there is none. `unread` counts the tails that are damaged, whose
    rows are missing; `waits_since` is when the oldest tail was written that no file holds yet (ms).
    """

    etag: str
    as_of: int
    session: Session
    unread: int = 0
    waits_since: int | None = None


class ChangeLog:
    """One bucket's log. For one thread at a time; a snapshot lasts until the next is taken."""

    def __init__(
        self,
        bucket: Bucket,
        folder: Path,
        *,
        another: Callable[[], Bucket] | None = None,
        memory_mb: int = 800,
        threads: int | None = None,
    ) -> None:
        """Keep files in a folder of its own within `folder`; nothing is fetched or loaded yet.

        `another` opens the same bucket once more, for fetching several objects at a time. Without
        `threads` there are as many as processors, but no more than the memory serves.
        """
        self._bucket = bucket
        self._another = another
        self._parent = folder
        processors = min(os.cpu_count() or 1, _THREADS_MAX)
        self._options = {"memory_mb": memory_mb, "threads": threads or processors}
        self._folder = folder
        self._lock: IO[str] | None = None
        self._duck: Duck | None = None
        self._manifest, self._etag = Manifest(), ""
        self._files: Mapping[str, Files] = {}
        self._keys: dict[Path, str] = {}
        self._tails: set[str] = set()
        self._unreadable: set[str] = set()
        self._newest = 0
        self._people = ErasedPeople(bucket)
        self._erased: Mapping[str, Erasure] = {}

    def snapshot(self) -> Snapshot:
        """Return the log as it is now. Raise Retryable where it changes faster than it is read."""
        duck = self._opened()
        self._read_manifest()
        wanted = self._list_tails()
        new = self._fetch_tails(wanted)
        if new is None:
            # Folded and deleted since: a newer manifest knows of it.
            self._read_manifest()
            wanted = self._list_tails()
            new = self._fetch_tails(wanted)
        if new is None:
            raise Retryable("the change log has listed a tail that is gone")
        ledger = self._read_ledger()
        self._take(duck, wanted, new, ledger.recent)
        held, pending = self._manifest, ledger.pending(self._manifest)
        session = duck.open(self._files, held.epoch, held.epoch_at, pending)
        known = [str(held.generation), self._etag, *sorted(self._tails), *sorted(self._erased)]
        told = "\n".join(known)
        etag = hashlib.sha256(told.encode()).hexdigest()[:32]
        return Snapshot(
            etag,
            max(held.as_of, self._newest),
            session,
            len(self._unreadable),
            min(map(manifest.written_at, self._tails), default=None),
        )

    def close(self) -> None:
        """Let go of the database and the folder; the files stay for whoever comes next."""
        if self._duck is not None and self._lock is not None:
            self._duck.close()
            self._lock.close()
            self._duck = None

    def _opened(self) -> Duck:
        if self._duck is None:
            self._folder, self._lock = _own_folder(self._parent)
            # What a process that was ended had not written whole.
            for path in self._folder.glob("*.part"):
                path.unlink()
            self._duck = Duck([self._folder], fetch=self._fetch_files, **self._options)
        return self._duck

    def _read_manifest(self) -> None:
        """Take over the manifest if it is another one, and drop the files it does not name."""
        held = self._etag
        got = self._bucket.get_unless(KEY, held) if held else self._bucket.get(KEY)
        if got is None:
            return
        try:
            self._manifest, self._etag = manifest.parse(got[0]), got[1]
        except ValueError as error:
            raise Retryable("the change log is of a newer release than this one") from error
        keys: dict[Path, str] = {}

        def paths(files: Iterable[File]) -> tuple[Path, ...]:
            found = {_path(self._folder, file.key, ".parquet"): file.key for file in files}
            keys.update(found)
            return tuple(found)

        self._files = {
            name: Files(paths(each.history), paths(each.base), paths(each.delta))
            for name, each in self._manifest.datasets.items()
        }
        self._keys = keys
        for path in self._folder.glob("*.parquet"):
            if path not in keys:
                path.unlink()

    def _list_tails(self) -> set[str]:
        listed = (each.key for each in self._bucket.list(TAILS))
        return set(manifest.unfolded(self._manifest, listed))

    def _fetch_tails(self, wanted: set[str]) -> dict[str, bytes] | None:
        """Return the contents of the tails that are new, None where one of them is gone."""
        keys = sorted(wanted - self._tails)
        found = self._get_all(keys)
        if None in found:
            return None
        return {key: got[0] for key, got in zip(keys, found, strict=True) if got is not None}

    def _get_all(self, keys: Sequence[str]) -> list[tuple[bytes, str] | None]:
        """Return what lies under each key; many are fetched several at a time."""
        if self._another is None or len(keys) < _MANY:
            return [self._bucket.get(key) for key in keys]
        buckets = [self._another() for _ in range(_AT_A_TIME)]
        shares = [keys[number::_AT_A_TIME] for number in range(_AT_A_TIME)]

        def fetch(bucket: Bucket, share: Sequence[str]) -> list[tuple[bytes, str] | None]:
            return [bucket.get(key) for key in share]

        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            return [got for found in pool.map(fetch, buckets, shares) for got in found]

    def _read_ledger(self) -> Ledger:
        try:
            return self._people.read(self._manifest)
        except ValueError as error:
            raise Retryable(f"whom to leave out cannot be read: {error}") from error

    def _take(
        self, duck: Duck, wanted: set[str], new: Mapping[str, bytes], erased: Mapping[str, Erasure]
    ) -> None:
        """Make the database's tails those that are wanted, `new` the contents of the new ones."""
        gone = self._tails - wanted
        duck.drop_tails([key.removeprefix(TAILS).partition(".")[0] for key in gone])
        self._tails -= gone
        self._unreadable -= gone
        if new:
            try:
                self._add(duck, list(new.values()))
            except UnreadableTail:
                self._add_each(duck, new)
        if new or gone:
            self._newest = duck.newest_tail_row()
        if new or erased.keys() != self._erased.keys():
            # A row of before somebody's erasure may be on its way for long, so all are held to it.
            self._erased = {}
            duck.erase_from_tails(erased.values())
            self._erased = dict(erased)
        self._tails = wanted

    def _add(self, duck: Duck, contents: Sequence[bytes]) -> None:
        if not all(contents):
            raise UnreadableTail
        path = self._folder / "tails.ndjson.gz"
        # Compressed files that follow each other are one compressed file.
        path.write_bytes(b"".join(contents))
        try:
            duck.add_tails(path)
        finally:
            path.unlink()

    def _add_each(self, duck: Duck, tails: Mapping[str, bytes]) -> None:
        """Take in those tails that can be read: one that is damaged must not hide the others."""
        for key, content in tails.items():
            try:
                self._add(duck, [content])
            except UnreadableTail:
                self._unreadable.add(key)

    def _fetch_files(self, paths: Iterable[Path]) -> None:
        """Fetch those files that are not here yet. Raise Retryable where one is gone."""
        for path in paths:
            if not path.exists():
                got = self._bucket.get(self._keys[path])
                if got is None:
                    raise Retryable("the change log names a file that is gone")
                # Under its own name only when it is whole.
                part = path.with_suffix(".part")
                part.write_bytes(got[0])
                part.replace(path)


def _path(folder: Path, key: str, suffix: str) -> Path:
    return folder / (hashlib.sha256(key.encode()).hexdigest()[:32] + suffix)


def _own_folder(parent: Path) -> tuple[Path, IO[str]]:
    """Return a folder that no other process uses, and the lock that keeps it so.

    A process that comes after another has ended finds its files again.
    """
    for number in range(_FOLDERS_MAX):
        folder = parent / f"change-log-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return folder, lock
    raise Retryable("too many processes read the change log on this machine")
