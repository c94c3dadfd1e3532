"""The stack a command speaks to: this machine's, found by its file of addresses, or one on AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from infra.aws import Aws
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.senders import SENDERS
from infra.deploy import Deployer
from infra.local.stack import NAME, STATE_DIR, Endpoints, LocalStack, known_port


@dataclass(frozen=True, kw_only=True)
class Running:
    """A deployed stack: its clients, its outputs, and its name."""

    aws: Aws
    outputs: dict[str, str]
    name: str

    @classmethod
    def find(cls, aws_stack: str | None) -> Running:
        """Return the stack of this name on AWS, or this machine's for None. Raise CliError."""
        if aws_stack is None:
            local = LocalStack(port=known_port())
            if not local.emulator.running():
                raise CliError("The stack is not running on this machine. Start it: ./paysignal up")
            aws, name = local.aws, NAME
        else:
            aws, name = Aws(), aws_stack
        outputs = Deployer(aws=aws, say=lambda line: None).outputs(name)
        if not outputs:
            place = "here; run: ./paysignal up" if aws_stack is None else f"in {aws.region}"
            raise CliError(f"The stack {name} is not deployed {place}")
        return cls(aws=aws, outputs=outputs, name=name)

    def dead_letter_urls(self) -> dict[str, str]:
        """Return the dead-letter queues by the name of their source."""
        suffix = "DlqUrl"
        found = {key: url for key, url in self.outputs.items() if key.endswith(suffix)}
        return {key.removesuffix(suffix).lower(): url for key, url in found.items()}

    def messages_waiting(self) -> int:
        """Return how many messages wait or are being worked on; those put off do not count."""
        urls = [url for key, url in self.outputs.items() if key.endswith("QueueUrl")]
        return sum(
            int(count)
            for url in urls
            for count in self.aws.sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )["Attributes"].values()
        )

    def connections(self) -> list[str]:
        """Return the ids of the connections that have secrets, disabled ones included."""
        prefix = self.outputs["ParameterPrefix"]
        pages = self.aws.ssm.get_paginator("get_parameters_by_path")
        names = [
            parameter["Name"].removeprefix(f"{prefix}/").partition("/")[0]
            for page in pages.paginate(Path=prefix, Recursive=True)
            for parameter in page["Parameters"]
        ]
        return sorted(set(names))

    def secrets_of(self, connection_id: str) -> dict[str, Any] | None:
        """Return a connection's secrets from SSM; None where it has none."""
        name = f"{self.outputs['ParameterPrefix']}/{connection_id}/secrets"
        client = self.aws.ssm
        try:
            found = client.get_parameter(Name=name, WithDecryption=True)
        except client.exceptions.ParameterNotFound:
            return None
        content: dict[str, Any] = json.loads(found["Parameter"]["Value"])
        return content


def local_endpoints() -> Endpoints:
    """Return where this machine's stack answers. Raise CliError when it never ran."""
    endpoints = Endpoints.read(STATE_DIR / "endpoints.json")
    if endpoints is None:
        raise CliError("The stack never ran on this machine. Start it: ./paysignal up")
    return endpoints


def sending_secrets(
    running: Running, api: Api, connection_id: str, provider: str
) -> tuple[dict[str, Any], bool]:
    """Return secrets that a provider's connection accepts, and whether it was made just now."""
    sender = SENDERS[provider]
    if known := running.secrets_of(connection_id):
        if known.get("provider") != provider:
            raise CliError(f"The connection {connection_id} is not one of {provider}'s.")
        if not sender.signs_for(known):
            raise CliError(f"The connection {connection_id} has no signing secret. Give it one.")
        return known, False
    made = sender.secrets()
    connection = {
        "provider": provider,
        "name": connection_id.capitalize(),
        "mode": "live",
        **made,
    }
    api.put(f"/v1/connections/{connection_id}", connection)
    return made, True
