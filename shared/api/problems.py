"""Every failure as its answer: the one place where kinds of errors become HTTP statuses.

Bodies are `application/problem+json` with fixed wording. Nothing of the request is repeated but the
paths of its faulty fields, and nothing of a fault of ours but that there was one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.aws import AwsError
from shared.domain.errors import NotFound, Quarantined, Rejected, Retryable, Unauthorized

RETRY_AFTER_SECONDS = 2


class MethodNotAllowed(Rejected):
    """The path is a route's, the method is not."""

    status = 405
    title = "Method not allowed"

    def __init__(self, allowed: list[str]) -> None:
        super().__init__("This path does not answer to this method.")
        self.allowed = allowed


class TooLarge(Rejected):
    """A body above the limit."""

    status = 413
    title = "Content too large"


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says what went wrong."""

    status: int
    title: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [
                {"path": path, "message": message} for path, message in self.errors
            ]
        return document


_LATER = Problem(
    503,
    "Service unavailable",
    "The request could not be carried out now; send it again a little later.",
    headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
)
_FAULT = Problem(500, "Internal server error", "The request failed by a fault of this service.")


def problem_of(error: Exception) -> Problem:
    """Return the answer to a request that ended with `error`."""
    if isinstance(error, Rejected):
        return Problem(error.status, error.title, error.detail, error.errors, _headers(error))
    if isinstance(error, Quarantined):
        # Only an id that no stored thing can have gets this far.
        return Problem(NotFound.status, NotFound.title, "There is no such thing.")
    if isinstance(error, Retryable) or (isinstance(error, AwsError) and error.retryable):
        return _LATER
    return _FAULT


def _headers(error: Rejected) -> dict[str, str]:
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.allowed)}
    return {}
