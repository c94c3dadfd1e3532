"""`paysignal connect`: a provider's webhook made with exactly the events that are read.

The provider's key is read from the environment or asked for, never from the command line: that is
seen by everybody on the machine and kept in the shell's history.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from urllib.parse import quote

from rich.console import Console

from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.running import local_endpoints
from infra.connect_stripe import STRIPE_URL, Plan, Stripe, carry_out, mode_of, plan

SUMMARY = "connect a provider's account: its webhook with the events we read, and its secret"
EXAMPLES = """  ./paysignal connect stripe --api https://pay.example.com
  ./paysignal connect stripe --api https://pay.example.com --name shop-eu --dry-run
  ./paysignal connect stripe --api https://pay.example.com --api-key-stored
  ./paysignal connect stripe --webhook-url https://tunnel.example.com/webhooks/stripe/shop

Stripe's key is read from $STRIPE_SECRET_KEY, or asked for; the stack's from $PAYSIGNAL_KEY.
A restricted key has to be allowed to write webhook endpoints. Doing it again changes nothing."""
KEY_VARIABLE = "STRIPE_SECRET_KEY"
_SAID = {
    "create": "make a webhook endpoint and store its secret",
    "update": "change the events of the webhook endpoint",
    "keep": "nothing: the webhook endpoint is as it should be",
    "recreate": "replace the webhook endpoint by a new one and store its secret",
}
_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("provider", choices=["stripe"])
    parser.add_argument("--name", default="shop", help="connection id (default: shop)")
    parser.add_argument("--webhook-url", metavar="URL", help="default: the stack's own address")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument(
        "--recreate", action="store_true", help="replace an endpoint whose secret is not known"
    )
    parser.add_argument(
        "--api-key-stored",
        action="store_true",
        help="keep the key with the connection, to ask Stripe for what events leave out",
    )
    parser.add_argument("--stripe-url", default=STRIPE_URL, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Say what there is to do, and do it unless only that was asked."""
    connections = outbound(arguments.api)
    url = _webhook_url(arguments)
    key = _secret_key()
    mode = mode_of(key)
    with Stripe(key, arguments.stripe_url) as stripe:
        made = plan(
            arguments.name,
            url,
            mode,
            stripe=stripe,
            connections=connections,
            recreate=arguments.recreate,
        )
        _show(made, console)
        if arguments.dry_run:
            return 0
        carry_out(made, stripe=stripe, connections=connections, api=_api(arguments, key))
    console.print(f"[green]✓[/] {arguments.name} hears of Stripe's {mode} events", soft_wrap=True)
    return 0


def _show(made: Plan, console: Console) -> None:
    console.print(f"[dim]·[/] {made.url} ({made.mode})", soft_wrap=True)
    console.print(f"[dim]·[/] {_SAID[made.action]}")
    if made.action == "keep":
        return
    for sign, events in (("+", made.added), ("-", made.removed)):
        if events:
            more = f" and {len(events) - _SHOWN} more" if len(events) > _SHOWN else ""
            console.print(f"  {sign} {', '.join(events[:_SHOWN])}{more}", soft_wrap=True)


def _api(arguments: argparse.Namespace, key: str) -> dict[str, str] | None:
    if not arguments.api_key_stored:
        return None
    own = {} if arguments.stripe_url == STRIPE_URL else {"base_url": arguments.stripe_url}
    return {"secret_key": key, **own}


def _webhook_url(arguments: argparse.Namespace) -> str:
    """Return where Stripe shall post. Raise CliError where it could not."""
    path = f"/webhooks/stripe/{quote(arguments.name, safe='')}"
    base = arguments.api or local_endpoints().api_url
    url: str = arguments.webhook_url or base.rstrip("/").removesuffix("/v1") + path
    if not url.startswith("https://"):
        raise CliError(
            "Stripe posts to public https addresses only. Name a stack elsewhere with --api, or "
            "a tunnel to this one with --webhook-url; samples need neither: ./paysignal send stripe"
        )
    if not url.endswith(path):
        raise CliError(f"--webhook-url has to end with {path}, where {arguments.name} listens.")
    return url


def _secret_key() -> str:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key and sys.stdin.isatty():
        key = getpass.getpass("Stripe's secret key: ").strip()
    if not key:
        raise CliError(f"No key is set. Put Stripe's secret key into {KEY_VARIABLE}.")
    return key
