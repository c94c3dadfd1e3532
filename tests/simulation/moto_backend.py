"""Moto's DynamoDB behind the same `call` as the fake, for the conformance suite."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.simulation.aws_errors import aws_error
from tests.simulation.conformance import Call
from tests.simulation.dynamodb.schema import Schema

REGION = "eu-central-1"


@contextmanager
def moto_dynamodb(schema: Schema) -> Iterator[Call]:
    """Yield the `call` of a fresh moto that holds the schema's table."""
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name=REGION)
        client.create_table(**schema.create_table())

        def call(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
            method = getattr(client, _method(operation))
            try:
                answer: dict[str, Any] = _encoded(method(**_decoded(payload)))
            except ClientError as error:
                body: Any = error.response
                told = ("Item", "CancellationReasons")
                details = {name: _encoded(body[name]) for name in told if name in body}
                fault = body["Error"]
                raise aws_error(fault["Code"], fault["Message"], **details) from error
            return answer

        yield call


def _method(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


def _decoded(value: Any) -> Any:
    """Return a request with binary as bytes, as boto3 wants it."""
    if isinstance(value, Mapping):
        if set(value) == {"B"}:
            return {"B": base64.b64decode(value["B"])}
        return {name: _decoded(part) for name, part in value.items()}
    return [_decoded(part) for part in value] if isinstance(value, list) else value


def _encoded(value: Any) -> Any:
    """Return an answer with bytes as base64, as the wire has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in value.items()}
    return [_encoded(part) for part in value] if isinstance(value, list) else value
