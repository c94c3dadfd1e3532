"""Who is named in what was sent or stored: the addresses and ids that stand in any of its texts.

Pure. A provider's body is read as what it is (JSON, a form), because a text that is searched as it
stands hides an address behind an escape. Nothing here knows what a field means.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from shared.domain import emails

# What stands around an address in a sentence or a URL; what stands in one is anything else.
_AROUND = re.compile(r"[\s<>\"(),:;=&?\\\[\]{}|]+")
_PUNCTUATION = ".'!"
# Ids of stores that count their customers would be met everywhere; those that are long and made of
# letters and digits are met where they are meant.
_TELLING = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])\S{8,}")


def texts_of(body: bytes) -> list[str]:
    """Return all texts of a body, names of fields among them."""
    text = body.decode("utf-8", "replace")
    try:
        return list(texts_in(json.loads(text)))
    except (ValueError, RecursionError):
        pass
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=None)
    return [part for pair in pairs for part in pair] or [text]


def texts_in(value: Any) -> Iterator[str]:
    """Yield all texts of what JSON can hold, and of bytes as a body."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, bytes):
            yield from texts_of(each)
        elif isinstance(each, Mapping):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each


def addresses_in(texts: Iterable[str]) -> set[str]:
    """Return the normalised addresses that stand in texts, whole or within a sentence."""
    found: set[str | None] = set()
    for text in texts:
        plain = unquote(text) if "%40" in text else text
        if "@" in plain:
            found |= {emails.normalise(each) for each in (text, plain, *_within(plain))}
    return {each for each in found if each is not None}


def _within(text: str) -> Iterator[str]:
    """Yield what may be an address within a sentence, a URL, or a text that is JSON again."""
    for word in _AROUND.split(text):
        parts = word.split("@")
        for local, host in itertools.pairwise(parts):
            address = f"{local}@{host.partition('/')[0].rstrip(_PUNCTUATION)}"
            yield address
            # What is quoted, and what ends a path: both may also be how an address begins.
            yield address.lstrip("'")
            if local.startswith("/"):
                yield address.rpartition("/")[2]


def is_telling(identity: str) -> bool:
    """Tell whether an id is met in a body only where it is meant."""
    return _TELLING.fullmatch(identity) is not None
