"""What Lambda makes of a batch handler's answer, as its documentation lists the cases.

An empty answer or an empty or null list is complete success. An answer that is no JSON object, or
an identifier that is empty, null, under a wrong key or of no message of the batch, is complete
failure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence


def failed_ids(answer: object, message_ids: Sequence[str]) -> frozenset[str]:
    """Return the ids of the messages Lambda will not delete."""
    everything = frozenset(message_ids)
    try:
        json.dumps(answer)
    except (TypeError, ValueError):
        return everything
    if answer is None:
        return frozenset()
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or identifier not in everything:
            return everything
        named.add(identifier)
    return frozenset(named)


def distorted(
    answer: object, message_ids: Sequence[str], faults: Mapping[str, int], took: Counter[str]
) -> object:
    """Return what arrives of a handler's answer where a fault is in it, and count the fault."""
    if "garbled" in faults:
        took["garbled"] += 1
        nonsense: tuple[object, ...] = (
            "no object",
            {"batchItemFailures": [{"itemIdentifier": ""}]},
            [],
            7,
        )
        return nonsense[faults["garbled"] % len(nonsense)]
    if "blamed" in faults and isinstance(answer, dict):
        took["blamed"] += 1
        blamed = {"itemIdentifier": message_ids[faults["blamed"] % len(message_ids)]}
        return {"batchItemFailures": [*answer.get("batchItemFailures", ()), blamed]}
    return answer
