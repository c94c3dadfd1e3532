"""SQL put together so that nobody's value can become part of its text.

An `Sql` is text of our own with the values its question marks stand for. `compose` fills a
template: what is an `Sql` is put in as text, everything else is bound. There is no other way in,
so a name from outside can only ever choose among texts that are written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """A part of a query; `params` are the values of its question marks, in their order."""

    text: str
    params: tuple[Any, ...] = ()


TRUE, FALSE, NULL = Sql("TRUE"), Sql("FALSE"), Sql("NULL")


def compose(template: str, /, **values: Any) -> Sql:
    """Return a template of our own with its `{names}` filled: `Sql` as text, all else bound."""
    text: list[str] = []
    params: list[Any] = []
    for literal, name, _, _ in Formatter().parse(template):
        text.append(literal)
        if name is None:
            continue
        value = values[name]
        if isinstance(value, Sql):
            text.append(value.text)
            params += value.params
        else:
            text.append("?")
            params.append(value)
    return Sql("".join(text), tuple(params))


def joined(parts: Iterable[Sql], word: str) -> Sql:
    """Return the parts with a word of our own between them."""
    listed = list(parts)
    text = word.join(part.text for part in listed)
    return Sql(text, tuple(param for part in listed for param in part.params))


def every(parts: Iterable[Sql]) -> Sql:
    """Return the condition that all of these hold."""
    return joined(parts, " AND ") if (parts := [p for p in parts if p != TRUE]) else TRUE


def among(column: Sql, values: Iterable[Any]) -> Sql:
    """Return the condition that a column has one of these values."""
    listed = [compose("{value}", value=value) for value in values]
    if not listed:
        return FALSE
    return compose("{column} IN ({values})", column=column, values=joined(listed, ", "))
