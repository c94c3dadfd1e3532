"""The placeholders of one request: checked, resolved, and refused when one goes unused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.conditions import Compiled, compiled
from tests.simulation.dynamodb.parser import Names
from tests.simulation.dynamodb.projections import parse_projection
from tests.simulation.dynamodb.syntax import Parsed, Path, Tree
from tests.simulation.dynamodb.updates import KIND as UPDATE
from tests.simulation.dynamodb.updates import Update, parse_update
from tests.simulation.dynamodb.values import Item, canonical, named

_NAMES, _VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    UPDATE,
)


class Bindings:
    """Names and values given beside a request's expressions."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = payload
        self.names: Names = tuple(payload.get(_NAMES, {}).items())
        self.values: Item = {}
        for name, value in payload.get(_VALUES, {}).items():
            try:
                self.values[name] = canonical(value)
            except AwsError as error:
                raise named(error, name) from error
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        for parameter in (_NAMES, _VALUES):
            if parameter in payload and not payload[parameter]:
                raise invalid(f"{parameter} must not be empty")
            if parameter in payload and not any(map(payload.get, _EXPRESSIONS)):
                raise invalid(f"{parameter} can only be specified when using expressions")

    def use(self, kind: str, parsed: Parsed[Tree]) -> Tree:
        """Count a tree's placeholders as used; raise AwsError where a value is not given."""
        missing = parsed.values - self.values.keys()
        if missing:
            raise invalid(
                f"Invalid {kind}: An expression attribute value used in expression is not "
                f"defined; attribute value: {min(missing)}"
            )
        self.used_names |= parsed.names
        self.used_values |= parsed.values
        return parsed.tree

    def condition(self, kind: str) -> Compiled | None:
        """Return the condition given as parameter `kind`, its literals checked."""
        text = self.payload.get(kind)
        if text is None:
            return None
        condition = compiled(kind, text, self.names)
        self.use(kind, condition.parsed)
        for check in condition.checks:
            check(self.values)
        return condition

    def update(self) -> Update:
        """Return what the request's UpdateExpression does: nothing where it has none."""
        text = self.payload.get(UPDATE)
        return Update() if text is None else self.use(UPDATE, parse_update(text, self.names))

    def projection(self) -> tuple[Path, ...] | None:
        """Return the paths of the request's ProjectionExpression, or None for whole items."""
        text = self.payload.get("ProjectionExpression")
        if text is None:
            return None
        return self.use("ProjectionExpression", parse_projection(text, self.names))

    def refuse_unused(self) -> None:
        """Raise AwsError where a placeholder was given that no expression uses."""
        for parameter, given, used in (
            (_NAMES, {name for name, _ in self.names}, self.used_names),
            (_VALUES, set(self.values), self.used_values),
        ):
            if given - used:
                keys = ", ".join(sorted(given - used))
                raise invalid(
                    f"Value provided in {parameter} unused in expressions: keys: {{{keys}}}"
                )
