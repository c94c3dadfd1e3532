"""The change log on the whole stack: written, folded, asked by Athena, and built anew."""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

import json
import time
from argparse import Namespace
from typing import Any

import boto3
import pytest
from rich.console import Console

from infra.cli import rebuild_log
from infra.cli.running import Running
from infra.glue import newest_query
from infra.samples import stripe as story
from infra.samples.stripe_event import Event
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.schema import DATASETS
from shared.domain.orders import BROUGHT_MONEY
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SHOP, eventually, post, renamed

EMAIL = "athena@example.com"


@pytest.fixture(scope="module")
def gross_paid(stack: Stack) -> int:
    """Send a subscription's life; return what its orders brought, in minor units."""
    stack.api.put("/v1/connections/e2e", SHOP)
    world = story.whole_life("athena", "new")
    for event in world.events:
        assert post(stack, Event(renamed(event.content, EMAIL))) == 200
    return sum(order.gross for order in world.truth.orders.values() if order.paid)


def ask(stack: Stack, query: str) -> list[list[str]]:
    """Return the rows Athena answers with."""
    athena = boto3.client(
        "athena",
        endpoint_url=stack.aws.endpoint_url,
        region_name=stack.aws.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    try:
        begun = athena.start_query_execution(
            QueryString=query,
            WorkGroup="paysignal",
            QueryExecutionContext={"Database": "paysignal"},
        )["QueryExecutionId"]
        ended = eventually(
            lambda: athena.get_query_execution(QueryExecutionId=begun)["QueryExecution"]["Status"],
            lambda status: status["State"] not in ("QUEUED", "RUNNING"),
        )
        assert ended["State"] == "SUCCEEDED", ended
        _, *rows = athena.get_query_results(QueryExecutionId=begun)["ResultSet"]["Rows"]
    finally:
        athena.close()
    return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]


def tails(stack: Stack) -> int:
    """Return how many tails no file holds yet."""
    bucket = stack.outputs["LogBucket"]
    listed = stack.aws.s3.list_objects_v2(Bucket=bucket, Prefix="tails/").get("Contents", [])
    held = manifest(stack)
    return len([each for each in listed if each["Key"] not in held.folded])


def manifest(stack: Stack) -> log_manifest.Manifest:
    found = rebuild_log.Bucket(stack.aws, stack.outputs["LogBucket"]).get(log_manifest.KEY)
    return log_manifest.parse(found[0]) if found else log_manifest.Manifest()


def compact(stack: Stack) -> dict[str, Any]:
    answer = stack.aws.lambda_.invoke(FunctionName=stack.outputs["CompactFunction"], Payload=b"{}")
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError") is None, told
    return told


def brought(stack: Stack) -> list[list[str]]:
    newest = newest_query(DATASETS["orders"])
    paid = ", ".join(f"'{status}'" for status in sorted(BROUGHT_MONEY))
    return ask(
        stack,
        f"SELECT email, sum(gross) AS brought, count(*) AS orders FROM ({newest}) AS newest"
        f" WHERE email = '{EMAIL}' AND status IN ({paid}) GROUP BY email",
    )


def quiet(stack: Stack) -> None:
    """Wait until nothing more comes: as many tails as a moment ago, and some."""
    before, now = -1, tails(stack)
    while before != now or not now:
        time.sleep(2)
        before, now = now, tails(stack)


def test_athena_tells_what_was_paid_and_a_rebuilt_log_tells_the_same(
    stack: Stack, gross_paid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a subscription's life WHEN it is folded, lost, and built anew THEN sums stay."""
    quiet(stack)

    done = compact(stack)

    assert done["folded"] >= 1
    assert not done["more"]
    ((email, gross, orders),) = first = brought(stack)
    assert (email, int(gross)) == (EMAIL, gross_paid)
    assert int(orders) >= 1
    for name in ("contacts", "changes", "recurring_payments", "catalogue"):
        assert ask(stack, f'SELECT count(*) AS n FROM "{name}"') != [["0"]]

    lose(stack)
    running = Running(aws=stack.aws, outputs=stack.outputs, name="paysignal")
    monkeypatch.setattr(Running, "find", lambda _: running)
    console = Console(record=True)
    assert rebuild_log.run(Namespace(aws=None, dry_run=False), console) == 0

    assert "the log is whole" in console.export_text()
    assert brought(stack) == first
    held = manifest(stack)
    assert held.epoch == held.stamp > log_manifest.FIRST_EPOCH


def lose(stack: Stack) -> None:
    """Empty the bucket."""
    bucket = stack.outputs["LogBucket"]
    for each in stack.aws.s3.list_objects_v2(Bucket=bucket)["Contents"]:
        stack.aws.s3.delete_object(Bucket=bucket, Key=each["Key"])
