"""What a custom report asks, once its body is understood: fields of the catalogue and values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.reports.custom_fields import CustomDataset, CustomField
from shared.domain.reports.request import Question
from shared.domain.segments.fields import Kind
from shared.domain.segments.tree import Condition, Group

ROWS, ROWS_MAX = 1_000, 50_000


class Bucket(StrEnum):
    """What of a date tells groups apart."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TIME = "time"


class Function(StrEnum):
    """What is worked out of a group's values."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class Format(StrEnum):
    """How the answer is written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field whose values tell groups apart; dates by their `bucket`."""

    field: CustomField
    bucket: Bucket | None = None

    @property
    def name(self) -> str:
        """The name of its column."""
        return self.field.name


@dataclass(frozen=True, slots=True)
class Measure:
    """What is worked out of each group: of a field, or how many records there are."""

    function: Function
    field: CustomField | None = None

    @property
    def name(self) -> str:
        """The name of its column."""
        called = self.function.value
        return called if self.field is None else f"{called}_{self.field.name}"


@dataclass(frozen=True, slots=True)
class CustomQuestion:
    """A custom report's question; `question` is what it has in common with the others.

    `dated` is the date that the range is of. `fixed` is the one currency that is counted, None
    where no money is named or the currency is a dimension. `order` is a column's number, and
    whether the largest come first.
    """

    question: Question
    dataset: CustomDataset
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    filters: Group
    dated: CustomField
    has_last: bool
    fixed: str | None
    order: tuple[int, bool] | None
    limit: int
    format: Format

    @property
    def listed(self) -> str:
        """The list whose elements are told apart, "" for none."""
        return next((each.listed for each in self.named() if each.listed), "")

    def named(self) -> list[CustomField]:
        """Return the fields of dimensions and measures."""
        measured = [each.field for each in self.measures if each.field is not None]
        return [*(each.field for each in self.dimensions), *measured]

    def personal(self) -> list[str]:
        """Return the fields that say who somebody is and are more than counted."""
        shown = [each.field for each in self.dimensions]
        shown += [
            each.field
            for each in self.measures
            if each.field is not None and each.function is not Function.COUNT_DISTINCT
        ]
        asked = [self.dataset.fields[name] for name in conditions(self.filters)]
        return list(dict.fromkeys(each.name for each in (*shown, *asked) if each.personal))


def conditions(group: Group) -> list[str]:
    """Return the names of the fields that conditions ask about."""
    found: list[str] = []
    for member in group.members:
        found += [member.field.name] if isinstance(member, Condition) else conditions(member)
    return found


# What may be worked out of a field of each type, beside counting its values.
ALLOWED = {
    Kind.MONEY: (Function.SUM, Function.AVG, Function.MIN, Function.MAX),
    Kind.NUMBER: (Function.SUM, Function.AVG, Function.MIN, Function.MAX),
    Kind.DATE: (Function.MIN, Function.MAX),
}
