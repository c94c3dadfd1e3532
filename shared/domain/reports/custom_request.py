"""A custom report's body, read once: every name looked up, every fault told with its path.

Pure and closed: an unknown key, field or function is a mistake worth telling. The parts a custom
report shares with the others (range, timezone, currency, segment, connection) are read as theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from shared.domain.errors import BadRequest, Invalid
from shared.domain.reports import request
from shared.domain.reports.custom_fields import CUSTOM_DATASETS, CustomDataset, CustomField
from shared.domain.reports.custom_question import (
    ALLOWED,
    ROWS,
    ROWS_MAX,
    Bucket,
    CustomQuestion,
    Dimension,
    Format,
    Function,
    Measure,
    conditions,
)
from shared.domain.reports.definitions.custom import CUSTOM
from shared.domain.segments.fields import Kind
from shared.domain.segments.parse import hint, parse
from shared.domain.segments.tree import Group, Match

# Columns of one answer.
DIMENSIONS_MAX, MEASURES_MAX = 10, 20
_SHARED = tuple("from to timezone currency segment connection provider mode as_known_at".split())
_OWN = """dataset dimensions measures filters match date_field order_by limit format""".split()
_QUOTED_MAX, _LONGEST = 80, 200
Choice = TypeVar("Choice", Bucket, Function, Format)


def read_custom(
    body: Mapping[str, Any], *, settings: Mapping[str, Any], now: int
) -> CustomQuestion:
    """Return the question a body asks; `settings` has the business's timezone and currency.

    Raise Invalid naming every fault.
    """
    reading = _Reading(body)
    found = reading.question(settings, now)
    if reading.faults or found is None:
        raise Invalid("The body breaks the rules of this report.", tuple(reading.faults))
    return found


class _Reading:
    """Reads one body, collecting faults as it goes."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.faults: list[tuple[str, str]] = []
        self._body = body

    def question(self, settings: Mapping[str, Any], now: int) -> CustomQuestion | None:
        known = (*_SHARED, *_OWN)
        for name in self._body:
            if name not in known:
                # Worded as pydantic words it for every other body.
                self._fault(name[:_LONGEST], "Extra inputs are not permitted")
        shared = self._shared(settings, now)
        dataset = self._dataset()
        if dataset is None:
            return None
        dimensions, measures = self._dimensions(dataset), self._measures(dataset)
        columns = [*(each.name for each in dimensions), *(each.name for each in measures)]
        if not columns:
            self._fault("measures", "has to name something, as there are no dimensions")
        filters = self._filters(dataset)
        self._check_lists(dimensions, measures)
        dated = self._dated(dataset)
        if shared is None:
            return None
        return CustomQuestion(
            question=shared,
            dataset=dataset,
            dimensions=dimensions,
            measures=measures,
            filters=filters,
            dated=dated,
            has_last="to" in self._body,
            fixed=self._fixed(dataset, dimensions, measures, filters, shared.currency),
            order=self._order(columns),
            limit=self._limit(),
            format=self._choice("format", self._body.get("format", "json"), Format) or Format.JSON,
        )

    def _shared(self, settings: Mapping[str, Any], now: int) -> request.Question | None:
        given = {name: self._body[name] for name in _SHARED if name in self._body}
        for name in [each for each, value in given.items() if not isinstance(value, str)]:
            self._fault(name, "has to be text")
            del given[name]
        try:
            return request.read_of(CUSTOM, given, settings=settings, now=now)
        except BadRequest as error:
            self.faults += error.errors
            return None

    def _dataset(self) -> CustomDataset | None:
        name = self._body.get("dataset")
        found = CUSTOM_DATASETS.get(name) if isinstance(name, str) else None
        if found is None:
            self._fault("dataset", f"is not one of {', '.join(CUSTOM_DATASETS)}")
        return found

    def _dimensions(self, dataset: CustomDataset) -> tuple[Dimension, ...]:
        found: list[Dimension] = []
        for path, value in self._listed("dimensions", DIMENSIONS_MAX):
            asked = {"field": value} if isinstance(value, str) else value
            if not self._is_object(asked, ("field", "bucket"), path):
                continue
            field = self._field(asked.get("field"), dataset, f"{path}.field")
            bucket = None
            if "bucket" in asked:
                bucket = self._choice(f"{path}.bucket", asked["bucket"], Bucket)
            if field is None:
                continue
            if field.kind is Kind.DATE:
                bucket = bucket or Bucket.DAY
            elif bucket is not None:
                self._fault(f"{path}.bucket", f"is for dates; {field.name} is none")
            self._once(field.name, [each.name for each in found], path)
            found.append(Dimension(field, bucket))
        return tuple(found)

    def _measures(self, dataset: CustomDataset) -> tuple[Measure, ...]:
        found: list[Measure] = []
        for path, value in self._listed("measures", MEASURES_MAX, ["count"]):
            asked = {"measure": value} if isinstance(value, str) else value
            if not self._is_object(asked, ("measure", "field"), path):
                continue
            measure = self._measure(asked, dataset, path)
            if measure is not None:
                self._once(measure.name, [each.name for each in found], path)
                found.append(measure)
        return tuple(found)

    def _measure(
        self, asked: Mapping[str, Any], dataset: CustomDataset, path: str
    ) -> Measure | None:
        function = self._choice(f"{path}.measure", asked.get("measure"), Function)
        if function is Function.COUNT:
            if "field" in asked:
                self._fault(f"{path}.field", "count has none; count_distinct has")
            return Measure(function)
        field = self._field(asked.get("field"), dataset, f"{path}.field")
        if function is None or field is None:
            return None
        if function is not Function.COUNT_DISTINCT and function not in ALLOWED.get(field.kind, ()):
            self._fault(f"{path}.measure", f"does not apply to {field.kind.value}")
        return Measure(function, field)

    def _field(self, name: object, dataset: CustomDataset, path: str) -> CustomField | None:
        if not isinstance(name, str):
            self._fault(path, "is missing" if name is None else "has to be a field's name")
            return None
        found = dataset.fields.get(name)
        if found is None:
            told = f'there is no field "{name[:_QUOTED_MAX]}" in {dataset.name}'
            self._fault(path, told + hint(name, dataset.fields))
        return found

    def _filters(self, dataset: CustomDataset) -> Group:
        given = self._body.get("filters", [])
        tree = given
        if isinstance(given, list):
            tree = {"match": self._body.get("match", "all"), "conditions": given}
        elif "match" in self._body:
            self._fault("match", "stands inside of filters, which are a group")
        fields = {name: each.field for name, each in dataset.fields.items()}
        try:
            return parse(tree, at="filters", fields=fields)
        except Invalid as error:
            plain = isinstance(given, list)
            self.faults += [(_plainly(path) if plain else path, m) for path, m in error.errors]
            return Group(Match.ALL, ())

    def _check_lists(
        self, dimensions: tuple[Dimension, ...], measures: tuple[Measure, ...]
    ) -> None:
        fields = _fields(dimensions, measures)
        lists = list(dict.fromkeys(each.listed for each in fields if each.listed))
        if len(lists) > 1:
            self._fault("dimensions", f"name fields of several lists: {', '.join(lists)}")

    def _dated(self, dataset: CustomDataset) -> CustomField:
        usual = dataset.fields[dataset.dated]
        if "date_field" not in self._body:
            return usual
        found = self._field(self._body["date_field"], dataset, "date_field")
        if found is not None and (found.kind is not Kind.DATE or found.listed):
            self._fault("date_field", f"has to be a date of the record; {found.name} is none")
        return found or usual

    def _fixed(
        self,
        dataset: CustomDataset,
        dimensions: tuple[Dimension, ...],
        measures: tuple[Measure, ...],
        filters: Group,
        currency: str,
    ) -> str | None:
        """Return the one currency that is counted: as asked, or because money is named."""
        named = _fields(dimensions, measures)
        named += [dataset.fields[name] for name in conditions(filters)]
        told = any(each.name == dataset.currency for each in dimensions)
        asked = "currency" in self._body
        if asked and dataset.currency is None:
            self._fault("currency", f"{dataset.name} have no money")
        with_money = any(each.kind is Kind.MONEY for each in named)
        return currency if asked or (with_money and not told) else None

    def _order(self, columns: list[str]) -> tuple[int, bool] | None:
        given = self._body.get("order_by")
        if given is None:
            return None
        name = given.removeprefix("-") if isinstance(given, str) else None
        if name not in columns:
            listed = ", ".join(columns)
            self._fault("order_by", f"is not one of {listed}, or one of them after a minus")
            return None
        return columns.index(name), str(given).startswith("-")

    def _limit(self) -> int:
        given = self._body.get("limit", ROWS)
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= ROWS_MAX:
            self._fault("limit", f"has to be a whole number from 1 to {ROWS_MAX}")
            return ROWS
        return given

    def _listed(
        self, name: str, most: int, usual: list[Any] | None = None
    ) -> list[tuple[str, Any]]:
        given = self._body.get(name, usual or [])
        if not isinstance(given, list):
            self._fault(name, "has to be a list")
            return []
        if len(given) > most:
            self._fault(name, f"are more than {most}")
        return [(f"{name}[{index}]", each) for index, each in enumerate(given[:most])]

    def _is_object(self, value: object, known: tuple[str, ...], path: str) -> bool:
        if not isinstance(value, Mapping):
            self._fault(path, f"has to be text, or an object with {' and '.join(known)}")
            return False
        for name in value:
            if name not in known:
                self._fault(f"{path}.{str(name)[:_QUOTED_MAX]}", "is not known here")
        return True

    def _choice(self, path: str, value: object, known: type[Choice]) -> Choice | None:
        listed = [each.value for each in known]
        if isinstance(value, str) and value in listed:
            return known(value)
        self._fault(path, f"is not one of {', '.join(listed)}")
        return None

    def _once(self, name: str, found: list[str], path: str) -> None:
        if name in found:
            self._fault(path, f"{name} is there twice")

    def _fault(self, path: str, message: str) -> None:
        self.faults.append((path, message))


def _fields(dimensions: tuple[Dimension, ...], measures: tuple[Measure, ...]) -> list[CustomField]:
    measured = [each.field for each in measures if each.field is not None]
    return [*(each.field for each in dimensions), *measured]


def _plainly(path: str) -> str:
    """Return a path as it lies in a plain list of conditions."""
    return path.replace("filters.conditions", "filters", 1).replace("filters.match", "match", 1)
