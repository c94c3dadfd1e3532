"""`paysignal send`: signed events of a provider's made-up world, posted to this machine's stack."""

from __future__ import annotations

import argparse
import time

from rich.console import Console

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.running import Running, local_endpoints, sending_secrets
from infra.cli.senders import SENDERS, Letter, Wish

SUMMARY = "sign a sample event and post it to the local stack, with the story that leads to it"
EXAMPLES = """  ./paysignal send stripe                                 list the events there are
  ./paysignal send stripe invoice.paid                    a renewal, and all before it
  ./paysignal send stripe invoice.paid --seed 7 --times 2  the same story, told twice
  ./paysignal send stripe charge.refunded --shape old     as older API versions say it
  ./paysignal send stripe customer.updated --alone        without what came before
  ./paysignal send paykickstart refund                    a sale, and its money given back
  ./paysignal send woocommerce subscription.created       a checkout in a WordPress shop
  ./paysignal send paypal PAYMENT.SALE.REFUNDED           a subscription, and a sale given back
  ./paysignal send activecampaign contact_tag_added       a contact who is given a tag"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("provider", choices=list(SENDERS))
    parser.add_argument("event", nargs="?", help="event type; leave out to list them")
    parser.add_argument(
        "--connection", help="connection id (default: shop for Stripe, else the provider's name)"
    )
    parser.add_argument(
        "--shape", choices=["new", "old"], default="new", help="API version's shape"
    )
    parser.add_argument("--seed", help="tell the same story again (default: a new one each time)")
    parser.add_argument("--times", type=int, default=1, help="deliveries of each event")
    parser.add_argument("--alone", action="store_true", help="leave out what came before it")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Post the events and show the answers; fail when one was not accepted."""
    provider, sender = arguments.provider, SENDERS[arguments.provider]
    types = sender.types(arguments.shape)
    if arguments.event is None:
        console.print("\n".join(types))
        return 0
    if arguments.event not in types:
        told = f"There is no sample of {arguments.event}."
        raise CliError(f"{told} List: ./paysignal send {provider}")
    running = Running.find(None)
    api = Api(local_endpoints())
    connection = arguments.connection or sender.connection
    secrets, made = sending_secrets(running, api, connection, provider)
    if made:
        console.print(f"[dim]·[/] made the connection {connection}")
    now = int(time.time())
    wish = Wish(arguments.event, arguments.shape, arguments.seed or now, now)
    letters = sender.letters(wish, secrets)
    path = f"/webhooks/{provider}/{connection}"
    accepted = [
        _post(api, path, letter, console)
        for letter in (letters[-1:] if arguments.alone else letters)
        for _ in range(arguments.times)
    ]
    console.print("\nWhat became of them:  ./paysignal tail --once")
    return 0 if all(accepted) else 1


def _post(api: Api, path: str, letter: Letter, console: Console) -> bool:
    """Post one event as its provider would, show the answer, and tell whether it was accepted."""
    status = api.post_raw(path + letter.query, letter.body, dict(letter.headers))
    colour = "green" if status == 200 else "red"
    console.print(f"[{colour}]{status}[/] {letter.type}  [dim]{letter.id}[/]")
    return status == 200
