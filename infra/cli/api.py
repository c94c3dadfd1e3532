"""The running stack's HTTP API, as the commands call it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from threading import get_ident
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from infra.cli.command import CliError
from infra.local.stack import Endpoints

_TIMEOUT_SECONDS = 30


class Api:
    """Calls with the admin key, over one connection for each thread, kept while it lasts."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._base = urlsplit(endpoints.api_url)
        self._key = endpoints.admin_key
        self._connections: dict[int, http.client.HTTPConnection] = {}

    def close(self) -> None:
        """Let the kept connections go; the next call opens another."""
        while self._connections:
            self._connections.popitem()[1].close()

    def get(self, path: str) -> Any:
        """Return the answer of a read. Raise CliError when it is not 2xx."""
        return self._call("GET", path)

    def find(self, path: str) -> Any:
        """Return the answer of a read, None where there is no such thing. Raise CliError."""
        headers = {"authorization": f"Bearer {self._key}"}
        status, answer = self.send("GET", path, headers)
        return None if status == 404 else _content("GET", path, status, answer)

    def put(self, path: str, body: object) -> Any:
        """Return the answer of a write. Raise CliError when it is not 2xx."""
        return self._call("PUT", path, body)

    def post(self, path: str, body: bytes = b"", content_type: str = "application/json") -> Any:
        """Return the answer of a POST of bytes. Raise CliError when it is not 2xx."""
        headers = {"authorization": f"Bearer {self._key}", "content-type": content_type}
        status, answer = self.send("POST", path, headers, body)
        return _content("POST", path, status, answer)

    def delete(self, path: str) -> Any:
        """Return the answer of a DELETE that has one. Raise CliError when it is not 2xx."""
        return self._call("DELETE", path)

    def read(self, path: str) -> tuple[int, Any]:
        """Return status and answer of a read, whatever they are; None for what is no JSON."""
        status, answer = self.send("GET", path, {"authorization": f"Bearer {self._key}"})
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, None

    def fetch(self, path: str, body: object) -> tuple[int, bytes]:
        """Return status and answer of a question by POST, from where it lies if it is large.

        Raise CliError where it cannot be fetched.
        """
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        status, answer = self.send("POST", path, headers, json.dumps(body).encode())
        return self._followed(status, answer)

    def find_large(self, path: str) -> Any:
        """Return the answer of a read, from where it lies if it is large; None for no such thing.

        Raise CliError.
        """
        headers = {"authorization": f"Bearer {self._key}"}
        status, answer = self._followed(*self.send("GET", path, headers))
        return None if status == 404 else _content("GET", path, status, answer)

    def _followed(self, status: int, answer: bytes) -> tuple[int, bytes]:
        if status != http.client.SEE_OTHER:
            return status, answer
        url = json.loads(answer)["url"]
        if not url.startswith(("https://", "http://")):
            raise CliError("The API names no address to fetch the answer from.")
        try:
            # The address is the key to it: ours goes to nobody else.
            with urlopen(url, timeout=_TIMEOUT_SECONDS) as found:  # noqa: S310
                return http.client.OK, bytes(found.read())
        except OSError as error:
            raise CliError(f"The answer cannot be fetched: {error}") from error

    def status(self, path: str) -> int:
        """Return the status of a read, whatever it is."""
        return self.send("GET", path, {"authorization": f"Bearer {self._key}"})[0]

    def post_raw(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post bytes as a provider would, without the key, and return the status."""
        return self.send("POST", path, headers, body)[0]

    def _call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        raw = None if body is None else json.dumps(body).encode()
        status, answer = self.send(method, path, headers, raw)
        return _content(method, path, status, answer)

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Send one request and return status and body. Raise CliError when nothing answers."""
        for attempt in (1, 2):
            connection = self._connections.get(get_ident()) or self._connect()
            try:
                connection.request(method, self._base.path + path, body, dict(headers))
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                # A kept connection may have been closed meanwhile: once more on a fresh one.
                self._connections.pop(get_ident()).close()
                if attempt == 2:
                    place = f"{self._base.netloc} ({error})"
                    raise CliError(f"Nothing answers at {place}. Try: ./paysignal up") from error
        raise AssertionError("unreachable")

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._base.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._base.netloc, timeout=_TIMEOUT_SECONDS)
        self._connections[get_ident()] = connection
        return connection


def _content(method: str, path: str, status: int, answer: bytes) -> Any:
    if not 200 <= status < 300:
        raise CliError(f"{method} {path} was answered {status}: {_problem(answer)}")
    return json.loads(answer) if answer else None


def _problem(answer: bytes) -> str:
    """Return what a problem document says went wrong."""
    try:
        problem = json.loads(answer)
        faults = [f"{each['path']}: {each['message']}" for each in problem.get("errors", [])]
        return "; ".join([problem.get("detail") or problem.get("title") or "no reason", *faults])
    except (ValueError, KeyError, AttributeError, TypeError):
        return answer[:200].decode(errors="replace")
