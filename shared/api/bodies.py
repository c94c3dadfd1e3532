"""Request bodies: closed models, strict types, and faults that name their path.

A body is refused whole: an unknown or read-only field is a mistake worth telling, not a wish to
ignore. `manage` alone loads this module at its start; reading needs no pydantic.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.domain import emails, times
from shared.domain.errors import Invalid

_LONGEST_PATH = 200


class Body(BaseModel):
    """A request body or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _printable(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("may not hold control characters")
    return text


_Stripped = StringConstraints(strip_whitespace=True, min_length=1, max_length=200)

# A line of text that people write: names, tags, lists.
Line = Annotated[str, _Stripped, AfterValidator(_printable)]
# The same, where it may be an address of the web.
LongLine = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_printable),
]


def _email(text: str) -> str:
    address = emails.normalise(text)
    if address is None:
        raise ValueError("is not an email address")
    return address


def _moment(text: str) -> str:
    try:
        times.from_text(text)
    except ValueError:
        raise ValueError("is not an ISO 8601 time") from None
    return text


Word = Annotated[str, StringConstraints(max_length=100)]
Email = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_email)]
Moment = Annotated[Word, AfterValidator(_moment)]

Model = TypeVar("Model", bound=Body)


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """Return the body as its model has it. Raise Invalid naming the path of each fault."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid(
            *((".".join(map(str, each["loc"]))[:_LONGEST_PATH], _message(each)) for each in faults)
        ) from None


def invalid(*errors: tuple[str, str]) -> Invalid:
    """Return the error of a body with these faults, each a path and a message."""
    return Invalid("The body breaks the rules of this route.", errors)


def _message(fault: Any) -> str:
    text: str = fault["msg"]
    return text.removeprefix("Value error, ")
