"""A lower seam, for some of the schedules: the product's own AWS client, on a wire of the world.

Signing, retries, waits and the reading of errors are the product's then: a step is one request on
the wire, and a reply that is lost is a connection that broke. To encode and sign each call twice
over costs a schedule a third more time, so most have their seam above it (`callers`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import AwsClient, AwsError, SignedEndpoint
from shared.adapters.aws_signing import Signer
from tests.simulation.steps import LOST, Steps

if TYPE_CHECKING:
    from tests.simulation.callers import Fake
    from tests.simulation.world import World

# One in so many seeds of a sweep.
EVERY = 20
_wired: list[bool] = []


@contextmanager
def wired(lower: bool) -> Iterator[None]:
    """Have the worlds made meanwhile put their seam at the wire, or above the client."""
    _wired.append(lower)
    try:
        yield
    finally:
        _wired.pop()


def is_wired() -> bool:
    """Say whether a world made now has its seam at the wire."""
    return bool(_wired and _wired[-1])


class SteppedWire:
    """Stands where `HttpConnection` stands; each exchange is a step."""

    def __init__(self, service: str, fake: Fake, steps: Steps) -> None:
        self.host = f"{service}.example.com"
        self._service = service
        self._fake = fake
        self._steps = steps

    def exchange(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the answer. Raise OSError where none came."""
        head, _, body = request.partition(b"\r\n\r\n")
        operation, payload = _operation(head), json.loads(body)
        try:
            answer = self._steps.perform(
                self._service, operation, payload, lambda: self._fake.call(operation, payload)
            )
        except AwsError as error:
            if error.message == LOST:
                raise ConnectionResetError(LOST) from error
            return error.status, {}, json.dumps(error.payload).encode()
        return 200, {}, json.dumps(answer).encode()


def _operation(head: bytes) -> str:
    """Return the operation a request names, which its signature must hold."""
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert "x-amz-target" in lines["authorization"], "the operation is not signed"
    return lines["x-amz-target"].rpartition(".")[2]


def client(service: str, fake: Fake, world: World) -> AwsClient:
    """Return the product's client of a service on a wire of the world."""
    wire: Any = SteppedWire(service, fake, world.steps)
    endpoint = SignedEndpoint(
        Signer(service, "eu-central-1", "AKIDSIMULATED", "simulated"),
        wire,
        clock=lambda: world.product_clock() / 1000,
        sleep=world.pass_seconds,
        random=world.random.random,
    )
    return AwsClient(service, endpoint)
