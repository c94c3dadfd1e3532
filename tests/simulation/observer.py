"""Somebody outside with an API key, who asks `query` what a run has come to.

It is the Lambda's own module, asked by requests as API Gateway sends them. An answer is no step of
the world: it takes no time, meets no fault and is in no trace, so that to look changes nothing but
that a key is made. No API lists contacts: who is asked for is known from what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any
from urllib.parse import quote, unquote

from shared.adapters.table import Table
from shared.api.access import SCOPES
from shared.api.keys import create_key
from shared.domain.ports import Name
from tests.simulation.judging import LawBroken
from tests.simulation.lambda_modules import execute
from tests.simulation.world import World
from tests.support.api_client import http_event

_QUERY = "functions.query.handler"
_LIMIT = "100"
_ADDRESS = re.compile(r"[\w.+/-]+@[\w-]+(?:\.[\w-]+)+")

Json = dict[str, Any]


class Observer:
    """One cold start of `query`, and a key that opens all of it."""

    def __init__(self, world: World, key: str | None = None) -> None:
        self._table = Table(world.dynamodb.schema.name, world.dynamodb)
        self._headers = {"authorization": f"Bearer {key or self._made_key(world)}"}
        environ = {
            "TABLE_NAME": world.dynamodb.schema.name,
            "LOG_BUCKET": "log",
            "BODIES_BUCKET": "bodies",
            "CONFIG_CACHE_SECONDS": "60",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "simulated",
            "AWS_SECRET_ACCESS_KEY": "simulated",
        }
        self._query = execute(_QUERY, world, environ, is_step=False).handler

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json | None:
        """Return what an answer holds, None where there is no such thing. Raise LawBroken."""
        event = http_event("GET", quote(path), self._headers, query or {}, None)
        with redirect_stdout(StringIO()):
            answer = self._query(event, None)
        if answer["statusCode"] not in (200, 404):
            raise LawBroken(f"observer: the_api_answers: GET {path} with {answer['statusCode']}")
        return dict(json.loads(answer["body"])) if answer["statusCode"] == 200 else None

    def listed(self, path: str) -> Iterator[Json]:
        """Yield what a list holds, page by page."""
        query = {"limit": _LIMIT}
        while True:
            page = self.get(path, query)
            assert page is not None, f"there is no {path}"
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def _made_key(self, world: World) -> str:
        # Each observer of a world has another key, and the same ones in each run of a schedule.
        secret = f"observer{sum(1 for _ in world.dynamodb.items()):032d}"
        made = create_key(self._table, "observer", SCOPES, None, world.clock(), lambda: secret)
        return str(made["key"])

    def _in_path(self, address: str) -> str | None:
        """Return how a contact is called in a path: where the address holds a slash, by its id.

        The id is read off the table; there may be no such contact.
        """
        if "/" not in address:
            return address
        name: Name = ("email", address)
        claim = self._table.read([name])[name]
        return None if claim is None else str(claim["contact_id"])

    def people(self, addresses: Iterable[str]) -> list[Json]:
        """Return all that is held about each contact that has one of these addresses."""
        found: dict[str, Json] = {}
        for address in addresses:
            name = self._in_path(address)
            told = None if name is None else self.get(f"/v1/contacts/{name}/export")
            if told is not None:
                assert not told["left_out"], f"{address}: {told['left_out']} were left out"
                found[told["contact"]["contact_id"]] = told
        return list(found.values())


def addresses_in(bodies: Iterable[bytes]) -> tuple[str, ...]:
    """Return the addresses of email that stand in what was sent."""
    texts = (unquote(body.decode()) for body in bodies)
    return tuple(sorted({each.lower() for text in texts for each in _ADDRESS.findall(text)}))
