"""Making, changing and removing automations: each change a revision of its own.

What is under way goes on by the revision it began on, or is cancelled, as `on_edit` says. Saying
the same thing again changes nothing, so that a repeated request cannot cancel anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from functions.manage.bodies import AutomationBody
from functions.manage.contention import settled
from functions.manage.names import check_name
from shared.api.bodies import invalid, validated
from shared.domain import preferences, revisions
from shared.domain import rendering_automations as rendering
from shared.domain.automations.parse import definition_of
from shared.domain.automations.segments import members_of
from shared.domain.errors import Invalid, NotFound
from shared.domain.ports import Check, Document, Name, Reads, Writes
from shared.domain.rendering_automations import Json
from shared.domain.segments.stored import Stored


class Store(Reads, Writes, Protocol):
    """Where automations and the endpoints they name lie."""


def put_automation(
    automation_id: str, values: dict[str, Any], *, store: Store, now: int
) -> tuple[bool, Json]:
    """Make or replace an automation; return whether it is new, and the automation.

    Raise Invalid for a body or id that breaks a rule, and for an endpoint or segment that does not
    exist.
    """
    check_name("automation_id", automation_id)
    name: Name = ("automation", automation_id)
    reached = revisions.reached_name(automation_id)

    def write() -> tuple[bool, Document]:
        segments = Stored(store)
        definition = _definition(values, segments)
        named = list(endpoints_of(definition["steps"]))
        endpoints: list[Name] = list(dict.fromkeys(("endpoint", each) for _, each in named))
        found = store.read([name, reached, preferences.NAME, *endpoints])
        stored = found[name]
        _check_endpoints(named, found)
        _check_sender(definition["steps"], found[preferences.NAME])
        if stored is not None and all(stored[key] == said for key, said in definition.items()):
            return False, stored
        document = {
            "automation_id": automation_id,
            **definition,
            "revision": revisions.following(stored, found[reached]),
            "created_date": stored["created_date"] if stored else now,
            "updated_date": now,
            "version": stored["version"] + 1 if stored else 1,
        }
        checks = [Check(each, known["version"]) for each in endpoints if (known := found[each])]
        store.commit([*revisions.change(document, stored), *checks, *segments.checks("steps")])
        return stored is None, document

    created, document = settled(write)
    return created, rendering.automation(document)


def delete_automation(automation_id: str, *, store: Store) -> None:
    """Remove an automation; what it has done stays readable. Raise NotFound where there is none."""
    name: Name = ("automation", automation_id)

    def write() -> None:
        stored = store.read([name])[name]
        if stored is None:
            raise NotFound("There is no such automation.")
        store.commit(revisions.deletion(stored))

    settled(write)


def endpoints_of(steps: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the endpoints that steps name, branches included, each behind its path."""
    for at, step in _placed(steps, "steps"):
        if step["type"] == "webhook":
            yield f"{at}.endpoint_id", step["endpoint_id"]


def _placed(
    steps: Iterable[Mapping[str, Any]], path: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each step behind its path, branches and what lies in them included."""
    for index, step in enumerate(steps):
        at = f"{path}[{index}].{step['type']}"
        yield at, step
        if step["type"] == "branch":
            for number, arm in enumerate(step["branches"]):
                yield from _placed(arm.get("steps") or (), f"{at}.branches[{number}].steps")
            yield from _placed(step.get("else") or (), f"{at}.else")


def _check_sender(steps: Iterable[Mapping[str, Any]], settings: Document | None) -> None:
    """Raise Invalid where there is an email step and nobody to send it."""
    emails = [at for at, step in _placed(steps, "steps") if step["type"] == "email"]
    if emails and not (settings or {}).get("email"):
        told = "needs `email: {from}` in the settings first (PUT /v1/settings)"
        raise invalid(*((each, told) for each in emails))


def _definition(values: dict[str, Any], segments: Stored) -> dict[str, Any]:
    """Return the body's definition. Raise Invalid with all its faults at once."""
    # A list that one of its own steps makes may be asked for before it is there.
    made = set(_made(values.get("steps")))

    def resolve(segment_id: str) -> Mapping[str, Any] | None:
        stored = segments(segment_id)
        return members_of(segment_id) if stored is None and segment_id in made else stored

    faults: dict[str, str] = {}
    try:
        validated(AutomationBody, values)
    except Invalid as error:
        faults = dict(error.errors)
    try:
        definition = definition_of(values, resolve)
    except Invalid as error:
        raise invalid(*{**dict(error.errors), **faults}.items()) from None
    if faults:
        raise invalid(*faults.items())
    return definition


def _made(steps: Any) -> Iterator[str]:
    """Yield the segments that steps, as somebody wrote them, would make."""
    if isinstance(steps, Mapping):
        if steps.get("type") == "add_to_segment" and isinstance(steps.get("segment_id"), str):
            yield steps["segment_id"]
        steps = list(steps.values())
    for each in steps if isinstance(steps, list) else ():
        yield from _made(each)


def _check_endpoints(
    named: Iterable[tuple[str, str]], found: Mapping[Name, Document | None]
) -> None:
    unknown = [
        (path, "there is no such endpoint")
        for path, each in named
        if found["endpoint", each] is None
    ]
    if unknown:
        raise invalid(*unknown)
