"""Which modules a cold start of the API's Lambdas pays for."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import functions.{name}.routes, shared.api.resolver, shared.adapters.table, sys
import shared.adapters.change_log
print(*[name for name in {heavy} if name in sys.modules])
"""
SDKS = ("boto3", "botocore.session", "aws_xray_sdk", "httpx", "stripe")
SHAPES = ("shared.api.answers", "aws_lambda_powertools.event_handler.openapi.models")


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("query", (*SDKS, *SHAPES, "pydantic", "tzdata", "duckdb", "shared.providers.catalogue")),
        ("manage", (*SDKS, *SHAPES)),
    ],
)
def test_a_start_loads_no_sdk_and_no_documentation(name: str, heavy: tuple[str, ...]) -> None:
    code = CODE.format(name=name, heavy=heavy)

    done = subprocess.run(  # noqa: S603  # our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
