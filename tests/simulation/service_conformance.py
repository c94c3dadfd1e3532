"""Holds two parameter stores, two buses or two buckets to the same answers.

Random operations as everywhere here. Of parameters the emulator takes any name and value, and of
bus entries any detail: what AWS refuses of those is held by the fakes' own unit tests. A bucket is
asked through the product's adapters, because its protocol is the adapters' affair; etags differ
between backends and are compared by which of them are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.adapters.objects import Listed
from shared.domain.errors import Contended
from tests.simulation.conformance import Call, Disagreement

_NOW_S = 1_790_000_000
_KEYS = ("a", "a/1", "a/2", "b #+%/é", "b/2&x=1")
_CONTENTS = (b"", b"1", b"22", b"\x00\xff" * 50)


class Bucket(Protocol):
    """What the change log's adapter and its fakes have in common."""

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Store an object and return its etag."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag."""

    def list(self, prefix: str, after: str = "") -> Sequence[Listed]:
        """Return the objects of a prefix in order."""

    def delete(self, key: str) -> None:
        """Remove an object."""


class Bodies(Protocol):
    """What the adapter of large bodies and its fakes have in common."""

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""

    def get(self, key: str) -> bytes:
        """Return an object."""


class Files(Protocol):
    """What the adapter of uploads and its fakes have in common."""

    def put(self, key: str, content: bytes, content_type: str | None = None) -> None:
        """Store an object."""

    def part(self, key: str, start: int, size: int) -> bytes | None:
        """Return a range of an object."""

    def size(self, key: str) -> int | None:
        """Return an object's size."""


def run_parameter_conformance(
    call_a: Call, call_b: Call, prefix: str, seed: int, steps: int
) -> None:
    """Run operations on parameters below `prefix` on both; raise Disagreement at a difference."""
    random = Random(seed)
    for _ in range(steps):
        request: dict[str, Any] = {"Name": f"{prefix}/{seed}/{random.choice('abc')}/secrets"}
        operation = random.choice(
            ["GetParameter", "PutParameter", "PutParameter", "DeleteParameter"]
        )
        if operation == "GetParameter":
            request["WithDecryption"] = True
        elif operation == "PutParameter":
            request |= {"Value": random.choice(["{}", "é\n"]), "Type": "SecureString"}
            if random.random() < 0.9:
                request["Overwrite"] = random.random() < 0.6
        _compare(
            f"{operation} {request}",
            lambda: _parameter(call_a(operation, request)),  # noqa: B023 - called at once
            lambda: _parameter(call_b(operation, request)),  # noqa: B023
        )


def _parameter(answer: dict[str, Any]) -> object:
    found = answer.get("Parameter", answer)
    return [found.get(name) for name in ("Name", "Type", "Value", "Version")]


def run_bus_conformance(call_a: Call, call_b: Call, bus: str, seed: int, steps: int) -> None:
    """Put events on both buses; raise Disagreement where answers differ."""
    random = Random(seed)
    for number in range(steps):
        entries = [
            {
                "EventBusName": bus,
                "Source": "paysignal",
                "DetailType": random.choice(["payment.failed", "é"]),
                "Time": _NOW_S + number / 8,
                "Detail": f'{{"id": "{number}"}}',
            }
            for _ in range(random.choice([1, 2, 10, 11]))
        ]
        request = {"Entries": entries}
        _compare(
            f"PutEvents of {len(entries)}",
            lambda: _taken(call_a("PutEvents", request)),  # noqa: B023 - called at once
            lambda: _taken(call_b("PutEvents", request)),  # noqa: B023
        )


def _taken(answer: dict[str, Any]) -> object:
    return answer["FailedEntryCount"], [sorted(each) for each in answer["Entries"]]


