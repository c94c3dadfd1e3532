"""`paysignal send`: signed events of a provider's made-up world, posted to this machine's stack."""

from __future__ import annotations

import argparse
import time

from rich.console import Console

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.running import Running, local_endpoints, signing_secret
from infra.samples.stripe_event import Event
from infra.samples.stripe_samples import event_types, sample

SUMMARY = "sign a sample event and post it to the local stack, with the story that leads to it"
EXAMPLES = """  ./paysignal send stripe                                 list the events there are
  ./paysignal send stripe invoice.paid                    a renewal, and all before it
  ./paysignal send stripe invoice.paid --seed 7 --times 2  the same story, told twice
  ./paysignal send stripe charge.refunded --shape old     as older API versions say it
  ./paysignal send stripe customer.updated --alone        without what came before"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("provider", choices=["stripe"])
    parser.add_argument("event", nargs="?", help="event type; leave out to list them")
    parser.add_argument("--connection", default="shop", help="connection id (default: shop)")
    parser.add_argument(
        "--shape", choices=["new", "old"], default="new", help="API version's shape"
    )
    parser.add_argument("--seed", help="tell the same story again (default: a new one each time)")
    parser.add_argument("--times", type=int, default=1, help="deliveries of each event")
    parser.add_argument("--alone", action="store_true", help="leave out what came before it")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Post the events and show the answers; fail when one was not accepted."""
    types = event_types(arguments.shape)
    if arguments.event is None:
        console.print("\n".join(types))
        return 0
    if arguments.event not in types:
        raise CliError(f"There is no sample of {arguments.event}. List: ./paysignal send stripe")
    running = Running.find(None)
    api = Api(local_endpoints())
    secret, made = signing_secret(running, api, arguments.connection)
    if made:
        console.print(f"[dim]·[/] made the connection {arguments.connection}")
    now = int(time.time())
    told = sample(arguments.event, arguments.shape, seed=arguments.seed or now, at=now)
    events = [told.event] if arguments.alone else [*told.before, told.event]
    path = f"/webhooks/stripe/{arguments.connection}"
    accepted = [
        _post(api, path, event, secret, console) for event in events for _ in range(arguments.times)
    ]
    console.print("\nWhat became of them:  ./paysignal tail --once")
    return 0 if all(accepted) else 1


def _post(api: Api, path: str, event: Event, secret: str, console: Console) -> bool:
    """Post one event as Stripe would, show the answer, and tell whether it was accepted."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": event.sign(secret, int(time.time())),
    }
    status = api.post_raw(path, event.body, headers)
    colour = "green" if status == 200 else "red"
    console.print(f"[{colour}]{status}[/] {event.type}  [dim]{event.id}[/]")
    return status == 200
