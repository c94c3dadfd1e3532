"""An in-process bucket, as `S3Objects` shows one: objects by key, replaced whole."""

from __future__ import annotations

from collections import Counter

from tests.simulation.aws_errors import aws_error


class FakeObjects:
    """One bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()

    def put(self, key: str, content: bytes) -> None:
        """Store an object under `key`, replacing what was there."""
        self.calls["PutObject"] += 1
        self.objects[key] = bytes(content)

    def delete(self, key: str) -> None:
        """Remove the object under `key`, if there is one."""
        self.calls["DeleteObject"] += 1
        self.objects.pop(key, None)

    def get(self, key: str) -> bytes:
        """Return the object under `key`; raise AwsError (404) where there is none."""
        self.calls["GetObject"] += 1
        if key not in self.objects:
            raise aws_error("NoSuchKey", "The specified key does not exist.", 404)
        return self.objects[key]
