"""The fakes answer as AWS does, as far as another implementation can be asked here.

Moto answers for single items. The emulator answers for everything else, through the same suite,
among the end-to-end tests. Here the suite itself is put to the test: it finds what differs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.memory_bucket import MemoryBucket
from tests.simulation.conformance import Call, Disagreement, compare_steps, run_conformance
from tests.simulation.conformance_dialect import FULL, MOTO
from tests.simulation.conformance_operations import Draw
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.moto_backend import moto_dynamodb
from tests.simulation.queue_conformance import Urls, run_queue_conformance, specs
from tests.simulation.service_conformance import (
    run_bucket_conformance,
    run_parameter_conformance,
)

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


def queues(**changed: Any) -> tuple[Call, Urls]:
    sqs = FakeSQS(replace(spec, **changed) for spec in specs("q").values())
    return sqs.call, {kind: sqs.url(spec.name) for kind, spec in specs("q").items()}


def test_two_sets_of_fake_queues_agree() -> None:
    for seed in range(10):
        (left, urls), (right, _) = queues(), queues()

        run_queue_conformance(left, right, urls, urls, seed, 120)


@pytest.mark.parametrize(
    "changed",
    [{"deduplicates_per_group": False}, {"max_receive_count": 4}, {"delay_seconds": 1}],
    ids=repr,
)
def test_the_queue_suite_finds_queues_of_another_kind(changed: dict[str, Any]) -> None:
    (left, urls), (right, _) = queues(), queues(**changed)

    with pytest.raises(Disagreement):
        run_queue_conformance(left, right, urls, urls, 1, 200)


def test_the_suite_finds_a_bucket_whose_etags_are_no_digests() -> None:
    class Numbered(MemoryBucket):
        def put(self, key: str, content: bytes, **conditions: Any) -> str:
            super().put(key, content, **conditions)
            etag = f'"{len(self.given)}"'
            self.given.append(etag)
            self.objects[key] = (content, etag, 0)
            return etag

        given: list[str]

    numbered = Numbered()
    numbered.given = []

    with pytest.raises(Disagreement):
        run_bucket_conformance(MemoryBucket(), numbered, "p", 1, 200)


def test_the_suite_finds_a_parameter_store_that_overwrites_unasked() -> None:
    faulty = FakeSSM()

    def careless(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        told = {"Overwrite": True} if operation == "PutParameter" else {}
        return faulty.call(operation, {**payload, **told})

    with pytest.raises(Disagreement):
        run_parameter_conformance(FakeSSM().call, careless, "/p", 1, 50)