class _Etags:
    """One backend's etags, by what every backend calls the same: the content they stand for."""

    def __init__(self) -> None:
        self._content: dict[str, bytes] = {}

    def named(self, etag: str, content: bytes) -> bytes:
        """Return what an etag stands for. Raise Disagreement where it stood for something else."""
        if self._content.setdefault(etag, content) != content:
            raise Disagreement(f"the etag {etag} stands for two contents")
        return content

    def of(self, content: bytes) -> str:
        """Return the newest etag of a content, or one of nothing."""
        found = [etag for etag, each in self._content.items() if each == content]
        return found[-1] if found else '"00000000000000000000000000000000"'


def run_bucket_conformance(left: Bucket, right: Bucket, prefix: str, seed: int, steps: int) -> None:
    """Run operations on keys below `prefix` on both; raise Disagreement at a difference."""
    random = Random(seed)
    etags_a, etags_b = _Etags(), _Etags()
    for _ in range(steps):
        told = (
            random.choice(["put", "replace", "replace", "create", "get", "list", "delete"]),
            f"{prefix}/{seed}/{random.choice(_KEYS)}",
            random.choice(_CONTENTS),
            random.choice(_CONTENTS),
            f"{prefix}/{seed}{random.choice(['/', '/a', '/none'])}",
            random.choice(["", f"{prefix}/{seed}/a/1"]),
        )
        _compare(
            " ".join(map(str, told)),
            partial(_on_bucket, left, etags_a, *told),
            partial(_on_bucket, right, etags_b, *told),
        )


def _on_bucket(
    bucket: Bucket,
    etags: _Etags,
    kind: str,
    key: str,
    content: bytes,
    seen: bytes,
    below: str,
    after: str,
) -> object:
    if kind == "put":
        return etags.named(bucket.put(key, content), content)
    if kind == "replace":
        return etags.named(bucket.put(key, content, if_match=etags.of(seen)), content)
    if kind == "create":
        return etags.named(bucket.put(key, content, if_none_match=True), content)
    if kind == "get":
        found = bucket.get(key)
        return found and etags.named(found[1], found[0])
    if kind == "list":
        return [(each.key, each.size) for each in bucket.list(below, after)]
    bucket.delete(key)
    return None


def run_body_conformance(left: Bodies, right: Bodies, prefix: str, seed: int, steps: int) -> None:
    """Put and get whole objects on both; raise Disagreement at a difference."""
    random = Random(seed)
    for _ in range(steps):
        key, content = f"{prefix}/{seed}/{random.choice(_KEYS)}", random.choice(_CONTENTS)
        if random.random() < 0.5:
            _compare(f"put {key}", lambda: left.put(key, content), lambda: right.put(key, content))  # noqa: B023
        else:
            _compare(f"get {key}", lambda: left.get(key), lambda: right.get(key))  # noqa: B023


def run_file_conformance(left: Files, right: Files, prefix: str, seed: int, steps: int) -> None:
    """Put objects and read ranges of them on both; raise Disagreement at a difference."""
    random = Random(seed)
    for _ in range(steps):
        key, content = f"{prefix}/{seed}/{random.choice(_KEYS)}", random.choice(_CONTENTS)
        start, size = random.choice([0, 1, 99, 100, 101]), random.choice([1, 2, 500])
        kind = random.choice(["put", "part", "size"])

        told = (kind, key, content, start, size)
        _compare(
            f"{kind} {key} {start} {size}",
            partial(_on_files, left, *told),
            partial(_on_files, right, *told),
        )


def _on_files(files: Files, kind: str, key: str, content: bytes, start: int, size: int) -> object:
    if kind == "put":
        files.put(key, content, "text/csv")
        return None
    return files.size(key) if kind == "size" else files.part(key, start, size)


def _compare(name: str, left: Callable[[], object], right: Callable[[], object]) -> None:
    first, second = _outcome(left), _outcome(right)
    if first != second:
        raise Disagreement(f"{name}\none says  {first}\nother says {second}")


def _outcome(perform: Callable[[], object]) -> object:
    try:
        return "ok", perform()
    except AwsError as error:
        return error.code, error.status
    except Contended:
        return "Contended"
