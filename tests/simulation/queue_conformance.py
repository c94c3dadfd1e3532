"""Holds two FIFO queues to the same answers: the fake against the emulator.

Sends with repeated ids, receives, deletes and releases in random order. No time passes: what
depends on it is the fake's own unit tests' affair. Moto is no measure here: it de-duplicates by
other rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.conformance import Call, Disagreement

_VISIBILITY_SECONDS = 600
_RECEIVE = {"MaxNumberOfMessages": 10, "VisibilityTimeout": _VISIBILITY_SECONDS}


class _Side:
    """One backend's queue, and the receipt handles it gave out, by body."""

    def __init__(self, call: Call, url: str) -> None:
        self._call = call
        self._url = url
        self.handles: dict[str, str] = {}

    def do(self, operation: str, payload: Mapping[str, Any]) -> object:
        """Return what an operation came to, without what two queues may differ in."""
        request = {"QueueUrl": self._url, **payload}
        if "body" in request:
            # A handle is used once: what an expired one does differs between the backends.
            request["ReceiptHandle"] = self.handles.pop(request.pop("body"))
        try:
            answer = self._call(operation, request)
        except AwsError as error:
            return error.code
        if operation != "ReceiveMessage":
            return sorted(set(answer) & {"MD5OfMessageBody"}), answer.get("MD5OfMessageBody")
        groups: dict[str, list[tuple[str, str]]] = {}
        for message in answer.get("Messages", []):
            self.handles[message["Body"]] = message["ReceiptHandle"]
            attributes = message["Attributes"]
            seen = (message["Body"], attributes["ApproximateReceiveCount"])
            groups.setdefault(attributes["MessageGroupId"], []).append(seen)
        return groups


def run_queue_conformance(
    call_a: Call, call_b: Call, url_a: str, url_b: str, seed: int, steps: int
) -> None:
    """Run `steps` operations drawn from `seed` on both queues; raise Disagreement at a difference.

    Both must be empty FIFO queues with de-duplication per message group and no dead letters.
    """
    left, right = _Side(call_a, url_a), _Side(call_b, url_b)
    story = []
    for operation, payload in _draw(Random(seed), steps, left):
        story.append((operation, payload))
        first, second = left.do(operation, payload), right.do(operation, payload)
        if first != second:
            raise Disagreement(f"after {story}\none says  {first}\nother says {second}")


def _draw(random: Random, steps: int, held: _Side) -> Any:
    for number in range(steps):
        kind = random.choice(["send", "send", "receive", "delete", "release"])
        bodies = sorted(held.handles)
        if kind == "send" or (kind != "receive" and not bodies):
            yield (
                "SendMessage",
                {
                    "MessageBody": f"body {number}",
                    "MessageGroupId": random.choice("abc"),
                    "MessageDeduplicationId": f"id-{random.randint(0, steps)}",
                },
            )
        elif kind == "receive":
            yield "ReceiveMessage", {**_RECEIVE, "AttributeNames": ["All"]}
        elif kind == "delete":
            yield "DeleteMessage", {"body": random.choice(bodies)}
        else:
            body = {"body": random.choice(bodies)}
            yield "ChangeMessageVisibility", {**body, "VisibilityTimeout": 0}
