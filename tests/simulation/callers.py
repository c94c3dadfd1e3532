"""The clients the product is given in a simulation: the fakes, behind the seam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.steps import Steps


class Fake(Protocol):
    """A fake service."""

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation."""


class SteppedCaller:
    """Stands where `AwsClient` stands; each call is a step."""

    def __init__(self, service: str, fake: Fake, steps: Steps) -> None:
        self._service = service
        self._fake = fake
        self._steps = steps

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation, or meet the faults planned for this step."""
        return self._steps.perform(
            self._service, operation, payload, lambda: self._fake.call(operation, payload)
        )


class SteppedObjects:
    """Stands where `S3Objects` stands; each call is a step."""

    def __init__(self, fake: FakeObjects, steps: Steps) -> None:
        self._fake = fake
        self._steps = steps

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        detail = {"key": key, "content": content}
        self._steps.perform("s3", "PutObject", detail, lambda: self._fake.put(key, content))

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._steps.perform("s3", "DeleteObject", {"key": key}, lambda: self._fake.delete(key))

    def get(self, key: str) -> bytes:
        """Return an object."""
        return self._steps.perform("s3", "GetObject", {"key": key}, lambda: self._fake.get(key))
