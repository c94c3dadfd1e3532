"""Erased people and the change log's rows as SQL: which rows speak of them, and what is left.

Only texts, made of our own names and of paths; ids and hashes are rows of tables, never text. Of a
**kind** of erasures there are three tables: `<kind>_contacts`, `<kind>_hashes` (of addresses) and
`<kind>_records`, the records they are known to have had, each with the time of erasure.

Whose a row is, its contact's id says, for such an id is never given to anybody else. Where a row
has none, the address does, of what was recorded by the time of erasure: afterwards the same address
may be a new person's.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own; values are bound.

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from shared.domain.change_log.erased import IDS, LINKS, PERSONAL, PERSONAL_FIELDS, WHOLE
from shared.domain.change_log.schema import Dataset
from shared.domain.erasure import SALT, Erasure

# Erasures that files do not reflect yet, and those that what is new is held against.
PENDING, RECENT = "pending_erased", "recent_erased"
RECORDS = {"orders": "order", "recurring_payments": "recurring_payment"}
Statement = tuple[str, Sequence[Any]]

_VERSION = ("epoch", "version")

_FIELD = "json_extract_string(each, '$[0]')"
_KEPT_CHANGES = (
    "to_json(list_filter(from_json(changes, '[\"JSON\"]'), lambda each:"
    f" {_FIELD} NOT IN ({', '.join(map(repr, PERSONAL_FIELDS))}) AND NOT"
    f" ({_FIELD} IN ({', '.join(map(repr, LINKS))}) AND contains(each::VARCHAR, '@'))))::VARCHAR"
)


def tables(kind: str) -> list[str]:
    """Return the statements that make the tables of a kind, empty."""
    return [
        f"CREATE TABLE {kind}_contacts (contact_id VARCHAR, until BIGINT)",
        f"CREATE TABLE {kind}_hashes (hash VARCHAR, until BIGINT)",
        f"CREATE TABLE {kind}_records (record VARCHAR, connection_id VARCHAR, id VARCHAR,"
        " until BIGINT)",
        f"CREATE TABLE {kind}_versions (record VARCHAR, connection_id VARCHAR, id VARCHAR,"
        " epoch INTEGER, version BIGINT)",
    ]


def filled(kind: str, erasures: Iterable[Erasure]) -> Iterator[Statement]:
    """Yield the statements that make these the erasures of a kind; of no records is known yet."""
    contacts: dict[str, int] = {}
    hashes: dict[str, int] = {}
    for each in erasures:
        if each.contact_id is not None:
            contacts[each.contact_id] = max(each.erased_at, contacts.get(each.contact_id, 0))
        for email_hash in each.email_hashes:
            hashes[email_hash] = max(each.erased_at, hashes.get(email_hash, 0))
    for table in ("contacts", "hashes", "records", "versions"):
        yield f"DELETE FROM {kind}_{table}", ()
    for table, until in (("contacts", contacts), ("hashes", hashes)):
        if until:
            values = [list(until), list(until.values())]
            yield f"INSERT INTO {kind}_{table} SELECT unnest(?), unnest(?)", values


def source(
    dataset: Dataset, table: str, held: Collection[str], kind: str, *, place: str = ""
) -> str:
    """Return a table of a dataset's rows without what speaks of erased people.

    `held` are the columns `table` has; `place` names the virtual column that comes along.
    """
    inner = f"SELECT t.*{place and f', t.{place}'}, {_covered(dataset, held, kind)} AS erased_"
    rows = f"{inner} FROM {table} t"
    if dataset.name in WHOLE:
        return f"(SELECT * EXCLUDE (erased_) FROM ({rows}) WHERE NOT erased_)"
    left = ", ".join(
        f"CASE WHEN erased_ THEN {_left(name)} ELSE {name} END AS {name}"
        for name in PERSONAL[dataset.name]
        if name in held
    )
    return f"(SELECT * EXCLUDE (erased_) REPLACE ({left}) FROM ({rows}))"


def touched(dataset: Dataset, table: str, held: Collection[str], kind: str) -> str:
    """Return the query of how many rows of a table still speak of erased people."""
    told = " OR ".join(
        f"{name} IS DISTINCT FROM {_left(name)}"
        for name in PERSONAL.get(dataset.name, ())
        if name in held
    )
    covered = _covered(dataset, held, kind)
    return f"SELECT count(*) FROM {table} t WHERE {covered} AND ({told or 'true'})"


def scrubbing(dataset: Dataset, table: str, kind: str) -> str:
    """Return the statement that takes what speaks of erased people out of a table."""
    covered = _covered(dataset, dataset.columns, kind)
    if dataset.name in WHOLE:
        return f"DELETE FROM {table} t WHERE {covered}"
    left = ", ".join(f"{name} = {_left(name)}" for name in PERSONAL[dataset.name])
    return f"UPDATE {table} t SET {left} WHERE {covered}"


def having(dataset: Dataset, table: str, held: Collection[str], kind: str) -> str:
    """Return the statement that notes which records of a table are those of erased people."""
    record = RECORDS[dataset.name]
    return (
        f"INSERT INTO {kind}_records SELECT '{record}', connection_id, id, max(until) FROM ("
        f"SELECT t.connection_id, t.id, greatest(coalesce({_of_contact(kind)}, -1),"
        f" coalesce({_of_address(dataset, kind)}, -1)) AS until FROM {table} t"
        f" WHERE {_covered(dataset, held, kind)}) GROUP BY ALL"
    )


def versions(dataset: Dataset, table: str, kind: str) -> str:
    """Return the statement that notes which versions are erased for their address alone.

    Files of the newest rows do not say when a row was recorded; those of history do.
    """
    return (
        f"INSERT INTO {kind}_versions SELECT '{RECORDS[dataset.name]}', t.connection_id, t.id,"
        f" t.epoch, t.version FROM {table} t"
        f" WHERE t.contact_id IS NULL AND {_covered(dataset, dataset.columns, kind)}"
    )


def _left(column: str) -> str:
    """Return what is left of a column of a row of somebody erased."""
    if column == "changes":
        return _KEPT_CHANGES
    if column in IDS:
        return f"CASE WHEN NOT contains({column}, '@') THEN {column} END"
    return "NULL"


def _covered(dataset: Dataset, held: Collection[str], kind: str) -> str:
    """Return the condition that a row, `t`, speaks of somebody who was erased."""
    theirs = f"coalesce(t.contact_id IN (SELECT contact_id FROM {kind}_contacts), false)"
    if dataset.name == "contacts":
        return theirs
    if dataset.name == "activity":
        # What was done is named by when it was done, also where nothing else is left of it.
        at = "coalesce(TRY_CAST(left(t.id, 15) AS BIGINT), 0)"
        return f"coalesce({at} <= {_of_address(dataset, kind)}, false)"
    if dataset.name == "changes":
        record = "r.record = t.record AND r.connection_id = t.connection_id AND r.id = t.id"
        until = f"(SELECT max(until) FROM {kind}_records r WHERE {record})"
        return f"({theirs} OR t.contact_id IS NULL AND coalesce(t.recorded_at <= {until}, false))"
    if "recorded_at" in held:
        return f"({theirs} OR coalesce(t.recorded_at <= {_of_address(dataset, kind)}, false))"
    return f"({theirs} OR {_of_version(dataset, kind)})"


def _of_version(dataset: Dataset, kind: str) -> str:
    """Return the condition of a row of a file that does not say when it was recorded."""
    if kind == PENDING:
        # Until the next compaction knows better, whoever has the address is taken for the person.
        return f"coalesce({_of_address(dataset, kind)} > 0, false)"
    named = " AND ".join(f"v.{name} = t.{name}" for name in (*dataset.identity, *_VERSION))
    record = f"v.record = '{RECORDS[dataset.name]}'"
    return f"EXISTS (SELECT 1 FROM {kind}_versions v WHERE {record} AND {named})"


def _of_contact(kind: str) -> str:
    return f"(SELECT until FROM {kind}_contacts c WHERE c.contact_id = t.contact_id)"


def _of_address(dataset: Dataset, kind: str) -> str:
    """Return when the address of a row was erased, NULL where it was not or a contact is known."""
    address = "lower(nfc_normalize(trim(t.email)))"
    hashed = f"sha256('{SALT}' || {address})"
    if "contact_id" in dataset.columns:
        hashed = f"CASE WHEN t.contact_id IS NULL THEN {hashed} END"
    return f"(SELECT until FROM {kind}_hashes h WHERE h.hash = {hashed})"
