"""Uploads in a dict, for the API and for the processor alike."""

from __future__ import annotations

from shared.adapters.aws import AwsError


class MemoryUploads:
    """Files by their keys; reads are noted as `(start, size)`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str | None] = {}
        self.reads: list[tuple[int, int]] = []

    def put(self, key: str, content: bytes, content_type: str | None = None) -> None:
        self.files[key] = content
        self.types[key] = content_type

    def get(self, key: str) -> bytes:
        return self.files[key]

    def part(self, key: str, start: int, size: int) -> bytes | None:
        self.reads.append((start, size))
        content = self.files.get(key)
        if content is not None and start >= len(content):
            raise AwsError("InvalidRange", "The requested range is not satisfiable", 416, {})
        return None if content is None else content[start : start + size]

    def size(self, key: str) -> int | None:
        return len(self.files[key]) if key in self.files else None

    def address(self, key: str, now: int) -> str:
        return f"https://bodies.example.com/{key}?signed-at={now}"

    def reading_address(self, key: str, now: int) -> str:
        return f"https://bodies.example.com/{key}?reading&signed-at={now}"
