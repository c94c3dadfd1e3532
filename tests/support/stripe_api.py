"""A stand-in of Stripe's API on loopback: `tests.support.stripe_answers` behind a server."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from infra.receiver import Server
from tests.support.stripe_answers import SECRET_KEY as SECRET_KEY
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_lists import Account


class StripeStandIn(StripeAnswers):
    """Serves while its `with` block lasts, at `base_url`."""

    def __init__(self, business: Account | None = None, *, secret_key: str = SECRET_KEY) -> None:
        super().__init__(business, secret_key=secret_key)
        self._server = Server(("127.0.0.1", 0), partial(_Handler, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"

    def __init__(self, stand_in: StripeStandIn, *arguments: Any) -> None:
        self._stand_in = stand_in
        super().__init__(*arguments)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self._stand_in.asked(address.path, address.query, headers)
        body = json.dumps(answer.content).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", answer.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log of requests is for the test to read."""
