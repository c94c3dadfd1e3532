"""The API as the commands about outgoing webhooks call it: this machine's stack, or one elsewhere.

A stack in an AWS account is named by its URL; the key comes from the environment, because a
command line is seen by everybody on the machine and kept in the shell's history.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.running import local_endpoints
from infra.local.stack import Endpoints

KEY_VARIABLE = "PAYSIGNAL_KEY"
STATES = ("pending", "held", "delivered", "dead", "gone")
_PAGE = 100

Json = dict[str, Any]


class Outbound(Api):
    """Endpoints and deliveries, over HTTP."""

    def endpoint(self, endpoint_id: str) -> Json | None:
        """Return an endpoint, None where there is none. Raise CliError."""
        found: Json | None = self.find(f"/v1/endpoints/{_part(endpoint_id)}")
        return found

    def put_endpoint(self, endpoint_id: str, body: Json) -> Json:
        """Make or replace an endpoint and return it. Raise CliError."""
        written: Json = self.put(f"/v1/endpoints/{_part(endpoint_id)}", body)
        return written

    def rotate(self, endpoint_id: str) -> str:
        """Give an endpoint a new secret and return it. Raise CliError."""
        return str(self._call("POST", f"/v1/endpoints/{_part(endpoint_id)}/rotate")["secret"])

    def delete_endpoint(self, endpoint_id: str) -> None:
        """Remove an endpoint. Raise CliError."""
        self._call("DELETE", f"/v1/endpoints/{_part(endpoint_id)}")

    def delivery(self, delivery_id: str) -> Json | None:
        """Return a delivery with its payload, None where there is none. Raise CliError."""
        found: Json | None = self.find(f"/v1/deliveries/{_part(delivery_id)}")
        return found

    def deliveries(self, **wanted: str | None) -> Iterator[Json]:
        """Yield the deliveries of a `state` and an `endpoint`, page by page. Raise CliError."""
        query = {name: value for name, value in wanted.items() if value is not None}
        cursor: str | None = None
        while True:
            page = {"limit": str(_PAGE), **query, **({"cursor": cursor} if cursor else {})}
            answer = self.get(f"/v1/deliveries?{urlencode(page)}")
            yield from answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return

    def replay(self, delivery_id: str) -> None:
        """Send a delivery once more. Raise CliError where that is not possible."""
        self._call("POST", f"/v1/deliveries/{_part(delivery_id)}/replay")


def add_api(parser: argparse.ArgumentParser) -> None:
    """Add the choice between this machine's stack and one elsewhere."""
    parser.add_argument(
        "--api",
        metavar="URL",
        help=f"the API of a stack elsewhere; its key is read from ${KEY_VARIABLE}",
    )


def outbound(api_url: str | None) -> Outbound:
    """Return the API at this URL, or this machine's for None. Raise CliError."""
    if api_url is None:
        return Outbound(local_endpoints())
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise CliError(f"No key is set. Put one into the environment: {KEY_VARIABLE}=ps_…")
    if not api_url.startswith(("https://", "http://")):
        raise CliError("--api has to be a URL, as `./paysignal deploy` printed it.")
    url = api_url.rstrip("/").removesuffix("/v1")
    return Outbound(Endpoints(api_url=url, admin_key=key, webhooks={}))


def _part(text: str) -> str:
    return quote(text, safe="")
