"""Files of the change log written without the erased, held against plain Python."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.adapters.parquet import Merger
from shared.domain.change_log.erased import AFFECTED
from shared.domain.change_log.schema import DATASETS
from shared.domain.erasure import Erasure
from tests.functions.compact_changes.fake_merger import FakeMerger, Row, file_rows
from tests.support.erased_rows import ADA, BOB, CHANGES, NOW, act


def tail(folder: Path, rows: dict[str, list[Row]]) -> Path:
    lines = [{dataset: row} for dataset, told in rows.items() for row in told]
    path = folder / "tail.ndjson.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in lines).encode()))
    return path


def some_rows(dice: random.Random) -> dict[str, list[Row]]:
    """Return rows of all that may be somebody's, by few people, in few records."""

    def common(number: int) -> Row:
        at = NOW + dice.choice((-5, 0, 5))
        return {"epoch": 1, "version": number, "position": f"p{number:03d}", "recorded_at": at}

    def whose() -> Row:
        email = dice.choice((ADA, BOB, "ADA@example.com", None))
        contact_id = dice.choice((None, "c-ada", "c-bob"))
        told = {"email": email, "contact_id": contact_id}
        return {name: value for name, value in told.items() if value is not None}

    found: dict[str, list[Row]] = {name: [] for name in sorted(AFFECTED)}
    for number in range(dice.randrange(1, 12)):
        identity = {"connection_id": "shop", "id": dice.choice("ab")}
        found["orders"].append({**identity, **whose(), **common(number), "gross": 5})
        store = {"store_customer_id": dice.choice((ADA, "cus_1")), "note": "VIP"}
        place = {"billing_address": {"city": "Paris"}}
        store["external_id"] = dice.choice((ADA, "crm-7"))
        money = {"payment_amount": 7, **store, **place}
        found["recurring_payments"].append({**identity, **whose(), **common(number), **money})
        record = dice.choice(("order", "recurring_payment"))
        contact = {name: each for name, each in whose().items() if name == "contact_id"}
        linked = [["external_id", None, store["external_id"]]]
        changes = json.dumps([*json.loads(CHANGES), *linked], separators=(",", ":"))
        told = {"changes": changes} if dice.random() < 0.8 else {}
        found["changes"].append(
            {"record": record, **identity, "place": "p", **contact, **common(number), **told}
        )
        known = dice.choice(("c-ada", "c-bob"))
        found["contacts"].append({"contact_id": known, "email": ADA, **common(number)})
        at = NOW + dice.choice((-5, 5))
        found["activity"].append({**act(dice.choice((ADA, BOB)), at), **common(number)})
    return found


def rows_of(path: Path) -> list[Row]:
    found = duckdb.execute(f"FROM read_parquet('{path}')")
    names = [column[0] for column in found.description or ()]
    return [_bare(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    return value


def in_order(rows: list[Row]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("seed", range(12))
def test_files_without_the_erased_are_those_of_plain_python(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    told, late = some_rows(dice), some_rows(dice)
    erased = [
        Erasure.of(dice.choice(("c-ada", None)), [ADA], NOW),
        Erasure.of(None, [BOB], NOW - 9),
    ]
    real, fake = Merger(tmp_path, memory_mb=200), FakeMerger()
    folders: dict[Merger | FakeMerger, Path] = {real: tmp_path / "real", fake: tmp_path / "fake"}
    for merger, folder in folders.items():
        folder.mkdir()
        merger.load([tail(tmp_path, told)])
        for name in AFFECTED:
            merger.history(name, [], folder / f"{name}.history", loaded=True)
            merger.newest(name, [], folder / f"{name}.base", loaded=True)

        merger.forget(erased)
        merger.learn("orders", folder / "orders.history")
        merger.learn("recurring_payments", folder / "recurring_payments.history")
        for name in AFFECTED:
            for part in ("history", "base"):
                file = folder / f"{name}.{part}"
                speaks = merger.speaks_of_erased(name, file)
                merger.without_erased(name, file, folder / f"{name}.{part}.left")
                assert not merger.speaks_of_erased(name, folder / f"{name}.{part}.left")
                assert speaks == _differs(merger, file, folder / f"{name}.{part}.left")
        merger.load([tail(tmp_path, late)])
        for name in AFFECTED:
            merger.history(name, [], folder / f"{name}.late.left", loaded=True)

    for file in sorted(folders[fake].glob("*.left")):
        name = file.name.partition(".")[0]
        columns = set(DATASETS[name].columns)
        if ".base." in file.name:
            columns = set(DATASETS[name].current_columns())
        plain = [{k: v for k, v in row.items() if k in columns} for row in _told(fake, file)]
        assert in_order(rows_of(folders[real] / file.name)) == in_order(plain), file.name
    real.close()


def _told(merger: Merger | FakeMerger, path: Path) -> list[Row]:
    return rows_of(path) if isinstance(merger, Merger) else file_rows(path.read_bytes())


def _differs(merger: Merger | FakeMerger, one: Path, other: Path) -> bool:
    return in_order(_told(merger, one)) != in_order(_told(merger, other))
