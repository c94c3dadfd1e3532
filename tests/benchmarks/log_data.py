"""A change log of any size, as files in the real layout: the business the benchmarks report on.

Rows are made by DuckDB out of numbers and hashes, so the same sizes give the same log; ids are as
random as providers' are, because that is what files weigh. The files themselves are written by
`compact_changes`' own code.

    python -m tests.benchmarks.log_data FOLDER [SIZES]

where sizes are numbers in the order of `Sizes`.
"""

# ruff: noqa: S608  # The texts are made of words of our own.

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from shared.adapters.log_views import literal, select
from shared.adapters.parquet import Merger
from shared.domain.change_log.manifest import (
    FIRST_EPOCH,
    KEY,
    File,
    FileSet,
    Manifest,
    dump,
    file_key,
)
from shared.domain.change_log.schema import DATASETS

# Two years end here, on the first of October 2026.
END = 1_790_812_800_000
_DAY = 86_400_000
_START = END - 730 * _DAY
_PRODUCTS = 24


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is of everything."""

    orders: int = 1_000_000
    contacts: int = 200_000
    recurring_payments: int = 150_000
    activities: int = 1_000_000
    firings: int = 100_000

    def shrunk(self, by: int) -> Sizes:
        """Return a business of the same shape, `by` times smaller."""
        return Sizes(**{name: count // by for name, count in asdict(self).items()})


class FolderBucket:
    """A bucket in a folder, as a reader of the log sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> tuple[bytes, str] | None:
        path = self._folder / key
        return (path.read_bytes(), str(path.stat().st_mtime_ns)) if path.exists() else None

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        found = self.get(key)
        return None if found is None or found[1] == etag else found

    def list(self, prefix: str, after: str = "") -> list[_Listed]:
        found = (self._folder / prefix).rglob("*")
        return [_Listed(str(path.relative_to(self._folder))) for path in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Listed:
    key: str


# Fractions and ids out of a row's number; `s` keeps one from telling of another.
_MACROS = f"""
CREATE MACRO part(s, i) AS (hash(s, i) % 1000003) / 1000003.0;
CREATE MACRO of(s, i, n) AS (hash(s, i) % n)::BIGINT;
CREATE MACRO base62(s, i, n) AS
  translate(to_base64(unhex(sha256(s || i::VARCHAR)))[1:n], '+/=', 'xYz');
CREATE MACRO contact_id(i) AS md5('contact' || i::VARCHAR)::UUID::VARCHAR;
CREATE MACRO subscription_id(i) AS 'sub_' || base62('sub', i, 24);
CREATE MACRO product_id(p) AS 'prod_' || base62('prod', p, 14);
CREATE MACRO firing_id(i) AS md5('firing' || i::VARCHAR)::UUID::VARCHAR;
CREATE MACRO price_id(p) AS 'price_' || base62('price', p, 24);
CREATE MACRO price(p) AS [900, 1900, 2900, 3900, 4900, 9900, 1250, 14900][1 + p % 8]::BIGINT;
CREATE MACRO first_name(i) AS
  ['Ada', 'Grace', 'Lucía', 'Noah', 'Emma', 'Liam', 'Zoë', 'Omar', 'Mei'][1 + of('first', i, 9)];
CREATE MACRO last_name(i) AS
  ['Lovelace', 'Hopper', 'García', 'Smith', 'Müller', 'Rossi', 'Chen'][1 + of('last', i, 7)];
CREATE MACRO email(i) AS
  lower(strip_accents(first_name(i) || '.' || last_name(i))) || i::VARCHAR || '@example.com';
CREATE MACRO item(p, q) AS {{
  'name': q || ' ' || chr(215) || ' Product ' || p || ' (at $'
    || printf('%.2f', price(p) / 100) || ' / month)',
  'store_primary_id': product_id(p), 'price_id': price_id(p), 'quantity': q::BIGINT,
  'amount': (price(p) * q)::BIGINT}};
CREATE MACRO state(p, said, since) AS {{'date': since, 'status': said, 'is_trial': false,
  'payment_amount': price(p), 'currency': 'USD', 'billing_interval': 'monthly',
  'billing_interval_count': 1, 'product': product_id(p)}};
CREATE MACRO moment(s, i) AS ({_START} + (sqrt(part(s, i)) * {END - _START}))::BIGINT;
"""
# Four orders in five are renewals of the contact's subscription, where there is one.
_ORDERS = """
SELECT *,
  CASE status WHEN 'refunded' THEN gross WHEN 'partially_refunded' THEN gross // 2 ELSE 0 END
    AS refunded,
  CASE status WHEN 'disputed' THEN gross ELSE 0 END AS withheld,
  CASE WHEN status IN ('refunded', 'partially_refunded') THEN [{'kind': 'refund',
    'id': 're_' || base62('re', i, 24), 'date': occurred_date + of('back', i, 30) * 86400000,
    'amount': CASE status WHEN 'refunded' THEN gross ELSE gross // 2 END}]
    WHEN status = 'disputed' THEN [{'kind': 'dispute', 'id': 'dp_' || base62('dp', i, 24),
    'date': occurred_date + of('back', i, 60) * 86400000, 'amount': gross}] ELSE [] END AS returned,
  [{'id': 'pi_' || base62('pi', i, 24), 'amount': gross, 'date': occurred_date,
    'status': CASE status WHEN 'declined' THEN 'declined' ELSE 'completed' END}] AS payments,
  'ch_' || base62('ch', i, 24) AS processor_reference,
  CASE WHEN status <> 'declined' THEN (gross * 29) // 1000 + 30 END AS fee,
  CASE WHEN len(line_items) = 1 THEN line_items[1].store_primary_id END AS product,
  CASE WHEN len(line_items) = 1 THEN line_items[1].name END AS product_name,
  CASE WHEN len(line_items) > 1 THEN list_transform(line_items, lambda x:
    {'product': x.store_primary_id, 'name': x.name, 'amount': x.amount}) END AS split
FROM (SELECT i, 'shop' AS connection_id, 'in_' || base62('in', i, 24) AS id,
    contact_id(c) AS contact_id, email(c) AS email,
    CASE WHEN renews THEN 'subscription' ELSE 'one_time' END AS kind,
    CASE WHEN renews THEN subscription_id(c) END AS recurring_payment_id,
    CASE WHEN part('fate', i) < 0.02 THEN 'refunded' WHEN part('fate', i) < 0.03
      THEN 'partially_refunded' WHEN part('fate', i) < 0.032 THEN 'disputed'
      WHEN part('fate', i) < 0.07 THEN 'declined' ELSE 'completed' END AS status,
    CASE WHEN part('money', c) < 0.9 THEN 'USD' ELSE 'EUR' END AS currency,
    list_sum(list_transform(items, lambda x: x.amount))::BIGINT + tax AS gross, tax,
    0::BIGINT AS discount, 0::BIGINT AS shipping, items AS line_items,
    moment('when', i) // 1000 * 1000 AS occurred_date, 1 + of('version', i, 3) AS version,
    false AS provisional
  FROM (SELECT *, (price(p) * part('tax', c))::BIGINT // 5 AS tax,
      CASE WHEN part('second', i) < 0.1
        THEN [item(p, 1), item(of('other', i, $products), 1 + of('q', i, 2))]
        ELSE [item(p, 1)] END AS items
    FROM (SELECT i, c, c < $recurring_payments AND part('renews', i) < 0.8 AS renews,
        of('product', c, $products) AS p
      FROM (SELECT i, of('whose', i, $contacts) AS c FROM range($orders) t(i)))))
"""
_CONTACTS = """
SELECT contact_id(i) AS contact_id, email(i) AS email, [] AS aliases, first_name(i) AS first_name,
  last_name(i) AS last_name,
  list_transform(['PURCHASE: Product ' || of('product', i, $products), 'STATUS: Active',
    'Newsletter', 'VIP'][1 : 1 + of('tags', i, 4)], lambda x:
    {'tag': x, 'applied_date': moment('tagged', i)}) AS tags,
  [] AS lists, CASE WHEN part('static', i) < 0.1 THEN ['at-risk'] ELSE [] END AS segments,
  ['google', 'facebook', 'newsletter', 'direct'][1 + of('source', i, 4)] AS first_source,
  'campaign-' || of('campaign', i, 40) AS campaign, moment('made', i) AS created_date,
  moment('made', i) AS customer_since, moment('made', i) AS first_order_date,
  moment('bought', i) AS last_order_date, 1 + of('orders', i, 9) AS orders_count,
  1 + of('orders', i, 9) AS kept_orders,
  [{'currency': 'USD', 'orders': 5, 'net': of('net', i, 90000)}] AS revenue,
  1 + of('version', i, 9) AS version
FROM range($contacts) t(i)
"""
_RECURRING_PAYMENTS = """
SELECT 'shop' AS connection_id, subscription_id(i) AS id, contact_id(i) AS contact_id,
  email(i) AS email, CASE WHEN ended THEN 'cancelled' ELSE 'active' END AS status,
  CASE WHEN ended THEN 'canceled' ELSE 'active' END AS store_status,
  'monthly' AS billing_interval, 1 AS billing_interval_count, price(p) AS payment_amount,
  0 AS discount_amount, 0 AS tax_amount, 'completed' AS last_payment_status,
  moment('bought', i) AS last_payment_date, start AS start_date, start AS anchor_date,
  start AS store_created_date, moment('bought', i) AS store_modified_date,
  CASE WHEN NOT ended THEN $end + of('next', i, 30) * 86400000 END AS next_payment_date,
  CASE WHEN NOT ended THEN $end + of('next', i, 30) * 86400000 END AS renewal_date,
  CASE WHEN ended THEN finish END AS cancelled_date,
  $end + of('expires', i, 1000) * 86400000 AS payment_method_expiration,
  'in_' || base62('in', i, 24) AS origin_order_id,
  CASE WHEN part('money', i) < 0.9 THEN 'USD' ELSE 'EUR' END AS currency,
  'cus_' || base62('cus', i, 14) AS store_customer_id, false AS is_trial,
  false AS cancel_at_period_end, 0 AS total_cycles, of('cycles', i, 24) AS cycles_completed,
  [item(p, 1)] AS line_items, place AS billing_address, place AS shipping_address, [] AS inferred,
  CASE WHEN ended THEN [state(p, 'active', start), state(p, 'cancelled', finish)]
    ELSE [state(p, 'active', start)] END AS states, 2 + of('version', i, 30) AS version
FROM (SELECT *, moment('started', i) AS start, part('ended', i) < 0.3 AS ended,
    start + of('lasted', i, 400) * 86400000 AS finish, {'first_name': first_name(i),
      'last_name': last_name(i), 'address_1': of('street', i, 900) || ' Lake Street',
      'city': ['Chicago', 'Paris', 'Berlin', 'Lagos', 'Lima'][1 + of('city', i, 5)],
      'country': ['US', 'FR', 'DE', 'NG', 'PE'][1 + of('city', i, 5)],
      'postal': (10000 + of('postal', i, 90000))::VARCHAR} AS place
  FROM (SELECT i, of('product', i, $products) AS p FROM range($recurring_payments) t(i)))
"""
_CATALOGUE = """
SELECT 'shop' AS connection_id, 'product' AS kind, product_id(p) AS id, 'Product ' || p AS name,
  'Category ' || (p % 5) AS category, 'SKU-' || p AS sku, 1 AS version
FROM range($products) t(p)
"""
# Half of what is known of anybody is that letters were sent; one in ten is an automation's.
_ACTIVITY = """
SELECT email(of('who', i, greatest($contacts, 1))) AS email, 'act_' || base62('act', i, 20) AS id,
  'mail' AS connection_id,
  ['sent', 'sent', 'sent', 'sent', 'sent', 'open', 'open', 'visit', 'click', 'reply']
    [1 + of('did', i, 10)] AS kind,
  'Letter ' || of('letter', i, 200) AS subject, 'campaign-' || of('letter', i, 40) AS campaign,
  CASE WHEN part('sent', i) < 0.1 THEN 'automation-' || of('by', i, 12) END AS automation_id,
  moment('did', i) AS occurred_date, 1 AS version
FROM range($activities) t(i)
"""
_SPEND = """
SELECT strftime(make_timestamp((START + d * 86400000) * 1000), '%Y-%m-%d') AS date,
  ['google', 'facebook', 'newsletter', 'direct'][1 + c % 4] AS source,
  'campaign-' || c AS campaign, 'USD' AS currency, 100 + of('cost', 40 * d + c, 9000) AS amount,
  1 AS version
FROM range(730) d(d), range(40) c(c)
""".replace("START", str(_START))
_FIRINGS = """
SELECT 'automation-' || of('by', i, 12) AS automation_id, firing_id(i) AS firing_id,
  contact_id(of('fired', i, greatest($contacts, 1))) AS contact_id, 'done' AS state,
  'recurring_payment' AS record, 'shop' AS connection_id,
  subscription_id(of('fired', i, greatest($contacts, 1))) AS id, moment('fires', i) AS at,
  moment('fires', i) + 900 AS fired_at, 1 AS version
FROM range($firings) t(i)
"""
_DELIVERIES = """
SELECT 'msg_' || base62('msg', i, 24) AS delivery_id,
  'automation-' || of('by', i, 12) AS automation_id, firing_id(i) AS firing_id,
  'crm' AS endpoint_id, 'recurring_payment.updated' AS type,
  CASE WHEN part('arrives', i) < 0.98 THEN 'delivered' ELSE 'dead' END AS state,
  moment('fires', i) + 1000 AS created, 1 AS tries, 1 AS version
FROM range($firings) t(i)
"""
QUERIES: Mapping[str, str] = {
    "orders": _ORDERS,
    "contacts": _CONTACTS,
    "recurring_payments": _RECURRING_PAYMENTS,
    "catalogue": _CATALOGUE,
    "activity": _ACTIVITY,
    "spend": _SPEND,
    "firings": _FIRINGS,
    "deliveries": _DELIVERIES,
}


def write_log(bucket: Path, sizes: Sizes) -> Manifest:
    """Write the files and the manifest of a log; those of the newest rows alone."""
    files: dict[str, FileSet] = dict.fromkeys(DATASETS, FileSet())
    with tempfile.TemporaryDirectory() as scratch:
        for name in QUERIES:
            rows = _raw(Path(scratch) / f"{name}.parquet", name, sizes)
            key = file_key(name, "base", END, "0" * 8)
            (bucket / key).parent.mkdir(parents=True, exist_ok=True)
            merger = Merger(Path(scratch), memory_mb=3_000)
            count = merger.newest(name, [rows], bucket / key, loaded=False, epoch=FIRST_EPOCH)
            merger.close()
            file = File(key, count, (bucket / key).stat().st_size)
            files[name] = FileSet(base=(file,))
    manifest = Manifest(generation=1, as_of=END, datasets=files)
    (bucket / KEY).write_bytes(dump(manifest))
    return manifest


def _raw(path: Path, name: str, sizes: Sizes) -> Path:
    """Write a dataset's rows in the order they were made."""
    dataset = DATASETS[name]
    values = {
        **asdict(sizes),
        "products": _PRODUCTS,
        "end": END,
    }
    common = f"{FIRST_EPOCH} AS epoch, false AS deleted, {END} AS recorded_at, '' AS position"
    query = f"SELECT *, {common} FROM ({QUERIES[name]})"
    for word, value in values.items():
        query = query.replace(f"${word}", str(value))
    with duckdb.connect(":memory:", config={"memory_limit": "3GB", "threads": "2"}) as connection:
        connection.execute(_MACROS)
        held = {
            column: kind for column, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall()
        }
        columns = select(dataset.columns, held, dataset)
        connection.execute(f"COPY (SELECT {columns} FROM ({query})) TO {literal(path)}")
    return path


if __name__ == "__main__":
    made = write_log(Path(sys.argv[1]), Sizes(*map(int, sys.argv[2:])))
    for files in made.datasets.values():
        for each in files.all():
            print(f"{each.key:60} {each.rows:>10,} rows {each.bytes:>12,} bytes")
