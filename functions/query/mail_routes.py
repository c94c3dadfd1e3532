"""The page that a person sees who follows the link of an email: one button.

Looking at it changes nothing, for mail programs look at links before their readers do.
"""

from __future__ import annotations

from functions.query.adapters import Adapters
from shared.api.route import Answer, Request, Route

_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Unsubscribe</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1"></head>'
    '<body><form method="post"><p>Do you want no more emails from us?</p>'
    "<button>Unsubscribe</button></form></body></html>"
)
_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def ask_to_leave(request: Request, at: Adapters) -> Answer:
    """Show a page with one button, which unsubscribes by `POST` of the same path."""
    del request, at
    headers = {"Content-Security-Policy": _POLICY}
    return Answer(200, _PAGE, "text/html; charset=utf-8", headers)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(method="GET", path="/v1/unsubscribe/{token}", run=ask_to_leave, answers={200: None}),
)
