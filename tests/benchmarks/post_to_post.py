"""From a provider's POST to ours: how long a change takes to its endpoint on one machine, idle.

A stack of the bench's own is started in the emulator on loopback and stopped afterwards. Each
sample is one subscription that begins for a customer who is known: its event is posted, and the
clock runs until an automation's signed webhook has arrived.

    python -m tests.benchmarks.post_to_post
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from infra.cli.api import Api
from infra.local.stack import LocalStack
from infra.receiver import Receiver
from infra.samples import stripe as story
from infra.samples.stripe_event import Event

SAMPLES = 15
MEDIAN_SECONDS_MAX = 1.5
# The first few find Lambdas that have just been started.
_WARM_UP = 3
_PATIENCE_SECONDS = 60
_REST_SECONDS = 0.5
_SECRET = "whsec_of_the_benchmark"
_CONNECTION = {
    "provider": "stripe",
    "name": "Bench",
    "mode": "live",
    "signing_secrets": [_SECRET],
    "contact_policy": "create",
}
_AUTOMATION = {
    "name": "Bench",
    "enabled": True,
    "trigger": {"type": "recurring_payment_created", "runs": "multiple"},
    "steps": [{"type": "webhook", "endpoint_id": "bench"}],
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _stack() -> Iterator[tuple[Api, Receiver]]:
    """Start a stack with an automation whose endpoint listens; stop it in the end."""
    with ExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="paysignal-bench-"))
        local = LocalStack(port=_free_port(), state_dir=Path(folder))
        ending.callback(local.aws.close)
        ending.callback(local.down)
        api = ending.enter_context(closing(Api(local.up())))
        port = _free_port()
        made = api.put("/v1/endpoints/bench", {"url": f"http://127.0.0.1:{port}/", "events": []})
        receiver = ending.enter_context(Receiver(made["secret"], port=port).listening())
        api.put("/v1/connections/bench", _CONNECTION)
        api.put("/v1/automations/bench", _AUTOMATION)
        time.sleep(1.5)  # configuration takes effect within a second here
        yield api, receiver


def _stories(count: int) -> Iterator[tuple[list[Event], Event]]:
    """Yield what makes a customer known, and the event of the subscription they begin."""
    world = story.Business("bench", "new", starts_at=int(time.time()) - 3_600)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900, "usd")
    told = 0
    for number in range(count):
        customer = story.add_customer(world, f"bench{number}@example.com", "Ada Lovelace")
        known, told = world.events[told:], len(world.events)
        story.checkout(world, customer, price)
        (begun,) = (
            each for each in world.events[told:] if each.type == "customer.subscription.created"
        )
        told = len(world.events)
        yield known, begun


def _post(api: Api, event: Event) -> None:
    signed = {"stripe-signature": event.sign(_SECRET, int(time.time()))}
    status = api.post_raw("/webhooks/stripe/bench", event.body, signed)
    assert status == 200, f"the door answered {status}"


def measure() -> list[float]:
    """Return the seconds of each sample."""
    samples = []
    with _stack() as (api, receiver):
        for number, (known, begun) in enumerate(_stories(_WARM_UP + SAMPLES), 1):
            for event in known:
                _post(api, event)
            time.sleep(_REST_SECONDS)
            began = time.time()
            _post(api, begun)
            arrival = receiver.wait_for(number, _PATIENCE_SECONDS)[-1]
            told = arrival.json()["data"]["recurring_payment"]
            assert arrival.verified
            assert told["store_recurring_payment_id"] == begun.object["id"]
            samples.append(arrival.received_at / 1_000 - began)
    return samples[_WARM_UP:]


def main() -> int:
    """Print the figures; return 1 if the median is over its budget."""
    samples = measure()
    median = statistics.median(samples)
    print(f"POST in to POST out, idle, on this machine ({len(samples)} samples)")
    print(f"  {'median, s':<16}{median:8.2f}   budget {MEDIAN_SECONDS_MAX:4.1f}   ", end="")
    print(f"from {min(samples):.2f} to {max(samples):.2f}")
    return int(median > MEDIAN_SECONDS_MAX)


if __name__ == "__main__":
    sys.exit(main())
