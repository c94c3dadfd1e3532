"""What a start of PayPal's door loads: certificates are its only reason for a package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.loopback_aws import LoopbackAws

_ROOT = Path(__file__).parents[3]
_START = """
import sys
sys.path.insert(0, {root!r})
import functions.ingest_paypal.handler
print(*sorted(sys.modules))
"""


def test_door_loads_cryptography_and_no_other_package_of_ours() -> None:
    aws = LoopbackAws("paypal", "unused")
    process = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-I", "-c", _START.format(root=str(_ROOT))],
        env=aws.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    with aws.server:
        loaded = {name.partition(".")[0] for name in process.stdout.split()}

    assert "cryptography" in loaded
    assert loaded & {"boto3", "botocore", "httpx", "pydantic", "aws_lambda_powertools"} == set()
