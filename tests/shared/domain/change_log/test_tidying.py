"""How much a compactor takes on, and when files are written anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.change_log.manifest import File, Manifest, tail_key
from shared.domain.change_log.tidying import (
    FOLD_BYTES,
    FOLD_TAILS,
    MERGED_FILES,
    SMALL_BASE_ROWS,
    rewrites_base,
    to_fold,
    to_merge,
)


def test_the_oldest_tails_are_folded_first_and_folded_ones_never_again() -> None:
    tails = [tail_key(at, "00000000") for at in range(FOLD_TAILS + 10)]
    held = replace(Manifest(), folded=frozenset(tails[:5]))

    chosen = to_fold(held, [(tail, 100) for tail in reversed(tails)])

    assert chosen == tails[5 : FOLD_TAILS + 5]


def test_a_fold_has_a_bound_in_bytes_but_takes_one_tail_however_large() -> None:
    sizes = [("a", FOLD_BYTES * 2), ("b", 1), ("c", 1)]

    assert to_fold(Manifest(), sizes) == ["a"]
    assert to_fold(Manifest(), [("a", FOLD_BYTES - 1), ("b", 1), ("c", 1)]) == ["a", "b"]
    assert to_fold(Manifest(), []) == []


@pytest.mark.parametrize(
    ("base", "delta", "expected"),
    [
        (0, 1, True),
        (SMALL_BASE_ROWS - 1, 1, True),
        (SMALL_BASE_ROWS, SMALL_BASE_ROWS // 10, False),
        (SMALL_BASE_ROWS, SMALL_BASE_ROWS // 10 + 1, True),
    ],
)
def test_a_base_is_rewritten_when_a_tenth_of_it_has_come_since(
    base: int, delta: int, expected: bool
) -> None:
    assert rewrites_base(base, delta) is expected


def test_eight_files_of_a_size_become_one() -> None:
    small = [File(f"s{each}", 1, 5_000) for each in range(MERGED_FILES)]
    large = [File(f"l{each}", 1, 50_000_000) for each in range(MERGED_FILES - 1)]

    assert to_merge([*small, *large]) == small
    assert to_merge([*small[1:], *large]) == []


def test_a_row_is_rewritten_once_per_tier_however_many_files_come() -> None:
    files: list[File] = []
    rewritten = folds = 3_000
    for each in range(folds):
        files.append(File(str(each), 1, 40_000))
        while alike := to_merge(files):
            rewritten += sum(file.rows for file in alike)
            kept = [file for file in files if file not in alike]
            total = sum(file.bytes for file in alike)
            files = [*kept, File(f"m{each}.{total}", sum(f.rows for f in alike), total)]

    assert sum(file.rows for file in files) == folds
    assert len(files) < 40
    assert rewritten / folds < 12


def test_files_too_large_to_merge_stay_as_they_are() -> None:
    assert to_merge([File(str(each), 1, 100_000_000) for each in range(20)]) == []
