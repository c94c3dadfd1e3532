"""Answers that are asked for again and again: told once, then only that they are still the same.

A tag names everything its answer was made of. It is worked out before the answer, so that one that
has not changed costs neither its making nor its sending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from shared.api.route import Answer, Request


def unless_same(request: Request, made_of: str, make: Callable[[], Any]) -> Answer:
    """Return what `make` makes with 200, or 304 where the caller has it already.

    `made_of` is the version of everything the answer depends on but the request itself, such as a
    snapshot's etag with the settings' versions and today's date.
    """
    asked = sorted({**request.params, **request.query}.items())
    digest = hashlib.sha256(repr((made_of, asked)).encode()).hexdigest()[:32]
    # Weak: the same answer may be written in other bytes.
    tag = f'W/"{digest}"'
    if _has(request.headers.get("if-none-match", ""), digest):
        return Answer(304, headers={"ETag": tag})
    return Answer(200, make(), headers={"ETag": tag})


def _has(header: str, digest: str) -> bool:
    tags = (each.strip() for each in header.split(","))
    return any(each in ("*", f'W/"{digest}"', f'"{digest}"') for each in tags)
