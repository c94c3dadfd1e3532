"""The steps of an automation, read with the path of every fault: `steps[2].wait.for: …`.

A step of a kind that does not exist is refused when it is written; none is skipped when it runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.domain import durations, mails, times
from shared.domain.automations import tags
from shared.domain.automations.dates import DATE_FIELDS
from shared.domain.automations.definition import (
    OWN_EVENTS,
    Arm,
    Branch,
    ChangeSegment,
    ChangeTag,
    Email,
    EmitEvent,
    Offset,
    Step,
    Wait,
    Webhook,
)
from shared.domain.automations.faults import Faults, under
from shared.domain.automations.segments import members_of, read_segment
from shared.domain.segments.parse import Resolver
from shared.domain.webhooks import is_connection_id

STEPS_MAX = 100
BRANCHES_MAX = 20
DEPTH_MAX = 5
PAYLOAD_BYTES_MAX = 10_000
EMAIL_BYTES_MAX = 60_000
WAIT_MAX = 366 * times.DAY

Values = Mapping[str, Any]


def steps_of(given: Sequence[Values], resolve: Resolver = members_of) -> tuple[Step, ...]:
    """Return a stored automation's steps. Raise Invalid if they no longer make sense."""
    faults = Faults()
    steps = read_steps(given, faults, resolve)
    faults.raise_any()
    return steps


def read_steps(
    given: Sequence[Any], faults: Faults, resolve: Resolver = members_of
) -> tuple[Step, ...]:
    """Return the steps that can be read; `faults` tells of the others."""
    return _Reader(faults, resolve).steps(given, "steps", 1)


def read_offset(given: Any, where: str, faults: Faults) -> Offset:
    """Return how far from a date, none where nothing is said; `-P3D` is three days before it."""
    if given is None:
        return Offset()
    sign = -1 if isinstance(given, str) and given.startswith("-") else 1
    try:
        days, exact = durations.days_and_rest(given.removeprefix("-"))
    except (ValueError, TypeError, AttributeError):
        faults.add(where, "has to be a duration of weeks to seconds, like -P3D")
        return Offset()
    if days * times.DAY + exact > WAIT_MAX:
        faults.add(where, f"has to be {WAIT_MAX // times.DAY} days at most, before or after")
    return Offset(sign * days, sign * exact)


