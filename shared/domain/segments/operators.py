"""What may be asked of a field of each type, and which questions are the contrary of others.

A positive operator is met when **one of the field's values** meets it, so a blank meets none but
`is_blank`. Its contrary is met exactly when it is not: of the same contact, recurring payment or
transition. Where there is no such thing at all, neither is met.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.segments.fields import Kind

_AMOUNTS = ("is", "is_not", "greater_than", "less_than", "at_least", "at_most", "between")
_LABELS = ("is", "is_not", "contains", "does_not_contain")

BY_KIND: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*_LABELS, "starts_with", "ends_with", "is_blank", "is_not_blank"),
    Kind.LABEL: _LABELS,
    Kind.NUMBER: _AMOUNTS,
    Kind.MONEY: _AMOUNTS,
    Kind.DATE: ("before", "after", "on", "between", "in_last", "not_in_last", "in_next"),
    Kind.BOOLEAN: ("is",),
}
OPERATORS = frozenset(name for names in BY_KIND.values() for name in names)
CONTRARIES: Mapping[str, str] = {
    "is_not": "is",
    "does_not_contain": "contains",
    "is_not_blank": "is_blank",
    "not_in_last": "in_last",
}
WITHOUT_VALUE = frozenset({"is_blank", "is_not_blank"})
