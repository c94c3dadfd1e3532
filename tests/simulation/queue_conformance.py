"""Holds two sets of queues to the same answers: the fake against the emulator.

Sends with repeated ids, receives, deletes and releases in random order, one by one and in batches,
on FIFO and on standard queues, with and without dead letters, and requests SQS refuses. No time
passes: what depends on it is the fake's own unit tests' affair. Moto is no measure here: it
de-duplicates by other rules. Nor is the emulator everywhere: a handle is used once, as it does not
know of expired ones; it buries whatever has been received too often at any receive, so that
dead letters are looked at once all has been received; and it bounds neither `DelaySeconds` nor the
characters of ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.conformance import Call, Disagreement
from tests.simulation.sqs.message import QueueSpec

Urls = Mapping[str, str]

_RECEIVES_MAX = 3
_DEAD = {"fifo": "fifo dead", "standard": "standard dead"}
_LONG_SECONDS = 600
_COUNTED = tuple(f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed"))
_ATTRIBUTES = ("MessageGroupId", "MessageDeduplicationId", "ApproximateReceiveCount")
# What SQS refuses whatever is in the queue.
_WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SendMessage", {"MessageBody": ""}),
    ("SendMessage", {"MessageBody": "\x00"}),
    ("SendMessageBatch", {"Entries": []}),
    ("SendMessageBatch", {"Entries": [{"Id": "a b", "MessageBody": "x"}]}),
    ("SendMessageBatch", {"Entries": [{"Id": "1", "MessageBody": "x"}] * 2}),
    ("SendMessageBatch", {"Entries": [{"Id": str(n), "MessageBody": "x"} for n in range(11)]}),
    ("ReceiveMessage", {"MaxNumberOfMessages": 11}),
    ("ReceiveMessage", {"MaxNumberOfMessages": 0}),
    ("DeleteMessage", {"ReceiptHandle": "no handle"}),
    ("DeleteMessageBatch", {"Entries": [{"Id": "1", "ReceiptHandle": "no handle"}]}),
    ("ChangeMessageVisibility", {"ReceiptHandle": "no handle", "VisibilityTimeout": 1}),
)


def specs(prefix: str) -> dict[str, QueueSpec]:
    """Return the queues of a run by what they are for, dead letters before those who have them."""
    found = {}
    for kind, ending in (("fifo", ".fifo"), ("standard", "")):
        dead = QueueSpec(f"{prefix}-dead{ending}")
        found[_DEAD[kind]] = dead
        found[kind] = QueueSpec(
            f"{prefix}{ending}", max_receive_count=_RECEIVES_MAX, dead_letter=dead.name
        )
        found[f"plain {kind}"] = QueueSpec(f"{prefix}-plain{ending}")
    return found


class _Side:
    """One backend's queues, and the receipt handles they gave out, by queue and body."""

    def __init__(self, call: Call, urls: Urls) -> None:
        self._call = call
        self._urls = urls
        self.handles: dict[str, dict[str, str]] = {kind: {} for kind in urls}

    def do(self, kind: str, operation: str, payload: Mapping[str, Any]) -> object:
        """Return what an operation came to, without what two queues may differ in."""
        request = {"QueueUrl": self._urls[kind], **payload}
        try:
            answer = self._call(operation, self._with_handles(kind, request))
        except AwsError as error:
            return error.code
        if operation == "ReceiveMessage":
            return self._received(kind, answer, payload.get("VisibilityTimeout") != 0)
        if operation.endswith("Batch"):
            good = [(each["Id"], each.get("MD5OfMessageBody")) for each in answer["Successful"]]
            failed = answer.get("Failed") or ()
            return good, [(each["Id"], each["Code"], each["SenderFault"]) for each in failed]
        return answer.get("MD5OfMessageBody"), answer.get("Attributes")

    def _with_handles(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """Put handles in the place of the bodies they stand for, each for the only time."""
        held = self.handles[kind]
        if "body" in request:
            return {**_without_body(request), "ReceiptHandle": held.pop(request["body"])}
        if any("body" in each for each in request.get("Entries", ())):
            entries = [
                {**_without_body(each), "ReceiptHandle": held.pop(each["body"])}
                for each in request["Entries"]
            ]
            return {**request, "Entries": entries}
        return request

    def _received(self, kind: str, answer: Mapping[str, Any], hidden: bool) -> object:
        """Return what was received, by groups; handles serve only while messages are hidden."""
        groups: dict[str, list[tuple[str, ...]]] = {}
        for message in answer.get("Messages", []):
            self.handles[kind].pop(message["Body"], None)
            if hidden:
                self.handles[kind][message["Body"]] = message["ReceiptHandle"]
            attributes = message.get("Attributes", {})
            told = [attributes[name] for name in _ATTRIBUTES if name in attributes]
            if "dead" in kind:
                # Its de-duplication id is the message's own, which no two backends share.
                told = [attributes["ApproximateReceiveCount"], *_last_part(attributes)]
            seen = (message["Body"], message["MD5OfBody"], *told)
            groups.setdefault(attributes.get("MessageGroupId", ""), []).append(seen)
        return groups


def run_queue_conformance(
    call_a: Call, call_b: Call, urls_a: Urls, urls_b: Urls, seed: int, steps: int
) -> None:
    """Run `steps` operations drawn from `seed` on both; raise Disagreement at a difference.

    Both must hold the empty queues of `specs`, by those words.
    """
    left, right = _Side(call_a, urls_a), _Side(call_b, urls_b)
    story = []
    for step in _draw(Random(seed), steps, left):
        story.append(step)
        first, second = left.do(*step), right.do(*step)
        if first != second:
            raise Disagreement(f"after {story}\none says  {first}\nother says {second}")


def _draw(random: Random, steps: int, held: _Side) -> Iterator[tuple[str, str, dict[str, Any]]]:
    kinds = [kind for kind in held.handles if kind not in _DEAD.values()]
    for number in range(steps):
        kind = random.choice(kinds)
        for name in kinds if number % 40 == 39 else ():
            yield from _emptied(name, held)
        yield from _some(random, kind, number, steps, held)


def _some(
    random: Random, kind: str, number: int, steps: int, held: _Side
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    bodies = sorted(held.handles[kind])
    choice = random.choice(["send", "sends", "receive", "receive", "done", "look", "wrong"])
    if choice == "done" and bodies:
        yield kind, *_finish(random, bodies)
    elif choice == "receive":
        yield kind, "ReceiveMessage", _receive(random)
    elif choice == "look" and kind.startswith("plain"):
        yield kind, "GetQueueAttributes", {"AttributeNames": [*_COUNTED]}
    elif choice == "wrong":
        operation, payload = random.choice(_WRONG)
        yield kind, operation, payload
    elif choice == "sends":
        entries = [
            {"Id": str(place), **_message(random, kind, number * 10 + place, steps)}
            for place in range(random.randint(1, 4))
        ]
        yield kind, "SendMessageBatch", {"Entries": entries}
    else:
        yield kind, "SendMessage", _message(random, kind, number * 10, steps)


def _message(random: Random, kind: str, number: int, steps: int) -> dict[str, Any]:
    message: dict[str, Any] = {"MessageBody": f"body {number}"}
    if "fifo" in kind:
        # One in ten is of a group or of no identity, which a FIFO queue refuses.
        if random.random() < 0.95:
            message["MessageGroupId"] = random.choice("abc")
        if random.random() < 0.95:
            message["MessageDeduplicationId"] = f"id-{random.randint(0, steps)}"
        return message
    if random.random() < 0.3:
        message["DelaySeconds"] = random.choice([0, 900])
    return message


def _receive(random: Random) -> dict[str, Any]:
    request: dict[str, Any] = {"AttributeNames": ["All"]}
    if random.random() < 0.8:
        request["MaxNumberOfMessages"] = random.choice([1, 3, 10])
    # At once visible again, so that it is soon received too often.
    seconds = random.choice([0, _LONG_SECONDS, _LONG_SECONDS])
    return {**request, "VisibilityTimeout": seconds}


def _finish(random: Random, bodies: list[str]) -> tuple[str, dict[str, Any]]:
    choice = random.choice(["delete", "deletes", "release"])
    if choice == "deletes":
        some = random.sample(bodies, min(len(bodies), 3))
        return "DeleteMessageBatch", {
            "Entries": [{"Id": str(place), "body": body} for place, body in enumerate(some)]
        }
    body = {"body": random.choice(bodies)}
    if choice == "delete":
        return "DeleteMessage", body
    return "ChangeMessageVisibility", {**body, "VisibilityTimeout": 0}


def _emptied(kind: str, held: _Side) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Release what is held, receive and delete all there is, and at last the dead letters."""
    everything = {"MaxNumberOfMessages": 10, "VisibilityTimeout": _LONG_SECONDS}
    for body in sorted(held.handles[kind]):
        yield kind, "ChangeMessageVisibility", {"body": body, "VisibilityTimeout": 0}
    for name in (kind, _DEAD.get(kind, kind)):
        while True:
            yield name, "ReceiveMessage", {**everything, "MessageSystemAttributeNames": ["All"]}
            bodies = sorted(held.handles[name])
            if not bodies:
                break
            for body in bodies:
                yield name, "DeleteMessage", {"body": body}


def _last_part(attributes: Mapping[str, str]) -> list[str]:
    """Return the name of the queue a dead letter comes from, without the account's and region's."""
    return [attributes.get("DeadLetterQueueSourceArn", "").rpartition(":")[2]]


def _without_body(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in request.items() if name != "body"}
