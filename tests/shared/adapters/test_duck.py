"""DuckDB over the log: what is the newest, whatever file it lies in, and what readers may do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.samples import stripe as story
from shared.adapters.duck import Duck, Session
from shared.adapters.log_tails import UnreadableTail
from shared.adapters.log_views import Files
from shared.domain import rendering
from shared.domain.change_log.schema import DATASETS
from tests.support.log_bucket import write_parquet
from tests.support.log_shop import duck_of, session_of, write_tail
from tests.support.shop import Shop

ROW = {"connection_id": "shop", "epoch": 1}


def order(identity: str, version: int, **values: Any) -> dict[str, Any]:
    return {**ROW, "id": identity, "version": version, **values}


def newest(rows: Iterable[dict[str, Any]], epoch: int) -> dict[str, int]:
    """Return the gross of each order as a reader ought to see it."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        held = best.get(row["id"])
        place = (row["epoch"], row["version"])
        if row["epoch"] >= epoch and (held is None or place > (held["epoch"], held["version"])):
            best[row["id"]] = row
    return {name: row["gross"] for name, row in best.items() if not row.get("deleted")}


def seen(session: Session) -> dict[str, int]:
    found = session.rows("SELECT id, gross FROM orders")
    assert len(dict(found)) == len(found)
    return dict(found)


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 2), st.integers(1, 4), st.integers(0, 3)),
    max_size=24,
    # One version of a document is one and the same wherever it is written.
    unique_by=lambda each: each[:3],
)


@settings(max_examples=40, deadline=None)
@given(rows=rows, epoch=st.integers(1, 2))
def test_the_newest_row_counts_whatever_files_and_tails_hold(
    rows: list[tuple[str, int, int, int]], epoch: int
) -> None:
    layers: dict[int, list[dict[str, Any]]] = {0: [], 1: [], 2: [], 3: []}
    for name, era, version, layer in rows:
        deleted = version == 3
        gross = None if deleted else era * 10 + version
        row = {**order(name, version, deleted=deleted, gross=gross), "epoch": era}
        # A document's last rows may lie in several files at once while they are replaced.
        for each in {layer, (layer + version) % 4}:
            layers[each].append(row)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{layer}.parquet" for layer in (0, 1)]
        for layer, path in enumerate(paths):
            write_parquet(path, "orders", layers[layer])
        duck = Duck([folder], memory_mb=500, threads=1)
        for layer in (2, 3):
            lines = ({"orders": row} for row in layers[layer])
            duck.add_tails(write_tail(folder / f"{layer}.ndjson.gz", lines))

        session = duck.open({"orders": Files(base=(paths[0],), delta=(paths[1],))}, epoch)

        everything = [row for layer in layers.values() for row in layer]
        assert seen(session) == newest(everything, epoch)


