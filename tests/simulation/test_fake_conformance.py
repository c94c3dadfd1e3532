"""The fake answers as DynamoDB and SQS do, as far as another implementation can be asked here.

Moto answers for single items. The emulator answers for everything else, through the same
`run_conformance` and `run_queue_conformance`, where the end-to-end tests have it running.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.conformance import Call, Disagreement, compare_steps, run_conformance
from tests.simulation.conformance_dialect import FULL, MOTO
from tests.simulation.conformance_operations import Draw
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.moto_backend import moto_dynamodb
from tests.simulation.queue_conformance import run_queue_conformance
from tests.simulation.sqs.message import QueueSpec

STEPS = 25
# Each example has keys of its own: moto keeps one table for all of them.
EXAMPLES = itertools.count()


@pytest.fixture(scope="module")
def moto() -> Iterator[Call]:
    with moto_dynamodb(Schema()) as call:
        yield call


@pytest.mark.parametrize("seed", range(5))
def test_the_fake_and_moto_agree_on_single_items(moto: Call, seed: int) -> None:
    run_conformance(FakeDynamoDB().call, moto, seed, STEPS, dialect=MOTO)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(random=st.randoms(use_true_random=False))
def test_no_sequence_makes_the_fake_and_moto_disagree(moto: Call, random: Random) -> None:
    draw = Draw(random, f"example-{next(EXAMPLES)}", Schema(), MOTO)

    compare_steps(FakeDynamoDB().call, moto, [draw.operation() for _ in range(STEPS)])


def test_two_fakes_agree_on_every_operation() -> None:
    run_conformance(FakeDynamoDB().call, FakeDynamoDB().call, 7, 400, dialect=FULL)


@pytest.mark.parametrize("lost", ["ConditionExpression", "ClientRequestToken", "Limit"])
def test_the_suite_finds_a_backend_that_ignores_a_parameter(lost: str) -> None:
    faulty = FakeDynamoDB()

    def forgetful(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: part for name, part in payload.items() if name != lost}
        if lost == "ConditionExpression":
            kept.pop("ReturnValuesOnConditionCheckFailure", None)
        return faulty.call(operation, kept)

    with pytest.raises(Disagreement):
        run_conformance(FakeDynamoDB().call, forgetful, 1, 1000, dialect=FULL)


def test_two_fake_queues_agree() -> None:
    for seed in range(10):
        left, right = FakeSQS([QueueSpec("q.fifo")]), FakeSQS([QueueSpec("q.fifo")])
        url = left.url("q.fifo")

        run_queue_conformance(left.call, right.call, url, url, seed, 60)


def test_the_queue_suite_finds_another_rule_of_deduplication() -> None:
    left = FakeSQS([QueueSpec("q.fifo")])
    right = FakeSQS([QueueSpec("q.fifo", deduplicates_per_group=False)])
    url = left.url("q.fifo")

    with pytest.raises(Disagreement):
        run_queue_conformance(left.call, right.call, url, url, 1, 200)
