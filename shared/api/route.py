"""A route and what passes through it: the request as its code sees it, and the answer it gives.

Routes are rows of a table, so that the resolver, the documentation and the tests read one and the
same thing. A route's function is thin: it takes values out of the request, calls a use case and
names the status; its docstring is the route's description for the public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared.domain.errors import BadRequest
from shared.domain.strict_json import NotStrictJson, parse_object

if TYPE_CHECKING:
    from pydantic import BaseModel

Adapters = TypeVar("Adapters")

LIMIT = 25
LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may be served: its caller has the scope, its body is not too large.

    Headers have their names in small letters; the caller's key is not among them, but `scopes` are
    what it may do.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    def json(self) -> dict[str, Any]:
        """Return the body. Raise BadRequest unless it is one strict JSON object."""
        try:
            return parse_object(self.raw)
        except NotStrictJson as error:
            raise BadRequest("The body is not a JSON object.") from error

    def page(self) -> tuple[int, str | None]:
        """Return the limit and cursor of a list; a limit that is too large is lowered.

        Raise BadRequest for a limit that is no number above zero.
        """
        return self.limit(), self.query.get("cursor")

    def limit(self, most: int = LIMIT_MAX) -> int:
        """Return how many are wanted, at most `most`. Raise BadRequest for no number above zero."""
        text = self.query.get("limit", str(LIMIT))
        if not text.isascii() or not text.isdigit() or not text.strip("0"):
            raise BadRequest("The limit is not a whole number above zero.")
        limit = most if len(text.lstrip("0")) > len(str(most)) else int(text)
        return min(limit, most)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a JSON value, or a text or bytes of another content type."""

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route(Generic[Adapters]):
    """One method of one path.

    `body` is the model a body is checked by, or the name of the shape that documents one which is
    read by hand, because reading must not pay for models. `answers` maps each success to the shape
    its body has, in `shared.api.answers` or one of the `*_answers` beside it, None for no JSON;
    shapes go by name because no Lambda must pay for loading them. `problems` are the statuses
    beyond those every route of its kind may give. `filters` are the query parameters that choose
    among what is listed. `media` are the types of a body that is a file instead of JSON.
    `body_optional` says that a body may be left out.
    """

    method: str
    path: str
    run: Callable[[Request, Adapters], Answer]
    answers: Mapping[int, str | None]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | str | None = None
    filters: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    paged: bool = False
    body_optional: bool = False
