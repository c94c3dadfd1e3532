"""What a compactor does next: how much it folds, and when files are worth writing anew.

Pure. The amounts keep three costs apart: a reader's (few files, and little to compare with the
base), a compactor's (a row is rewritten a few times in its life, not each quarter of an hour) and
its memory's (one fold has a bound).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain.change_log.manifest import File, Manifest, unfolded

# One fold; more waits for the next round of the same run.
FOLD_TAILS = 400
FOLD_BYTES = 32_000_000
# A base is written anew when what came since outgrows a tenth of it; a small one always is.
SMALL_BASE_ROWS = 50_000
DELTA_PER_BASE = 10
# History: as many files of about one size become one of the next.
MERGED_FILES = 8
_TIER_BYTES = 256_000
_MERGED_BYTES_MAX = 256_000_000


def to_fold(manifest: Manifest, listed: Iterable[tuple[str, int]]) -> list[str]:
    """Return the tails of the next fold, the oldest first, of those listed with their sizes."""
    sizes = dict(listed)
    chosen: list[str] = []
    total = 0
    for tail in unfolded(manifest, sizes):
        total += sizes[tail]
        if chosen and (len(chosen) == FOLD_TAILS or total > FOLD_BYTES):
            break
        chosen.append(tail)
    return chosen


def rewrites_base(base_rows: int, delta_rows: int) -> bool:
    """Tell whether a delta of so many rows is better merged into its base."""
    return base_rows < SMALL_BASE_ROWS or delta_rows * DELTA_PER_BASE > base_rows


def to_merge(history: Sequence[File]) -> list[File]:
    """Return the files of a dataset's history that are to become one; none while few are alike.

    So every row is rewritten once per tier, and there are fewer than eight files of each.
    """
    tiers: dict[int, list[File]] = {}
    for file in history:
        tiers.setdefault(_tier(file.bytes), []).append(file)
    for _, files in sorted(tiers.items()):
        if len(files) >= MERGED_FILES and sum(f.bytes for f in files) <= _MERGED_BYTES_MAX:
            return files
    return []


def _tier(size: int) -> int:
    tier = 0
    while size >= _TIER_BYTES:
        size //= MERGED_FILES
        tier += 1
    return tier
