"""JSON into a segment's tree, or every fault in it, each with its path.

Closed: an unknown key, field or operator is a mistake worth telling, never a wish to ignore. A
reference `{"segment_id": …}` stands for that segment's conditions as if they were written there;
so it speaks of the same recurring payment as its surroundings, and no segment may contain itself.
Limits keep a tree within what evaluation and SQL can carry. Never accept what SQL could not.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.domain.errors import Invalid
from shared.domain.segments import operands
from shared.domain.segments.fields import FIELDS, Entity, Field
from shared.domain.segments.operators import BY_KIND, OPERATORS
from shared.domain.segments.tree import Condition, Group, Match, Node

DEPTH_MAX = 8
CONDITIONS_MAX = 200
GROUPS_MAX = 200
_FAULTS_MAX = 100
_QUOTED_MAX = 80

# Returns the stored segment `{kind, match, conditions}` of an id, None where there is none.
Resolver = Callable[[str], Mapping[str, Any] | None]


def parse(
    value: object,
    *,
    at: str = "",
    resolve: Resolver | None = None,
    changes: bool = False,
    own_id: str | None = None,
    fields: Mapping[str, Field] = FIELDS,
) -> Group:
    """Return the segment written as `value`. Raise Invalid with the path of each fault.

    `at` is put before the paths: where the segment lies in its body. `changes` allows the fields
    of the change at hand, in triggers and their branches. Without `resolve` a segment can refer to
    no other; `own_id` is the segment that is being written, which none of those may contain.
    `fields` are those that conditions may name.
    """
    reader = _Reader(resolve, changes, fields)
    root = reader.root(value, (own_id,) if own_id else ())
    if reader.faults or root is None:
        errors = [(_under(at, path) or "segment", message) for path, message in reader.faults]
        raise Invalid("The segment is not one that can be evaluated.", tuple(errors[:_FAULTS_MAX]))
    return root


class _Reader:
    """Reads one segment, collecting faults as it goes."""

    def __init__(
        self, resolve: Resolver | None, changes: bool, fields: Mapping[str, Field]
    ) -> None:
        self.faults: list[tuple[str, str]] = []
        self._fields = fields
        self._resolve = resolve
        self._changes = changes
        self._left = {"conditions": CONDITIONS_MAX, "groups": GROUPS_MAX}
        self._full = False

    def root(self, value: object, chain: tuple[str, ...]) -> Group | None:
        """Return the outermost group, None after a fault."""
        if not isinstance(value, Mapping):
            self._fault("", "has to be an object with match and conditions")
            return None
        if "segment_id" in value:
            found = self._reference(value, "", 1, chain)
            return Group(Match.ALL, (found,)) if isinstance(found, Condition) else found
        return self._group(value, "", 1, chain)

    def _fault(self, path: str, message: str) -> None:
        self.faults.append((path, message))
        self._full = self._full or len(self.faults) >= _FAULTS_MAX

    def _node(self, value: object, path: str, depth: int, chain: tuple[str, ...]) -> Node | None:
        if self._full:
            return None
        if not isinstance(value, Mapping):
            self._fault(path, "has to be a condition or a group of conditions")
            return None
        if "segment_id" in value:
            return self._reference(value, path, depth, chain)
        if "match" in value or "conditions" in value:
            return self._group(value, path, depth, chain)
        return self._condition(value, path)

    def _group(
        self, value: Mapping[str, Any], path: str, depth: int, chain: tuple[str, ...]
    ) -> Group | None:
        if depth > DEPTH_MAX:
            self._fault(path, f"lies more than {DEPTH_MAX} groups deep")
            return None
        if not self._has_room("groups", path):
            return None
        self._refuse_others(value, ("match", "conditions"), path)
        match = self._match(value, _under(path, "match"))
        listed, where = value.get("conditions"), _under(path, "conditions")
        if not isinstance(listed, list):
            self._fault(where, "is missing" if listed is None else "has to be a list")
            return None
        members = [
            self._node(each, f"{where}[{index}]", depth + 1, chain)
            for index, each in enumerate(listed)
        ]
        whole = tuple(each for each in members if each is not None)
        return Group(match, whole) if match else None

    def _match(self, value: Mapping[str, Any], path: str) -> Match | None:
        written = value.get("match")
        if isinstance(written, str) and written in list(Match):
            return Match(written)
        self._fault(path, "has to be all, any or none")
        return None

    def _condition(self, value: Mapping[str, Any], path: str) -> Condition | None:
        if not self._has_room("conditions", path):
            return None
        self._refuse_others(value, ("field", "operator", "value"), path)
        field = self._field(value.get("field"), _under(path, "field"))
        operator = self._operator(value.get("operator"), field, _under(path, "operator"))
        if field is None or operator is None:
            return None
        try:
            operand = operands.read(field, operator, value)
        except operands.Unfit as unfit:
            for where, message in unfit.faults:
                self._fault(_under(path, "value") + where, message)
            return None
        return Condition(path, field, operator, value.get("value"), operand)

    def _field(self, name: object, path: str) -> Field | None:
        if not isinstance(name, str):
            self._fault(path, "is missing" if name is None else "has to be a field's name")
            return None
        field = self._fields.get(name)
        if field is None:
            self._fault(path, f"there is no field {_quoted(name)}{hint(name, self._fields)}")
            return None
        if field.entity is Entity.CHANGE and not self._changes:
            self._fault(path, f'"{name}" is known inside triggers by a change only')
            return None
        return field

    def _operator(self, name: object, field: Field | None, path: str) -> str | None:
        if not isinstance(name, str):
            self._fault(path, "is missing" if name is None else "has to be an operator's name")
            return None
        known = BY_KIND[field.kind] if field else OPERATORS
        if name in known:
            return name
        if field and name in OPERATORS:
            self._fault(path, f'"{name}" does not apply to {field.kind.value}')
            return None
        self._fault(path, f"there is no operator {_quoted(name)}{hint(name, known)}")
        return None

    def _reference(
        self, value: Mapping[str, Any], path: str, depth: int, chain: tuple[str, ...]
    ) -> Node | None:
        """Return what the segment of that id holds; a static one is a question of membership."""
        self._refuse_others(value, ("segment_id",), path)
        where, name = _under(path, "segment_id"), value["segment_id"]
        if not isinstance(name, str):
            self._fault(where, "has to be a segment's id")
            return None
        if name in chain:
            self._fault(where, f"contains itself: {' > '.join((*chain, name))}"[:500])
            return None
        stored = self._resolve(name) if self._resolve else None
        if stored is None:
            self._fault(where, f"there is no segment {_quoted(name)}")
            return None
        if stored.get("kind") == "static":
            member = {"field": "contact.segments", "operator": "is", "value": name}
            return self._condition(member, path)
        known = len(self.faults)
        conditions = {key: stored[key] for key in ("match", "conditions") if key in stored}
        found = self._group(conditions, _under(path, f"segment[{name}]"), depth, (*chain, name))
        if len(self.faults) > known:
            inner, message = self.faults[known]
            self.faults[known:] = [(where, f"cannot be used here: {inner}: {message}")]
        return found

    def _refuse_others(self, value: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
        for key in value:
            if key not in known:
                name = str(key)[:_QUOTED_MAX]
                self._fault(_under(path, name), f"is not known here{hint(name, known)}")
            if self._full:
                return

    def _has_room(self, what: str, path: str) -> bool:
        self._left[what] -= 1
        if self._left[what] < 0 and not self._full:
            limit = CONDITIONS_MAX if what == "conditions" else GROUPS_MAX
            self._fault(path, f"is one too many: a segment has at most {limit} {what}")
            self._full = True
        return self._left[what] >= 0


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _quoted(text: str) -> str:
    return f'"{text[:_QUOTED_MAX]}"'


def hint(written: str, known: Iterable[str]) -> str:
    """Return what was probably meant: the name a text is the end of, else the nearest name."""
    names = sorted(known)
    ended = [name for name in names if name.endswith(f".{written}")]
    near = ended or difflib.get_close_matches(written[:_QUOTED_MAX], names, 1)
    return f'; did you mean "{near[0]}"?' if near else ""
