"""Files of the log written anew without the people who were erased since.

Only files that speak of them are, and of those only what speaks of them changes. All are named by
one swap of the manifest, which from then on says whose erasures are done; whatever is still on its
way in tails is held against the erase ledger when it is folded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from functions.compact_changes.local_files import LocalFiles
from shared.domain.change_log.erased import AFFECTED
from shared.domain.change_log.manifest import File, FileSet, Manifest

# Whose a change is, their files tell.
_RECORDS = ("orders", "recurring_payments")
_PARTS = ("history", "base", "delta")


class Merger(Protocol):
    """What finds erased people in files, and makes files without them."""

    def learn(self, dataset: str, history: Path) -> None:
        """Note what a file of a dataset's history tells of which records were whose."""

    def speaks_of_erased(self, dataset: str, file: Path) -> bool:
        """Tell whether a file of a dataset speaks of somebody who was erased."""

    def without_erased(self, dataset: str, file: Path, out: Path) -> int:
        """Write a file anew without those who were erased; return how many rows are left."""


def without_erased(
    held: Manifest, merger: Merger, files: LocalFiles, key: Callable[[str, str], str]
) -> dict[str, FileSet]:
    """Return the files of those datasets that spoke of erased people, as they are without them.

    `merger` knows who was erased. `key` names a new file of a dataset's part.
    """
    for dataset in _RECORDS:
        for file in held.datasets[dataset].history:
            merger.learn(dataset, files.fetch(file.key))

    def renewed(dataset: str, part: str, file: File) -> tuple[File, ...]:
        path = files.fetch(file.key)
        if not merger.speaks_of_erased(dataset, path):
            return (file,)
        name = key(dataset, part)
        rows = merger.without_erased(dataset, path, files.path(name))
        return (files.store(name, rows),) if rows else ()

    changed: dict[str, FileSet] = {}
    for dataset in sorted(AFFECTED):
        former = held.datasets[dataset]
        parts = (
            tuple(new for file in getattr(former, part) for new in renewed(dataset, part, file))
            for part in _PARTS
        )
        following = FileSet(*parts)
        if following != former:
            changed[dataset] = following
    return changed
