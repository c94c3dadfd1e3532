"""What a start of Stripe's door loads: deterministic, where milliseconds are not.

Each module listed here is paid for by a provider that waits, at every cold start.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contracts.door_contract import post
from tests.functions.ingest_stripe.test_handler import signature
from tests.support.loopback_aws import LoopbackAws

_ROOT = Path(__file__).parents[3]
_BODY = b'{"id":"evt_1","data":{"object":{"customer":"cus_1"}}}'

# `-S` leaves out site-packages, so a package that is not in the standard library cannot even be
# found; `-I` leaves out whatever the machine's environment adds.
_START = """
import sys
bare = set(sys.modules)
sys.path.insert(0, {root!r})
from functions.ingest_stripe.handler import handler
import json
answer = handler(json.loads({event!r}), None)
print("LOADED", answer["statusCode"], *sorted(set(sys.modules) - bare))
"""
_OURS = {
    "functions",
    "functions.ingest_stripe",
    "functions.ingest_stripe.handler",
    "functions.ingest_stripe.signature",
    "shared",
    "shared.adapters",
    "shared.adapters.aws",
    "shared.adapters.aws_signing",
    "shared.adapters.bodies",
    "shared.adapters.http_connection",
    "shared.adapters.queue",
    "shared.adapters.secrets",
    "shared.domain",
    "shared.domain.envelope",
    "shared.domain.errors",
    "shared.domain.strict_json",
    "shared.domain.webhooks",
    "shared.door",
    "shared.observability",
    "shared.settings",
}
# Found to cost 4 to 30 ms each, or to be the first step to what costs 300.
_TOO_DEAR = {
    "asyncio",
    "encodings.idna",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "concurrent.futures",
    "dataclasses",
    "datetime",
    "email",
    "http",
    "inspect",
    "logging",
    "pydantic",
    "random",
    "ssl",
    "stripe",
    "typing",
    "urllib.parse",
    "urllib.request",
    "uuid",
}
# The standard library's own modules differ a little between Python's versions (46 in 3.11).
_STANDARD_LIBRARY_MODULES_MAX = 50


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return the modules a fresh interpreter has after it answered one genuine event."""
    aws = LoopbackAws("stripe", "whsec_shop")
    at = int(time.time())
    header = f"t={at},v1={signature(_BODY, 'whsec_shop', at)}"
    event = json.dumps(post(_BODY, {"stripe-signature": header}))
    code = _START.format(root=str(_ROOT), event=event)

    with aws.server:
        process = subprocess.run(  # noqa: S603 - our own interpreter, our own text
            [sys.executable, "-I", "-S", "-c", code],
            env=aws.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert process.returncode == 0, process.stderr
    assert len(aws.messages) == 1
    word, status, *modules = process.stdout.splitlines()[-1].split()
    assert (word, status) == ("LOADED", "200")
    return set(modules)


def test_door_loads_exactly_these_modules_of_ours(loaded: set[str]) -> None:
    ours = {name for name in loaded if name.partition(".")[0] in {"functions", "shared", "infra"}}

    assert ours == _OURS


def test_door_loads_nothing_outside_the_standard_library(loaded: set[str]) -> None:
    others = {name.partition(".")[0] for name in loaded} - {"functions", "shared"}

    assert others <= sys.stdlib_module_names


def test_door_loads_none_of_the_modules_known_to_be_dear(loaded: set[str]) -> None:
    assert loaded & _TOO_DEAR == set()


def test_size_of_the_list_does_not_creep(loaded: set[str]) -> None:
    assert len(loaded - _OURS) <= _STANDARD_LIBRARY_MODULES_MAX, sorted(loaded - _OURS)
