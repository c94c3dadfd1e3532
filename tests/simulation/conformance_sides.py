"""The two sides of the conformance suite: every fake, and every service of the emulator.

All services of a side, with what the suite needs in them: a table, queues, a bus and a bucket.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.aws import EMULATED_REGION, Aws
from infra.bundle import ROOT
from infra.local.emulator import Emulator
from infra.local.environment import emulator_python
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.adapters.objects import Objects
from shared.adapters.uploads import Uploads
from tests.fakes.memory_bucket import MemoryBucket
from tests.simulation.conformance import Call
from tests.simulation.conformance_shapes import Shape, recording
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.queue_conformance import Urls, specs
from tests.simulation.service_conformance import Bodies, Bucket, Files
from tests.simulation.sqs.message import QueueSpec
from tests.support.uploads import MemoryUploads

NAME = "conformance"
_TOOLS = ROOT / ".paysignal"


@dataclass(frozen=True)
class Side:
    """All services of one side; `queues` makes those of a run, whose name it is given."""

    dynamodb: Call
    ssm: Call
    events: Call
    queues: Callable[[str], tuple[Call, Urls]]
    bucket: Bucket
    bodies: Bodies
    files: Files


def fakes(shapes: set[Shape] | None = None) -> Side:
    """Return the fakes; the shapes of all that is asked of them are added to `shapes`."""
    noted: set[Shape] = set() if shapes is None else shapes

    def queues(run: str) -> tuple[Call, Urls]:
        made = specs(run)
        sqs = FakeSQS(made.values())
        urls = {kind: sqs.url(spec.name) for kind, spec in made.items()}
        return recording(sqs.call, noted), urls

    return Side(
        dynamodb=recording(FakeDynamoDB(Schema(NAME)).call, noted),
        ssm=recording(FakeSSM().call, noted),
        events=recording(FakeEventBridge().call, noted),
        queues=queues,
        bucket=MemoryBucket(),
        bodies=FakeObjects(),
        files=MemoryUploads(),
    )


def emulated(url: str) -> Side:
    """Return the services of the emulator at `url`, with a table, a bus and a bucket made there."""
    environ = _environ(url)
    dynamodb, events, sqs = (
        AwsClient.from_environment(name, environ) for name in ("dynamodb", "events", "sqs")
    )
    dynamodb.call("CreateTable", Schema(NAME).create_table())
    events.call("CreateEventBus", {"Name": NAME})
    aws = Aws(endpoint_url=url)
    aws.s3.create_bucket(Bucket=NAME)
    aws.close()
    return Side(
        dynamodb=dynamodb.call,
        ssm=AwsClient.from_environment("ssm", environ).call,
        events=events.call,
        queues=lambda run: (sqs.call, _make_queues(sqs.call, specs(run))),
        bucket=Objects.from_environment(NAME, environ),
        bodies=S3Objects.from_environment(NAME, environ),
        files=Uploads.from_environment(NAME, environ),
    )


def _make_queues(call: Call, made: Mapping[str, QueueSpec]) -> Urls:
    urls: dict[str, str] = {}
    arns: dict[str | None, str] = {}
    for kind, spec in made.items():
        attributes = {}
        if spec.fifo:
            attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
            attributes["FifoThroughputLimit"] = "perMessageGroupId"
        if spec.dead_letter:
            policy = {
                "deadLetterTargetArn": arns[spec.dead_letter],
                "maxReceiveCount": spec.max_receive_count,
            }
            attributes["RedrivePolicy"] = json.dumps(policy)
        request = {"QueueName": spec.name, "Attributes": attributes}
        urls[kind] = call("CreateQueue", request)["QueueUrl"]
        asked = {"QueueUrl": urls[kind], "AttributeNames": ["QueueArn"]}
        arns[spec.name] = call("GetQueueAttributes", asked)["Attributes"]["QueueArn"]
    return urls


@contextmanager
def emulator(port: int, folder: Path) -> Iterator[str]:
    """Start an emulator of the suite's own, give its address, and stop it."""
    lock = ROOT / "requirements" / "emulator.txt"
    python = partial(emulator_python, folder=_TOOLS / "emulator", lock=lock, say=print)
    running = Emulator(port=port, state_dir=folder, python=python)
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


def other_table(url: str, schema: Schema) -> Call:
    """Return the `call` of the emulator's DynamoDB with one more table in it."""
    call = AwsClient.from_environment("dynamodb", _environ(url)).call
    call("CreateTable", schema.create_table())
    return call


def _environ(url: str) -> dict[str, str]:
    return {
        "AWS_REGION": EMULATED_REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": url,
    }
