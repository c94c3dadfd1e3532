"""The route of `manage` that the links of emails lead to."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.unsubscribe import unsubscribe
from shared.api.route import Answer, Request, Route

_DONE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Unsubscribed</title></head>'
    "<body><p>You are unsubscribed.</p></body></html>"
)


def leave(request: Request, at: Adapters) -> Answer:
    """Unsubscribe the contact an email was sent to: they are sent no more. Twice does no harm.

    Every email names this address in its `List-Unsubscribe` header, for one click. The link is the
    right to it; no key is needed.
    """
    unsubscribe(request.params["token"], store=at.store, secrets=at.endpoint_secrets, now=at.now())
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return Answer(200, _DONE, "text/html; charset=utf-8", headers)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="POST",
        path="/v1/unsubscribe/{token}",
        run=leave,
        answers={200: None},
        problems=(404,),
    ),
)
