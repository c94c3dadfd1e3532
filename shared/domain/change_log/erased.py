"""What the change log forgets of people who were erased, and how it knows of whom.

Pure. The erase ledger lies beside the log, an object per erasure, and is only ever added to. Each
erasure is **pending** until the log's files were written anew without the person; then the manifest
says that it is **done**. A row written before may still come later, out of a stream that was held
up, so what is new in the log is held against every **recent** erasure, done or not.

Rows of the person alone go as a whole; rows that money is counted by lose what speaks of a person
and keep the opaque id. Both follow from the row itself, so that it makes no difference to which
rows is the newest whether this is asked before or after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shared.domain import times
from shared.domain.change_log.manifest import Manifest
from shared.domain.erasure import PREFIX, Erasure

# Datasets whose rows are about one person and nobody else.
WHOLE = frozenset({"contacts", "activity"})
# Columns of the other datasets that tell of a person; of those of IDS only an address does: there
# are stores that know their customers, or link what they sell, by it.
PERSONAL: Mapping[str, tuple[str, ...]] = {
    "orders": ("email",),
    "recurring_payments": (
        "email",
        "note",
        "shipping_address",
        "billing_address",
        "store_customer_id",
        "external_id",
    ),
    "changes": ("changes",),
}
IDS = ("store_customer_id", "external_id")
# Fields whose changes tell of a person, and those whose do where one is an address; the other
# changes of an entry stay.
PERSONAL_FIELDS = ("billing_address", "email", "note", "shipping_address")
LINKS = ("external_id",)
AFFECTED = WHOLE | PERSONAL.keys()
# Longer than any row may be on its way: the stream keeps a day, dead letters two weeks, and a table
# may be restored as it was five weeks ago, out of which the log is then written anew.
RECENT_MS = 40 * times.DAY


@dataclass(frozen=True, slots=True)
class Ledger:
    """The erasures that readers and compactors still have to know, by the keys of their objects."""

    recent: Mapping[str, Erasure]

    def pending(self, manifest: Manifest) -> tuple[Erasure, ...]:
        """Return those that the files of a manifest do not reflect yet."""
        return tuple(
            each for key, each in sorted(self.recent.items()) if key not in manifest.erased
        )


def current(manifest: Manifest, listed: Iterable[str]) -> set[str]:
    """Return the keys of the ledger that still matter, of those listed."""
    return {key for key in listed if key > manifest.erased_through}


def after_erasing(manifest: Manifest, done: Iterable[str], now: int) -> Manifest:
    """Return a manifest that says of these erasures, too, that its files reflect them.

    Those that are not recent any more are forgotten one by one: of all up to `erased_through` it is
    known that they are done.
    """
    known = sorted(manifest.erased | set(done))
    # Names sort by the time of erasure; up to the first that is recent all are of the past.
    old = f"{PREFIX}{max(0, now - RECENT_MS):015d}"
    through = max([manifest.erased_through, *(key for key in known if key < old)])
    return replace(
        manifest,
        erased=frozenset(key for key in known if key > through),
        erased_through=through,
    )
