"""Every error paysignal raises on purpose, and what becomes of the event or request behind it.

    PaysignalError
      x Rejected          the caller's fault: answered 4xx with a problem document, never retried
        + NotFound        404
        + Conflict        409
        + Forbidden       403
        + Unauthorized    401
        + Invalid         422, with the path of each bad value
        + BadRequest      400
      x Quarantined       an event that can never be accepted: kept with a code, acknowledged
      x Retryable         a passing fault: the queue or the provider tries again
        + Contended       another writer was faster; read again and fold again

The kind decides the fate, so an edge maps kinds, never single errors. Messages name fields and
codes; they never carry a secret or a person's data.
"""

from __future__ import annotations


class PaysignalError(Exception):
    """Base of all errors raised on purpose."""


class Rejected(PaysignalError):
    """A request that cannot be honoured as it stands; `status` is the HTTP answer."""

    status = 400
    title = "Bad request"

    def __init__(self, detail: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class BadRequest(Rejected):
    """A request that does not make sense on its own, such as a broken cursor."""


class Unauthorized(Rejected):
    """No key, an unknown key or an expired one."""

    status = 401
    title = "Unauthorized"


class Forbidden(Rejected):
    """A valid key without the scope the route needs."""

    status = 403
    title = "Forbidden"


class NotFound(Rejected):
    """No such thing, or none this key may see."""

    status = 404
    title = "Not found"


class Conflict(Rejected):
    """The request contradicts what is stored, such as an alias of another contact."""

    status = 409
    title = "Conflict"


class Invalid(Rejected):
    """A body whose values break a rule; `errors` names each path."""

    status = 422
    title = "Unprocessable content"


class Quarantined(PaysignalError):
    """An event that no retry can make acceptable: kept under `code`, then acknowledged."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Retryable(PaysignalError):
    """A fault that may pass: nothing was acknowledged and the sender tries again."""


class Contended(Retryable):
    """Another worker changed the same item first; folding again on fresh reads settles it."""
