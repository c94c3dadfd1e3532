"""What `paysignal doctor` says of the change log: whether it is tidied, and can all be read.

A compactor that fails makes no answer wrong, only slow, until there are more tails than a report
has time for. So nothing rings; this tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from infra.cli.rebuild_log import Bucket
from infra.cli.running import Running
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import ASIDE, TAILS, Manifest

# A tail waits a quarter of an hour for the compactor; after eight of its runs it has failed.
UNTIDY_MS = 2 * times.HOUR
_SUBJECT = "change log"


class Told(NamedTuple):
    """What was found, and what to do; `remedy` is empty where all is well."""

    subject: str
    state: str
    remedy: str = ""


def findings(running: Running, now: int, place: str = "") -> Iterator[Told]:
    """Yield what there is to say of a stack's log at a time (ms), and of a remedy for its place."""
    name = running.outputs.get("LogBucket")
    if name is None:
        return
    s3 = running.aws.s3
    tails, aside = _listed(s3, name, TAILS), _listed(s3, name, ASIDE)
    # After the lists: what was folded meanwhile is no trouble.
    found = Bucket(running.aws, name).get(log_manifest.KEY)
    held = log_manifest.parse(found[0]) if found else Manifest()
    yield from judged(held, tails, aside, now, place)


def judged(
    held: Manifest, tails: Iterable[str], aside: Iterable[str], now: int, place: str = ""
) -> Iterator[Told]:
    """Yield what a manifest, the tails listed and those put aside tell at a time (ms)."""
    waiting = log_manifest.unfolded(held, tails)
    if waiting and log_manifest.written_at(waiting[0]) < now - UNTIDY_MS:
        since = times.to_text(log_manifest.written_at(waiting[0]))
        yield Told(
            _SUBJECT,
            f"{len(waiting)} batches wait since {since} to be folded into files",
            "compact_changes fails: its log says why. Nothing is lost; reports are slow meanwhile.",
        )
    else:
        yield Told(_SUBJECT, "tidy")
    # Whatever was written before an epoch began to be told is in it.
    told_anew = held.epoch * times.MINUTE
    names = [key.replace(ASIDE, TAILS, 1) for key in aside]
    missing = [name for name in names if log_manifest.written_at(name) >= told_anew]
    if missing:
        yield Told(
            _SUBJECT,
            f"{len(missing)} damaged batches were put aside under {ASIDE}",
            f"Their rows are missing in reports. Bring them back: ./paysignal rebuild-log{place}",
        )


def _listed(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", ())]