class _Reader:
    """Reads one automation's steps, and counts them."""

    def __init__(self, faults: Faults, resolve: Resolver) -> None:
        self._faults = faults
        self._resolve = resolve
        self._left = STEPS_MAX
        self._kinds: dict[str, Callable[[Values, str, str, int], Step | None]] = {
            "webhook": self._webhook,
            "email": self._email,
            "emit_event": self._emit_event,
            "add_tag": self._tag,
            "remove_tag": self._tag,
            "add_to_segment": self._segment,
            "remove_from_segment": self._segment,
            "branch": self._branch,
            "wait": self._wait,
        }

    def steps(self, given: Any, path: str, depth: int) -> tuple[Step, ...]:
        if not isinstance(given, Sequence) or isinstance(given, str):
            self._faults.add(path, "has to be a list of steps")
            return ()
        read = [self._step(each, f"{path}[{index}]", depth) for index, each in enumerate(given)]
        return tuple(each for each in read if each is not None)

    def _step(self, given: Any, path: str, depth: int) -> Step | None:
        self._left -= 1
        if self._left < 0:
            if self._left == -1:
                self._faults.add(path, f"is one too many: there may be {STEPS_MAX} steps in all")
            return None
        if not isinstance(given, Mapping):
            self._faults.add(path, "has to be an object with a type")
            return None
        kind = given.get("type")
        if not isinstance(kind, str) or kind not in self._kinds:
            self._faults.add(under(path, "type"), f"has to be one of {', '.join(self._kinds)}")
            return None
        return self._kinds[kind](given, path, under(path, kind), depth)

    def _webhook(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "endpoint_id", "payload"), inside)
        endpoint_id = self._id(given, "endpoint_id", inside)
        payload = self._payload(given, inside)
        return Webhook(path, endpoint_id, payload) if endpoint_id else None

    def _email(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "to", "from_name", "subject", "text", "html"), inside)
        self._faults.choice(given, "to", inside, ("contact",))
        subject = self._faults.text(given, "subject", inside)
        name = given.get("from_name")
        if name is not None:
            name = self._faults.text(given, "from_name", inside, longest=100)
        text, html = (self._content(given, part, inside) for part in ("text", "html"))
        if given.get("text") is None and given.get("html") is None:
            self._faults.add(under(inside, "text"), "is missing, and html as well")
        self._tags(given.get("subject"), under(inside, "subject"))
        return Email(path, name, subject, text, html) if subject else None

    def _content(self, given: Values, name: str, inside: str) -> str | None:
        """Return one of an email's texts, None where it has none."""
        content, where = given.get(name), under(inside, name)
        if content is None:
            return None
        if not isinstance(content, str) or not content.strip():
            self._faults.add(where, "has to be text that is not blank")
            return None
        if len(content.encode()) > EMAIL_BYTES_MAX:
            self._faults.add(where, f"is longer than {EMAIL_BYTES_MAX:,} bytes")
        self._tags(content.replace(mails.UNSUBSCRIBE, ""), where)
        return content

    def _emit_event(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "name", "payload"), inside)
        name = self._faults.text(given, "name", inside, longest=128)
        if name in OWN_EVENTS:
            self._faults.add(under(inside, "name"), "is the name of events of paysignal's own")
        payload = self._payload(given, inside)
        return EmitEvent(path, name, payload) if name else None

    def _tag(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "tag"), inside)
        tag = self._faults.text(given, "tag", inside)
        return ChangeTag(path, tag, given["type"] == "add_tag") if tag else None

    def _segment(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "segment_id"), inside)
        segment_id = self._id(given, "segment_id", inside)
        adds = given["type"] == "add_to_segment"
        return ChangeSegment(path, segment_id, adds) if segment_id else None

    def _branch(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "branches", "else"), inside)
        listed = self._faults.listed(given, "branches", inside)
        where = under(inside, "branches")
        told = isinstance(given.get("branches"), list | None)
        if told and not 0 < len(listed) <= BRANCHES_MAX:
            self._faults.add(where, f"has to hold 1 to {BRANCHES_MAX} branches")
        if depth >= DEPTH_MAX:
            self._faults.add(path, f"lies more than {DEPTH_MAX - 1} branches deep")
            return None
        arms = []
        for index, each in enumerate(listed[:BRANCHES_MAX]):
            arms.append(self._arm(each, f"{where}[{index}]", depth))
        otherwise = given.get("else")
        if otherwise is not None:
            arms.append(Arm(None, self.steps(otherwise, under(inside, "else"), depth + 1)))
        return Branch(path, tuple(arms))

    def _arm(self, given: Any, path: str, depth: int) -> Arm:
        if not isinstance(given, Mapping):
            self._faults.add(path, "has to be an object with a segment and steps")
            return Arm(None, ())
        self._faults.only(given, ("segment", "steps"), path)
        if given.get("segment") is None:
            self._faults.add(under(path, "segment"), "is missing")
        segment = read_segment(
            given.get("segment"), under(path, "segment"), self._faults, self._resolve
        )
        steps = self._faults.listed(given, "steps", path)
        return Arm(segment, self.steps(steps, under(path, "steps"), depth + 1))

    def _wait(self, given: Values, path: str, inside: str, depth: int) -> Step | None:
        self._faults.only(given, ("type", "for", "until", "offset"), inside)
        if (given.get("for") is None) is (given.get("until") is None):
            self._faults.add(under(inside, "for"), "has to be given, or until, and not both")
            return None
        if given.get("for") is not None:
            if given.get("offset") is not None:
                self._faults.add(under(inside, "offset"), "belongs to until alone")
            length = self._length(given, inside)
            return Wait(path, length, None, Offset()) if length is not None else None
        until, offset = self._until(given, inside)
        if until not in DATE_FIELDS:
            names = ", ".join(DATE_FIELDS)
            self._faults.add(under(inside, "until"), f"has to be one of {names}")
            return None
        return Wait(path, None, until, offset)

    def _until(self, given: Values, inside: str) -> tuple[str, Offset]:
        """Return the date field that is waited for, and how far from it."""
        offset = read_offset(given.get("offset"), under(inside, "offset"), self._faults)
        return str(given["until"]).removeprefix("recurring_payment."), offset

    def _length(self, given: Values, inside: str) -> int | None:
        where = under(inside, "for")
        try:
            length = durations.milliseconds(given["for"])
        except (ValueError, TypeError):
            self._faults.add(where, "has to be a duration of weeks to seconds, like P3D")
            return None
        if not 0 < length <= WAIT_MAX:
            self._faults.add(where, f"has to be from a second to {WAIT_MAX // times.DAY} days")
            return None
        return length

    def _id(self, given: Values, name: str, inside: str) -> str | None:
        value = given.get(name)
        if isinstance(value, str) and is_connection_id(value):
            return value
        rule = "has to be 1 to 64 letters, digits, hyphens and underscores"
        self._faults.add(under(inside, name), "is missing" if value is None else rule)
        return None

    def _payload(self, given: Values, inside: str) -> Any:
        """Return the step's own payload, None where it has none."""
        payload = given.get("payload")
        where = under(inside, "payload")
        if payload is None:
            return None
        if not isinstance(payload, dict | list):
            self._faults.add(where, "has to be an object or a list")
            return None
        if len(json.dumps(payload, ensure_ascii=False).encode()) > PAYLOAD_BYTES_MAX:
            self._faults.add(where, f"is longer than {PAYLOAD_BYTES_MAX:,} bytes")
            return None
        self._tags(payload, where)
        return payload

    def _tags(self, template: Any, where: str) -> None:
        for path, message in tags.faults_of(template):
            self._faults.add(where + path, message)
