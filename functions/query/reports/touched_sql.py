"""The SQL of reports over touches: from rows of touches to people, and from them to sums.

Whom a question is about gets a number, because joining and grouping by one is several times faster
than by an id. A `cell` is what figures are told of: a bucket by its number, the whole range as -1,
the previous period as -2, and groups from the number of buckets on.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.reports.sql import Sql

TOTAL, BEFORE_IT = -1, -2
# The addresses of those a question is about, by any of which an activity is theirs.
ADDRESSES = Sql(
    "SELECT p.who, p.email AS address FROM people p UNION ALL"
    " SELECT p.who, unnest(p.aliases) AS address FROM people p"
)
FIRST = Sql("min(CASE WHEN m.touch THEN m.at END)")
PEOPLE = """
people AS MATERIALIZED (
  SELECT CAST(row_number() OVER () AS INTEGER) AS who, c.contact_id, c.email, c.aliases,
    CAST({customer} AS INTEGER) AS customer
  FROM contacts c WHERE {counts}
)
"""
TABLES = """
WITH {people}, touched AS MATERIALIZED (
  SELECT m.who, m.at, m.touch, {slot} AS slot, {names} {own} AS own
  FROM ({rows}) m WHERE {in_time}
) {grouped}, days AS MATERIALIZED (
  SELECT m.slot AS cell, m.who, min(m.at) AS at FROM touched m WHERE m.touch GROUP BY m.slot, m.who
), firsts AS MATERIALIZED (
  SELECT m.cell, m.who, m.at FROM days m WHERE m.cell >= 0
  UNION ALL SELECT -2, m.who, m.at FROM days m WHERE m.cell < 0
  UNION ALL SELECT -1, m.who, min(m.at) FROM days m WHERE m.cell >= 0 GROUP BY m.who
  {of_groups}
), moved AS MATERIALIZED (
  SELECT p.who, m.currency, m.at, {net} AS net, m.orders FROM ({movements}) m
  JOIN (SELECT p.who, p.contact_id FROM people p WHERE p.who IN (SELECT who FROM touched)) p
    ON p.contact_id = m.contact_id
)
"""
GROUPED = """
, grouped AS MATERIALIZED (
  SELECT m.who, m.at, m.touch, {names} {key} AS key, {label} AS label FROM ({rows}) m {joins}
), keys AS MATERIALIZED (
  SELECT {buckets} + row_number() OVER () - 1 AS cell, m.* FROM (
    SELECT m.key, max(m.label) AS label, {sums} FROM grouped m GROUP BY m.key
  ) m
)
"""
OF_GROUPS = """
  UNION ALL
  SELECT k.cell, m.who, min(m.at) FROM grouped m JOIN keys k ON k.key IS NOT DISTINCT FROM m.key
  WHERE m.touch GROUP BY k.cell, m.who
"""
# Groups that rows tell themselves, and those that are facts of a contact, joined to one row each.
OWN_ROWS = Sql("SELECT * FROM touched m WHERE m.slot >= 0")
ROWS_BY_PERSON = """
SELECT m.*, p.contact_id FROM (
  SELECT m.who, min(m.at) FILTER (m.touch) AS at, bool_or(m.touch) AS touch, {sums} FROM touched m
  WHERE m.slot >= 0 GROUP BY m.who
) m JOIN people p ON p.who = m.who
"""
COUNTED = """
SELECT 'counts' AS axis, m.slot AS cell, {sums} FROM touched m GROUP BY m.slot
UNION ALL BY NAME
SELECT 'people' AS axis, f.cell, count(*) AS contacts, CAST(sum(p.customer) AS BIGINT) AS customers,
  CAST(sum(p.revenue) AS BIGINT) AS revenue
FROM firsts f JOIN (
  SELECT p.who, p.customer, w.revenue FROM people p LEFT JOIN (
    SELECT v.who, sum(v.net) AS revenue FROM moved v WHERE v.currency = {currency} GROUP BY v.who
  ) w ON w.who = p.who
) p ON p.who = f.who GROUP BY f.cell
UNION ALL BY NAME
SELECT DISTINCT 'currency' AS axis, v.currency AS key FROM moved v
"""
KEYS = """
UNION ALL BY NAME SELECT 'group' AS axis, k.cell, k.key, k.label, {names} FROM keys k
"""
REVENUE_AFTER = """
UNION ALL BY NAME
SELECT 'after' AS axis, f.cell, CAST(sum(v.net) AS BIGINT) AS revenue_after
FROM firsts f JOIN (
  SELECT v.who, v.at, v.net FROM moved v WHERE v.currency = {currency} AND v.net <> 0
) v ON v.who = f.who AND v.at >= f.at GROUP BY f.cell
"""
WAITED = """
UNION ALL BY NAME
SELECT 'waited' AS axis, f.cell, CAST(sum(b.at - f.at) AS BIGINT) AS waited, count(*) AS purchases
FROM firsts f JOIN (
  SELECT f.who, f.at AS since, min(v.at) AS at FROM (SELECT DISTINCT f.who, f.at FROM firsts f) f
  JOIN moved v ON v.who = f.who AND v.at >= f.at AND v.orders > 0 GROUP BY f.who, f.at
) b ON b.who = f.who AND b.since = f.at GROUP BY f.cell
"""
LEDGER = """
WITH {people}, keyed AS (
  SELECT m.* FROM (
    SELECT m.*, {key} AS key FROM (
      SELECT m.*, p.contact_id, p.email, p.customer FROM ({rows}) m JOIN people p ON p.who = m.who
    ) m {joins}
  ) m WHERE {wanted}
), firsts AS (
  SELECT m.contact_id, m.email, m.customer, {first} AS at FROM keyed m
  GROUP BY ALL HAVING {first} IS NOT NULL
)
{told}
"""
TOLD_ROWS = """
SELECT DISTINCT m.at, m.connection_id, m.id, m.kind, m.contact_id, m.email,
  CAST(NULL AS BIGINT) AS amount, NULL AS currency, NULL AS part, 0 AS ordinal
FROM keyed m WHERE m.{name} = 1
"""
TOLD_PEOPLE = """
SELECT f.at, NULL AS connection_id, f.contact_id AS id, 'contact' AS kind, f.contact_id, f.email,
  CAST(NULL AS BIGINT) AS amount, NULL AS currency, NULL AS part, 0 AS ordinal
FROM firsts f WHERE {which}
"""
TOLD_MONEY = """
SELECT m.at, m.connection_id, m.id, m.kind, m.contact_id, m.email,
  CAST(sum({net}) AS BIGINT) AS amount, m.currency, m.part, m.ordinal
FROM ({movements}) m JOIN firsts f ON f.contact_id = m.contact_id
WHERE m.currency = {currency} AND {which} AND {net} <> 0 GROUP BY ALL
"""


def sums(names: Sequence[str]) -> Sql:
    """Return the sums of columns of `m`, under their names."""
    told = [f"CAST(sum(m.{name}) AS BIGINT) AS {name}" for name in names]
    return Sql(", ".join(told) or "0 AS nothing")


def columns(alias: str, names: Sequence[str]) -> Sql:
    """Return columns of a table by its alias."""
    return Sql(", ".join(f"{alias}.{name}" for name in names) or "0 AS nothing")
