"""`paysignal doctor`: says what is wrong, and what to do about it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from infra.aws import Aws
from infra.cli import doctor_log
from infra.cli.api import Api
from infra.cli.command import CliError, add_place, place_of
from infra.cli.running import Running, local_endpoints
from infra.local.stack import LocalStack, known_port
from infra.synth import SynthError, bundled_node
from shared.adapters.aws import AwsClient
from shared.adapters.table import Table
from shared.domain import verify
from shared.domain.ports import Document, Name

SUMMARY = "say what is wrong, and what to do about it"
EXAMPLES = """  ./paysignal doctor
  ./paysignal doctor --aws           the stack in your AWS account"""
# Reserving is refused when less than this would stay for everybody else.
_UNRESERVED_MIN = 100


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `remedy` is empty where all is well."""

    subject: str
    state: str
    remedy: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a line for each thing looked at; fail when one needs a remedy."""
    ill = 0
    for finding in examine(arguments.aws):
        ill += bool(finding.remedy)
        mark = "[red]✗[/]" if finding.remedy else "[green]✓[/]"
        console.print(f"{mark} {finding.subject}: {finding.state}", soft_wrap=True)
        if finding.remedy:
            console.print(f"    {finding.remedy}", soft_wrap=True)
    return 1 if ill else 0


def examine(aws_stack: str | None) -> Iterator[Finding]:
    """Yield findings from the ground up; stop where the next would only repeat the last."""
    yield _python()
    yield _node()
    if aws_stack is None:
        emulator = _emulator()
        yield emulator
        if emulator.remedy:
            return
    else:
        yield from _account(Aws())
    try:
        running = Running.find(aws_stack)
    except CliError as error:
        yield Finding("stack", "not deployed", str(error))
        return
    yield Finding("stack", running.name)
    if aws_stack is None:
        yield _api()
    place = place_of(aws_stack)
    yield from _dead_letters(running, place)
    for told in doctor_log.findings(running, time.time_ns() // 1_000_000, place):
        yield Finding(*told)
    yield from _connections(running)
    api = "" if aws_stack is None else f" --api {running.outputs['ApiUrl']}"
    yield from _verifications(connections_of(running), api)


def _python() -> Finding:
    return Finding("Python", ".".join(map(str, sys.version_info[:3])))


def _node() -> Finding:
    try:
        bundled_node()
    except SynthError as error:
        return Finding("Node for the CDK", "missing", str(error))
    return Finding("Node for the CDK", "bundled")


def _emulator() -> Finding:
    emulator = LocalStack(port=known_port()).emulator
    if emulator.running():
        return Finding("emulator", emulator.url)
    if emulator.healthy():
        return Finding(
            "emulator",
            f"another one answers on port {emulator.port}",
            f"Stop that one, or use another port: ./paysignal up --port {emulator.port + 1}",
        )
    return Finding("emulator", "not running", "Start it: ./paysignal up")


def _account(aws: Aws) -> Iterator[Finding]:
    yield Finding("AWS account", f"{aws.sts.get_caller_identity()['Account']} in {aws.region}")
    limit = aws.lambda_.get_account_settings()["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    if free < _UNRESERVED_MIN:
        yield Finding(
            "Lambda concurrency",
            f"{free} of {limit['ConcurrentExecutions']} unreserved",
            'Ask AWS for a higher limit, or set "door_concurrency": 0 in cdk.json.',
        )


def _api() -> Finding:
    try:
        status = Api(local_endpoints()).status("/v1/settings")
    except CliError as error:
        return Finding("API", "does not answer", str(error))
    if status != 200:
        return Finding("API", f"answers {status}", "Look: ./paysignal tail --once")
    return Finding("API", "answers")


def _dead_letters(running: Running, place: str) -> Iterator[Finding]:
    for name, url in running.dead_letter_urls().items():
        answer = running.aws.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        remedy = f"Mend the cause, then: ./paysignal redrive {name}{place}" if count else ""
        yield Finding(f"dead letters of {name}", str(count) if count else "none", remedy)


def _connections(running: Running) -> Iterator[Finding]:
    """Say whether each connection has a secret to prove its events with."""
    names = running.connections()
    if not names:
        yield Finding("connections", "none yet")
    for name in names:
        secrets = running.secrets_of(name) or {}
        if secrets.get("disabled"):
            yield Finding(f"connection {name}", "disabled")
        elif any(str(secret).strip() for secret in _proving(secrets)):
            yield Finding(f"connection {name}", "has its secrets")
        else:
            yield Finding(
                f"connection {name}",
                "no signing secret: its door answers 503",
                f"Send them again: PUT /v1/connections/{name}",
            )


def connections_of(running: Running) -> list[Document]:
    """Return the connections as they are stored, read with the operator's own rights."""
    client = AwsClient.from_environment("dynamodb", running.aws.environment())
    store = Table(running.outputs["TableName"], client)
    names: list[Name] = [("connection", each) for each in running.connections()]
    return [each for each in store.read(names).values() if each is not None]


def _verifications(connections: Iterable[Document], api: str) -> Iterator[Finding]:
    """Say where records differ from what the provider holds, or could not be compared.

    `api` is how a command is told the address of the API, nothing for this machine's.
    """
    for connection in connections:
        told = verify.shown(connection)
        if told is None or told["ended_date"] is None:
            continue
        name = connection["connection_id"]
        found = {kind: count for kind, count in told["differences"].items() if count}
        ours = [kind for kind in found if kind != verify.NOT_OURS]
        counts = ", ".join(f"{count} {kind}" for kind, count in found.items())
        state, remedy = counts or "nothing differs", ""
        if told["state"] == "failed":
            state = "the provider could not be asked for all it holds"
            remedy = f"See why: ./paysignal verify {name}{api}"
        elif ours:
            mend = f"./paysignal verify {name} --repair{api}"
            remedy = f"Have the records follow the provider: {mend}"
        yield Finding(f"verification of {name}", state, remedy)


def _proving(secrets: Mapping[str, Any]) -> list[Any]:
    """Return whatever a connection's door proves events with, by whichever provider's rules."""
    listed = [*(secrets.get("signing_secrets") or ()), *(secrets.get("webhook_ids") or ())]
    by_campaign = (secrets.get("campaign_secrets") or {}).values()
    return [*listed, *(secret for campaign in by_campaign for secret in campaign)]
