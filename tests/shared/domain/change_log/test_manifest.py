"""The log's table of contents: what a generation names, throws away, deletes and forgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain import times
from shared.domain.change_log.manifest import (
    FIRST_EPOCH,
    GRACE_MS,
    File,
    FileSet,
    Garbage,
    Manifest,
    Step,
    after,
    announced,
    due,
    dump,
    file_key,
    orphans,
    parse,
    position,
    raised,
    settled,
    tail_key,
    unfolded,
)

NOW = 1_790_000_000_000
TAIL = tail_key(NOW, "0badcafe")


def of(key: str) -> File:
    return File(key, 10, 1000)


def test_a_manifest_survives_being_stored() -> None:
    files = {"orders": FileSet((of("h"),), (of("b"),), (of("d"),))}
    held = after(Manifest(), Step(files, [TAIL], as_of=7), NOW)
    held = replace(held, garbage=(*held.garbage, Garbage("x", NOW, deleted=True)), stamp=9)

    assert parse(dump(held)) == held
    assert parse(dump(Manifest())) == Manifest()


def test_a_dataset_this_manifest_does_not_know_is_empty() -> None:
    old = dump(Manifest()).replace(b'"orders":', b'"of_yore":')

    assert parse(old).datasets["orders"] == FileSet()
    assert "of_yore" not in parse(old).datasets


def test_a_newer_format_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="format 2, this release knows 1"):
        parse(dump(Manifest()).replace(b'"format":1', b'"format":2'))


def test_keys_and_places_sort_as_they_were_written() -> None:
    assert TAIL == "tails/1790000000000-0badcafe.ndjson.gz"
    assert tail_key(5, "ffffffff") < tail_key(NOW, "00000000")
    assert position(TAIL, 3) == "1790000000000-0badcafe-000003"
    assert position(TAIL, 9) < position(TAIL, 10) < position(tail_key(NOW + 1, "00000000"), 0)
    assert file_key("orders", "history", 7, "ab") == "history/orders/0000000000007-ab.parquet"
    assert file_key("orders", "base", 7, "ab") == "current/orders/base-0000000000007-ab.parquet"


def test_a_step_replaces_files_and_keeps_those_of_others() -> None:
    held = replace(
        Manifest(),
        datasets={**Manifest().datasets, "contacts": FileSet(delta=(of("c"),))},
    )
    held = after(held, Step({"orders": FileSet((of("h1"),), (of("b1"),))}, ["t1"], 5), NOW)

    following = after(
        held, Step({"orders": FileSet((of("h1"), of("h2")), (of("b2"),))}, ["t2"], 3), NOW + 1
    )

    assert following.keys() == {"c", "h1", "h2", "b2"}
    assert following.folded == {"t1", "t2"}
    assert following.generation == held.generation + 1
    assert following.as_of == 5
    assert following.garbage[-2:] == (
        Garbage("b1", NOW + 1 + GRACE_MS),
        Garbage("t2", NOW + 1 + GRACE_MS),
    )


def test_what_is_thrown_away_is_deleted_after_an_hour_and_forgotten_after_another() -> None:
    held = after(Manifest(), Step({}, [TAIL]), NOW)
    early, late = NOW + GRACE_MS - 1, NOW + GRACE_MS

    assert (due(held, early), settled(held, early)) == ([], None)
    assert due(held, late) == [TAIL]
    deleted = settled(held, late)
    assert deleted is not None
    assert due(deleted, late + GRACE_MS) == []
    assert deleted.folded == {TAIL}, "a list from before the deletion still has it"
    assert settled(deleted, late + GRACE_MS - 1) is None
    forgotten = settled(deleted, late + GRACE_MS)
    assert forgotten is not None
    assert (forgotten.folded, forgotten.garbage) == (frozenset(), ())


def test_a_compactor_that_was_away_for_long_forgets_nothing_it_has_not_deleted() -> None:
    held = after(Manifest(), Step({}, [TAIL]), NOW)

    deleted = settled(held, NOW + 9 * times.DAY)

    assert deleted is not None
    assert deleted.folded == {TAIL}
    assert deleted.garbage == (Garbage(TAIL, NOW + 9 * times.DAY + GRACE_MS, deleted=True),)


def test_a_file_is_an_orphan_when_it_is_old_and_nobody_names_it() -> None:
    held = after(Manifest(), Step({"orders": FileSet(base=(of("b1"),))}), NOW)
    held = after(held, Step({"orders": FileSet(base=(of("b2"),))}), NOW)
    old, young = NOW - times.DAY - 1, NOW - times.DAY

    listed = [("b1", old), ("b2", old), ("crashed", old), ("at work", young)]

    assert orphans(held, listed, NOW) == ["crashed"]


def test_tails_no_file_holds_come_in_their_order() -> None:
    held = replace(Manifest(), folded=frozenset({"t2"}))

    assert unfolded(held, ["t3", "t2", "t1"]) == ["t1", "t3"]


def test_a_new_epoch_is_announced_before_it_counts() -> None:
    first = announced(Manifest(), NOW)
    second = announced(first, NOW)

    assert first.epoch == FIRST_EPOCH
    assert first.stamp == NOW // times.MINUTE
    assert second.stamp == first.stamp + 1
    done = raised(second, first.stamp, NOW + 1)
    assert (done.epoch, done.stamp) == (first.stamp, second.stamp)
    assert parse(dump(done)) == done
    assert [done.epoch_at(NOW + late) for late in (0, 1)] == [FIRST_EPOCH, first.stamp]
    assert raised(done, FIRST_EPOCH, NOW + 2).epoch == first.stamp, "an epoch never falls"
    assert announced(Manifest(), NOW + times.MINUTE).stamp > first.stamp, "even if all is lost"
    assert first.stamp < 2**31


def test_what_was_written_well_before_an_announcement_keeps_the_epoch_before() -> None:
    held = announced(replace(Manifest(), stamp=4), NOW)

    epochs = [held.stamp_of(NOW - before) for before in (0, times.MINUTE, times.MINUTE + 1)]

    assert epochs == [held.stamp, held.stamp, 4]
    assert parse(dump(held)) == held
