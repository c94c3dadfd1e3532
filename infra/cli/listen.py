"""`paysignal listen`: a receiver on this machine, as a subscriber would build one.

It makes an endpoint for itself, verifies what arrives and prints it. When it ends it leaves nothing
behind; an endpoint that an automation sends to stays, disabled, and what is held for it meanwhile
arrives when somebody listens again.
"""

from __future__ import annotations

import argparse
import json
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from infra.cli.command import CliError
from infra.cli.outbound import Json, Outbound, outbound
from infra.local.emulator import port_is_free
from infra.receiver import HOST, Arrival, Receiver

SUMMARY = "receive webhooks on this machine, verify them, and print what arrives"
EXAMPLES = """  ./paysignal listen                          everything that happens
  ./paysignal listen --endpoint crm           what automations send to the endpoint crm
  ./paysignal listen --event order.created    one type of event; may be repeated
  ./paysignal listen --answer 503             fail on purpose, to see the retries
  ./paysignal listen --count 1 --json         one webhook's body, for a script"""
_PORT = 8788
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--endpoint", default="listen", help="endpoint id (default: listen)")
    parser.add_argument("--event", action="append", metavar="TYPE", help="default: all of them")
    parser.add_argument("--port", type=int, default=_PORT, help=f"default: {_PORT}")
    parser.add_argument("--answer", type=int, default=204, metavar="STATUS", help="default: 204")
    parser.add_argument("--count", type=int, metavar="N", help="stop after so many webhooks")
    parser.add_argument("--json", action="store_true", help="print bodies and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Listen until interrupted, or until so many webhooks were verified."""
    if not 200 <= arguments.answer <= 599:
        raise CliError("--answer has to be a status from 200 to 599.")
    api = outbound(None)
    endpoint_id = arguments.endpoint
    known = api.endpoint(endpoint_id)
    _check_free(arguments.port, known)
    url = f"http://{HOST}:{arguments.port}/"
    # `*` is what a new one hears; of one that exists, only what it was told.
    events = arguments.event or (known["events"] if known else ["*"])
    secret = _secret(api, endpoint_id, {"url": url, "events": events, "status": "disabled"}, known)
    enough = threading.Event()
    heard = _Heard(console, arguments.count, as_json=arguments.json, enough=enough)
    receiver = Receiver(
        secret, port=arguments.port, answer=lambda _: int(arguments.answer), on_arrival=heard.show
    )
    with receiver.listening():
        try:
            # Only now: what was held for it is sent at once.
            api.put_endpoint(endpoint_id, {"url": url, "events": events, "status": "enabled"})
            if not arguments.json:
                console.print(f"[green]✓[/] endpoint {endpoint_id} listens; Ctrl-C ends it")
            enough.wait()
        finally:
            _leave(api, endpoint_id, {"url": url, "events": events}, console)
    return 0


class _Heard:
    """Prints what arrives, and says when it was enough."""

    def __init__(
        self, console: Console, count: int | None, *, as_json: bool, enough: threading.Event
    ) -> None:
        self._console = console
        self._left = count
        self._as_json = as_json
        self._enough = enough

    def show(self, arrival: Arrival) -> None:
        """Print one webhook; one that is not proved counts for nothing."""
        if self._as_json:
            if arrival.verified:
                self._console.out(arrival.body.decode(errors="replace"), highlight=False)
        else:
            self._console.print(render(arrival), soft_wrap=True)
        if arrival.verified and self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._enough.set()


def render(arrival: Arrival) -> str:
    """Return one webhook for the terminal: when, whether it is proved, what it says."""
    clock = f"[dim]{datetime.fromtimestamp(arrival.received_at / 1000, UTC):%H:%M:%S}[/]"
    if not arrival.verified:
        return f"{clock} [red]✗ not proved[/] ({_plain(arrival.problem)}): answered 401"
    again = " [yellow]again[/]" if arrival.repeated else ""
    head = f"{clock} [green]✓ verified[/]{again}  [dim]{_plain(arrival.message_id)}[/]"
    try:
        body: Any = arrival.json()
    except ValueError:
        return f"{head}\n{_plain(arrival.body.decode(errors='replace'))}"
    kind = body.get("type") if isinstance(body, dict) else None
    title = f"  [bold]{_plain(str(kind))}[/]" if kind else ""
    return f"{head}{title}\n{_plain(json.dumps(body, indent=2, ensure_ascii=False))}"


def _check_free(port: int, known: Json | None) -> None:
    """Raise CliError where the port is taken, or the endpoint is somebody else's."""
    if known is not None and urlsplit(known["url"]).hostname not in _LOOPBACK:
        name = known["endpoint_id"]
        raise CliError(
            f"The endpoint {name} posts to {known['url']}, and listening would take its place. "
            "Choose another one: --endpoint NAME"
        )
    if not port_is_free(port):
        raise CliError(f"Port {port} is taken. Choose another one: --port {port + 1}")


def _secret(api: Outbound, endpoint_id: str, body: Json, known: Json | None) -> str:
    """Return a secret of the endpoint, which is made for it."""
    made = None if known else api.put_endpoint(endpoint_id, body).get("secret")
    return str(made or api.rotate(endpoint_id))


def _leave(api: Outbound, endpoint_id: str, body: Json, console: Console) -> None:
    try:
        api.delete_endpoint(endpoint_id)
    except CliError:
        api.put_endpoint(endpoint_id, {**body, "status": "disabled"})
        console.print(
            f"\n[yellow]·[/] automations send to {endpoint_id}: it stays, disabled, and holds what "
            "comes until you listen again",
            soft_wrap=True,
        )


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
