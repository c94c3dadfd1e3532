"""What a recipe is: a name, what it is for, its blanks, and the automation it makes of them.

Pure. A recipe makes a body of `PUT /v1/automations/{id}` and nothing else, so what is installed is
an automation like any other, and whatever is wrong with it is told as of any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import Invalid

Json = dict[str, Any]
Values = Mapping[str, Any]

ENDPOINT = "endpoint_id"
_TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """A blank of a recipe: a whole number from `least` to `most`, or a text where these are 0.

    One whose `default` is None may stay blank.
    """

    name: str
    description: str
    default: int | str | None = None
    least: int = 0
    most: int = 0

    @property
    def kind(self) -> str:
        """What is filled in: `number` or `text`."""
        return "number" if self.most else "text"

    def fault_of(self, value: object) -> str | None:
        """Return what is wrong with a value, None where nothing is."""
        if self.most:
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not self.least <= value <= self.most:  # type: ignore[operator]
                return f"has to be a whole number from {self.least} to {self.most}"
            return None
        if isinstance(value, str) and 0 < len(value) <= _TEXT_MAX and value.isprintable():
            return None
        return f"has to be a text of 1 to {_TEXT_MAX} characters"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe; `name` is its id and, unless another is given, that of what it makes.

    `finds` says in a sentence what a backtest of it finds. `tells` is False where `make` itself
    says at which place an endpoint is told; else that is the last step.
    """

    name: str
    title: str
    description: str
    finds: str
    parameters: tuple[Parameter, ...]
    make: Callable[[Values], Json]
    tells: bool = True

    def body(self, given: Values) -> Json:
        """Return the automation with its blanks filled in. Raise Invalid for what does not fit."""
        known = {each.name: each for each in self.parameters}
        faults = [(f"parameters.{name}", "is no parameter") for name in given if name not in known]
        for name, parameter in known.items():
            fault = parameter.fault_of(given[name]) if given.get(name) is not None else None
            faults += [(f"parameters.{name}", fault)] if fault else []
        if faults:
            raise Invalid("The parameters do not fit the recipe.", tuple(faults))
        filled = {
            name: given[name] if given.get(name) is not None else parameter.default
            for name, parameter in known.items()
        }
        made = self.make(filled)
        last = webhook(filled) if self.tells else []
        return {"name": self.title, **made, "steps": [*made["steps"], *last]}

    def to_json(self) -> Json:
        """Return the recipe as the API prints it, with the automation its defaults make."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "parameters": [
                {
                    "name": each.name,
                    "description": each.description,
                    "kind": each.kind,
                    "default": each.default,
                    "minimum": each.least if each.most else None,
                    "maximum": each.most or None,
                }
                for each in self.parameters
            ],
            "automation": self.body({}),
            "backtest": {
                "command": f"./paysignal backtest {self.name} --from 2026-10-01 --to 2026-10-31",
                "finds": self.finds,
            },
        }


def webhook(filled: Values) -> list[Json]:
    """Return the step that tells an endpoint, if one is named."""
    endpoint_id = filled.get(ENDPOINT)
    return [{"type": "webhook", "endpoint_id": endpoint_id}] if endpoint_id else []