def test_several_files_of_a_base_are_one(tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.parquet")
        held = [order(f"{number}{each}", 1, gross=each) for each in range(2)]
        write_parquet(paths[-1], "orders", held)
    duck = Duck([tmp_path])
    duck.add_tails(write_tail(tmp_path / "t.gz", [{"orders": order("10", 2, gross=7)}]))

    session = duck.open({"orders": Files(base=tuple(paths))})

    assert seen(session) == {"00": 0, "01": 1, "10": 7, "11": 1, "20": 0, "21": 1}


def test_history_has_every_version_and_removals_too(tmp_path: Path) -> None:
    path = tmp_path / "history.parquet"
    write_parquet(path, "orders", [order("a", 1), order("a", 2)], history=True)
    duck = Duck([tmp_path])
    duck.add_tails(write_tail(tmp_path / "t.gz", [{"orders": order("a", 3, deleted=True)}]))

    session = duck.open({"orders": Files(history=(path,))}, epoch=2)

    found = session.rows("SELECT version, deleted FROM history_orders ORDER BY version")
    assert found == [(1, None), (2, None), (3, True)]
    assert seen(session) == {}


def test_changes_have_a_place_of_their_own_beside_that_in_a_file(tmp_path: Path) -> None:
    def change(place: str, version: int) -> dict[str, Any]:
        entry = {"record": "order", "connection_id": "shop", "id": "a", "place": place}
        return {**entry, "version": version, "epoch": 1, "recorded_at": version}

    base, delta = tmp_path / "base.parquet", tmp_path / "delta.parquet"
    write_parquet(base, "changes", [change("p1", 2), change("p2", 2)])
    write_parquet(delta, "changes", [change("p1", 4)])
    duck = Duck([tmp_path], memory_mb=500, threads=1)
    session = duck.open({"changes": Files(base=(base,), delta=(delta,))})

    found = session.rows("SELECT place, version FROM changes ORDER BY place")

    assert found == [("p1", 4), ("p2", 2)]


def test_tails_that_were_folded_are_forgotten_by_their_positions(tmp_path: Path) -> None:
    duck = Duck([tmp_path])
    for stem in ("0000000000001-aaaaaaaa", "0000000000002-aaaaaaaa"):
        row = order(stem, 1, gross=1, position=f"{stem}-000000")
        duck.add_tails(write_tail(tmp_path / "t.gz", [{"orders": row}]))

    duck.drop_tails(["0000000000001-aaaaaaaa"])

    assert seen(duck.open({})) == {"0000000000002-aaaaaaaa": 1}


def test_a_tail_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    duck = Duck([tmp_path])
    lines = [{"orders": order("a", 1, gross=1)}, {"contacts": {"version": "many"}}]
    with pytest.raises(UnreadableTail):
        duck.add_tails(write_tail(tmp_path / "t.gz", lines))

    duck.add_tails(write_tail(tmp_path / "t.gz", lines[:1]))

    assert seen(duck.open({})) == {"a": 1}


def test_files_of_an_older_release_lack_columns_and_fields(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    item = "{'store_primary_id': 'prod_1', 'quantity': 2}"
    columns = (
        f"'shop' AS connection_id, 'a' AS id, 1 AS epoch, 2 AS version, [{item}] AS line_items"
    )
    duckdb.execute(f"COPY (SELECT {columns}, false AS deleted, 1 AS old) TO '{path}'")

    session = Duck([tmp_path]).open({"orders": Files(base=(path,), history=(path,))})

    (told,) = session.dicts("SELECT * FROM orders")
    assert list(told) == DATASETS["orders"].current_columns()
    assert (told["id"], told["gross"], told["version"]) == ("a", None, 2)
    assert session.rows("SELECT store_primary_id, amount FROM order_items") == [("prod_1", None)]
    assert session.rows("SELECT position FROM history_orders") == [(None,)]


def test_what_a_newer_release_writes_is_passed_over() -> None:
    item = {"quantity": 1, "colour": "red"}
    lines = [{"moods": {"id": 1}}, {"orders": order("a", 1, gross=3, line_items=[item], mood=1)}]

    session = duck_of(lines).open({})

    assert seen(session) == {"a": 3}
    assert session.rows("SELECT quantity FROM order_items") == [(1,)]


def test_texts_of_all_kinds_come_back_as_they_were() -> None:
    odd = "a\x00'\";--\n\u2028\U0001f600 %s {x}"

    session = duck_of([{"orders": order(odd, 1, gross=1)}]).open({})

    assert seen(session) == {odd: 1}
    assert session.rows("SELECT count(*) FROM orders WHERE id = ?", [odd]) == [(1,)]


def test_names_are_joined_as_the_api_joins_them() -> None:
    shop = Shop()
    for delivery in story.month(1).deliveries:
        shop.receive(delivery.event.body)
    goods = {n: d for n, d in shop.memory.documents.items() if n[0] == "catalogue"}
    told, items = {}, {}
    for identity, view in shop.recurring_payments().items():
        name = ("recurring_payment", "shop", identity)
        shown = rendering.joined(name, shop.memory.documents[name], view, goods)
        told[identity] = shown["name"]
        items[identity] = shown["line_items"]

    session = session_of(shop.memory.documents)

    assert dict(session.rows("SELECT id, name FROM recurring_payments")) == told
    listed: dict[str, list[dict[str, Any]]] = {identity: [] for identity in told}
    for row in session.dicts("SELECT * FROM recurring_payment_items ORDER BY ordinal"):
        kept = listed[row["id"]]
        assert row["ordinal"] == len(kept) + 1
        kept.append({field: row[field] for field in items[row["id"]][0]})
    assert listed == items
    assert any(name for name in told.values())


def test_an_items_own_name_goes_before_the_price_and_the_product() -> None:
    said = [
        {"kind": "product", "id": "p", "name": "Product", "brand": "Brand", "sku": "P"},
        {"kind": "price", "id": "c", "name": "Price"},
        {"kind": "price", "id": "blank", "name": ""},
    ]
    goods = [{"catalogue": {**ROW, "version": 1, **each}} for each in said]
    items = [
        {"name": "Own", "store_primary_id": "p", "price_id": "c", "sku": "OWN"},
        {"name": "", "store_primary_id": "p", "price_id": "c"},
        {"store_primary_id": "p", "price_id": "blank"},
        {"store_primary_id": "unknown"},
    ]

    session = duck_of([*goods, {"orders": order("a", 1, line_items=items)}]).open({})

    assert session.rows("SELECT name, brand, sku FROM order_items ORDER BY ordinal") == [
        ("Own", "Brand", "OWN"),
        ("Price", "Brand", "P"),
        ("Product", "Brand", "P"),
        (None, None, None),
    ]


def test_order_items_have_their_orders_columns() -> None:
    row = order("a", 1, occurred_date=5, line_items=[{"quantity": 1}, {"quantity": 2}])

    session = duck_of([{"orders": row}]).open({})

    found = session.rows("SELECT occurred_date, ordinal, quantity FROM order_items ORDER BY ALL")
    assert found == [(5, 1, 1), (5, 2, 2)]


def test_a_table_is_put_for_one_request(tmp_path: Path) -> None:
    duck = Duck([tmp_path])
    first = duck.open({})
    columns = {"id": "VARCHAR", "tags": "VARCHAR[]", "since": "BIGINT"}
    held: list[dict[str, Any]] = [{"id": "o'1", "tags": ["x", "y"]}, {"id": None, "since": 7}]

    first.put("mine", columns, held)
    assert first.dicts("SELECT * FROM mine ORDER BY since") == [
        {"id": None, "tags": None, "since": 7},
        {"id": "o'1", "tags": ["x", "y"], "since": None},
    ]
    first.put("mine", {"n": "INTEGER"}, [])
    assert first.rows("SELECT * FROM mine") == []

    second = duck.open({})
    with pytest.raises(duckdb.CatalogException):
        second.rows("SELECT * FROM mine")
    with pytest.raises(ValueError, match="orders is a view"):
        second.put("orders", columns, held)


def test_a_query_reaches_no_file_of_others_and_no_setting(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "own").mkdir()

    session = Duck([tmp_path / "own"]).open({})

    for query in (
        f"FROM '{secret}'",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        "SET memory_limit = '1GB'",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            session.rows(query)


def test_only_what_a_query_names_is_fetched_and_read(tmp_path: Path) -> None:
    files = {}
    for name in ("orders", "contacts"):
        files[name] = Files(base=(tmp_path / f"{name}.parquet",), history=(tmp_path / "none",))
        write_parquet(files[name].base[0], name, [])
    fetched: list[Path] = []
    duck = Duck([tmp_path], fetch=fetched.extend)

    session = duck.open(files)
    assert fetched == []
    session.rows("SELECT 1 FROM orders")
    session.rows("SELECT 2 FROM Orders")
    assert fetched == [files["orders"].base[0]]
    session.rows('SELECT 1 FROM "contacts"')
    assert fetched[1:] == [files["contacts"].base[0]]
