"""What the doctor says of the change log: a compactor that fails, batches that are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.cli import doctor_log
from infra.cli.running import Running
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import Manifest

NOW = 1_790_000_000_000
OLD = log_manifest.tail_key(NOW - 3 * times.HOUR, "0000000a")
NEW = log_manifest.tail_key(NOW - times.MINUTE, "0000000b")
ASIDE = OLD.replace("tails/", "unreadable/")


def remedies(held: Manifest, *, tails: tuple[str, ...] = (), aside: tuple[str, ...] = ()) -> str:
    return " ".join(each.remedy for each in doctor_log.judged(held, tails, aside, NOW))


def test_a_log_whose_tails_are_young_or_folded_is_tidy() -> None:
    held = Manifest(folded=frozenset({OLD}))

    assert remedies(held, tails=(OLD, NEW)) == ""


def test_a_tail_that_waits_for_hours_tells_of_a_compactor_that_fails() -> None:
    told = list(doctor_log.judged(Manifest(), [NEW, OLD], [], NOW))

    assert told[0].state == "2 batches wait since 2026-09-21T11:13:20.000Z to be folded into files"
    assert "compact_changes" in told[0].remedy


def test_damaged_batches_are_missing_until_the_log_is_written_anew() -> None:
    rebuilt = Manifest(epoch=(NOW - times.HOUR) // times.MINUTE)

    assert "rebuild-log" in remedies(Manifest(), aside=(ASIDE,))
    assert remedies(rebuilt, aside=(ASIDE,)) == ""


class Aws:
    """The operator's own clients, as far as this asks for them."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        made = Aws()
        made.s3.create_bucket(Bucket="log")
        yield made


def test_a_stack_is_looked_at_in_its_bucket(aws: Any) -> None:
    running = Running(aws=aws, outputs={"LogBucket": "log"}, name="paysignal")
    assert [each.state for each in doctor_log.findings(running, NOW)] == ["tidy"]

    aws.s3.put_object(Bucket="log", Key=OLD, Body=b"")
    aws.s3.put_object(Bucket="log", Key=ASIDE, Body=b"")
    states = [each.state for each in doctor_log.findings(running, NOW)]

    assert len(states) == 2
    assert states[1] == "1 damaged batches were put aside under unreadable/"


def test_a_stack_without_a_log_has_nothing_to_say(aws: Any) -> None:
    assert list(doctor_log.findings(Running(aws=aws, outputs={}, name="paysignal"), NOW)) == []
