"""What a segment means, said a second time and as plainly as it can be, apart from the evaluator.

It reads the JSON itself, compares decimals and wall clocks instead of intervals, and tries every
recurring payment for every group. Slow on purpose; nothing but tests may use it.
"""

from __future__ import annotations

import calendar
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from shared.domain.contacts import Contact
from shared.domain.money import DECIMALS
from shared.domain.timeline import Change
from tests.shared.domain.segments.builders import NOW

Json = Mapping[str, Any]
_NOBODY: Json = {}
_CIVIL = "recurring_payment.payment_method_expiration"


@dataclass(frozen=True)
class World:
    """All there is to ask about; `payment` and `change` are chosen, None while none is."""

    contact: Contact
    payments: Sequence[Json]
    changes: Sequence[Change]
    zone: tzinfo
    currency: str
    payment: Json | None = None
    change: Json | None = None


def holds(node: Json, world: World) -> bool:
    """Tell whether the world is in the segment."""
    if "match" not in node:
        return any(_meets(node, each) for each in _choices(node, world))
    if node["match"] == "all":
        return any(
            all(holds(member, each) for member in node["conditions"])
            for each in _choices(node, world)
        )
    met = any(holds(member, world) for member in node["conditions"])
    return met if node["match"] == "any" else not met


def _choices(node: Json, world: World) -> list[World]:
    """Return the world with every choice this node has to make."""
    worlds = [world]
    if world.payment is None and _speaks(node, "recurring_payment."):
        payments: Sequence[Json] = world.payments or [_NOBODY]
        worlds = [replace(each, payment=chosen) for each in worlds for chosen in payments]
    if world.change is None and _speaks(node, "change."):
        told: list[Json] = [
            {"field": c.field, "from": c.before, "to": c.after} for c in world.changes
        ]
        worlds = [replace(each, change=chosen) for each in worlds for chosen in told or [_NOBODY]]
    return worlds


def _speaks(node: Json, prefix: str) -> bool:
    if "match" not in node:
        return str(node["field"]).startswith(prefix)
    return node["match"] != "none" and any(_speaks(each, prefix) for each in node["conditions"])


def _meets(condition: Json, world: World) -> bool:
    entity, _, path = condition["field"].partition(".")
    source = {"contact": world.contact, "recurring_payment": world.payment, "change": world.change}
    if source[entity] is _NOBODY:
        return False
    values = _values(source[entity] or {}, entity, path, world)
    operator, contrary = condition["operator"], False
    for negative, positive in (
        ("is_not", "is"),
        ("does_not_contain", "contains"),
        ("not_in_last", "in_last"),
    ):
        if operator == negative:
            operator, contrary = positive, True
    if operator in ("is_blank", "is_not_blank"):
        return (not values) is (operator == "is_blank")
    met: bool = any(_one(condition, operator, each, world) for each in values)
    return met is not contrary


def _values(source: Json, entity: str, path: str, world: World) -> list[Any]:
    values = [
        each for each in _kept(source, path, world) if each is False or each not in (None, "")
    ]
    if path.rpartition(".")[2] in ("payment_amount", "amount", "revenue"):
        currency = world.currency if entity == "contact" else source["currency"]
        return [Decimal(each) / 10 ** DECIMALS.get(currency or "", 2) for each in values]
    return values


def _kept(source: Json, path: str, world: World) -> list[Any]:
    if path in ("tags", "lists"):
        return [each[path.removesuffix("s")] for each in source[path]]
    if path.startswith("line_items."):
        return [item.get(path[11:]) for item in source["line_items"] or []]
    if path == "revenue":
        return [source["revenue"].get(world.currency, {"net": 0})["net"]]
    if path == "customer_since":
        dates = [source["first_order_date"], source["first_start_date"]]
        return sorted(each for each in dates if each is not None)[:1]
    if path in ("billing_address.city", "source.campaign"):
        outer, inner = path.split(".")
        return [(source[outer] or {}).get(inner)]
    found = source["kept_orders"] > 0 if path == "customer" else source.get(path)
    return found if isinstance(found, list) else [found]


def _one(condition: Json, operator: str, actual: Any, world: World) -> bool:
    value, zone = condition["value"], UTC if condition["field"] == _CIVIL else world.zone
    if operator in ("before", "after", "on", "in_last", "in_next"):
        return _date(operator, actual, value, zone)
    if operator == "between" and "-" in value[0][1:]:
        day = _local(actual, zone).date().isoformat()
        return bool(value[0] <= day <= value[1])
    if isinstance(value, bool):
        return actual is value
    if isinstance(actual, Decimal | int) and not condition["field"].startswith("change."):
        bounds = [Decimal(each) for each in (value if operator == "between" else [value, value])]
        return {
            "is": actual == bounds[0],
            "greater_than": actual > bounds[0],
            "less_than": actual < bounds[0],
            "at_least": actual >= bounds[0],
            "at_most": actual <= bounds[0],
            "between": bounds[0] <= actual <= bounds[1],
        }[operator]
    text, asked = _letters(actual), _letters(value)
    return {
        "is": text == asked,
        "contains": asked in text,
        "starts_with": text[: len(asked)] == asked,
        "ends_with": text[-len(asked) :] == asked,
    }[operator]


def _letters(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    letters = [one.lower()[0] for one in unicodedata.normalize("NFC", text)]
    return "".join(letters).replace("\u03c2", "\u03c3")


def _local(ms: int, zone: tzinfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(zone)


def _date(operator: str, actual: int, value: str, zone: tzinfo) -> bool:
    moment, now = _local(actual, zone), _local(NOW, zone)
    if operator == "in_last":
        return _away(now, value, -1).astimezone(UTC) <= moment.astimezone(UTC) and actual <= NOW
    if operator == "in_next":
        return moment.astimezone(UTC) <= _away(now, value, 1).astimezone(UTC) and actual >= NOW
    if "T" in value:
        asked = datetime.fromisoformat(value)
        exact = (asked if asked.tzinfo else asked.replace(tzinfo=zone)).astimezone(UTC)
        return moment < exact if operator == "before" else moment > exact
    day = moment.date().isoformat()
    return {"before": day < value, "on": day == value, "after": day > value}[operator]


def _away(now: datetime, length: str, sign: int) -> datetime:
    """Return now and a length of time, added on the wall clock unless it is of exact units."""
    count, unit = int(length.split()[0]) * sign, length.split()[1].rstrip("s")
    if unit in ("minute", "hour"):
        exact = now.astimezone(UTC) + timedelta(**{f"{unit}s": count})
        return exact.astimezone(now.tzinfo)
    if unit in ("day", "week"):
        return now + timedelta(**{f"{unit}s": count})
    months = (now.month - 1) + count * (12 if unit == "year" else 1)
    year, month = now.year + months // 12, months % 12 + 1
    return now.replace(
        year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1])
    )
