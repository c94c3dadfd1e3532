"""A restored table takes the place of a lost one, and everything since is there again (I-25).

The emulator keeps no past, so a backup stands for the moment that is restored; all that follows are
the very commands that serve a stack on AWS. This comes after the tests that read the stack's own
table by its name.
"""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from rich.console import Console

from infra.cli.__main__ import main
from infra.cli.running import Running
from infra.local.stack import NAME
from infra.receiver import Receiver
from infra.samples import stripe as story
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_payment_failed import AUTOMATION, came
from tests.end_to_end.test_stripe_to_contact import SHOP, contact, eventually, post

EMAIL, LATER, GONE = "kept@example.com", "later@example.com", "gone@example.com"
# Known by chance, or by when it was written.
_OF_CHANCE = frozenset({"contact_id", "version", "created_date", "applied_date"})


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    """The endpoint `restored`, listening."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    made = stack.api.put("/v1/endpoints/restored", {"url": url, "events": []})
    with Receiver(made["secret"], port=port).listening() as listening:
        yield listening


def test_what_came_after_the_backup_is_there_again_and_is_not_sent_again(
    stack: Stack, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a backup, and a failure, a sale and an erasure after it WHEN it is restored

    THEN all is as it was without the restore: nothing missing, nothing sent twice, nobody back,
    and what was disabled since is not in force again.
    """
    running = Running(aws=stack.aws, outputs=stack.local.outputs(), name=NAME)
    monkeypatch.setattr(Running, "find", lambda name: _now(stack, running))
    world, subscription = begun(stack)
    arn = paysignal("backup").split()[1]
    told = len(world.events)
    stack.api.put("/v1/automations/silenced", {**_failed("Silenced"), "enabled": False})
    time.sleep(1.5)  # configuration takes effect within a second here
    story.fail_renewal(world, subscription)
    price = story.add_price(world, story.add_product(world, "Chai"), 900, "usd")
    story.checkout(world, story.add_customer(world, LATER, "Grace Hopper"), price)
    tell(stack, world, told)
    erase(stack, GONE)
    (first,) = came(receiver, 1)
    before = settled(stack)

    planned = paysignal("restore", "--backup", arn, "--dry-run")
    said = paysignal("restore", "--backup", arn, "--yes")
    again = paysignal("restore", "--backup", arn, "--only", "events", "--yes")

    assert "is made of" in planned
    assert "are carried out again" in planned
    restored = stack.local.outputs()["TableName"]
    assert restored != running.outputs["TableName"]
    assert settled(stack) == before
    assert f"{restored} is in use" in said
    assert "0 events folded again" in again
    assert stack.api.find(f"/v1/contacts/{quote(GONE)}") is None
    # The restored table's stream is read as well: what happens next sets off what it should.
    told = len(world.events)
    customer = story.add_customer(world, "next@example.com", "Mary Shelley")
    story.fail_renewal(world, story.checkout(world, customer, price))
    tell(stack, world, told)
    arrived = [each.headers["webhook-id"] for each in came(receiver, 2)]
    assert arrived.count(first.headers["webhook-id"]) == 1
    assert len(set(arrived)) == 2


def begun(stack: Stack) -> tuple[story.Business, Any]:
    """Have a subscription and another customer before the backup, and two automations."""
    stack.api.put("/v1/connections/e2e", SHOP)
    for name in ("Restored", "Silenced"):
        stack.api.put(f"/v1/automations/{name.lower()}", _failed(name))
    stack.api.put("/v1/contacts", {"email": GONE, "first_name": "Gone"})
    time.sleep(1.5)  # configuration takes effect within a second here
    world = story.Business("restored", "new", starts_at=int(time.time()) - 40 * 86_400)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900, "usd")
    customer = story.add_customer(world, EMAIL, "Ada Lovelace")
    subscription = story.checkout(world, customer, price)
    tell(stack, world, 0)
    eventually(lambda: contact(stack, EMAIL), lambda found: bool(found.get("recurring_payments")))
    settled(stack)
    return world, subscription


def _failed(name: str) -> dict[str, Any]:
    """Return an automation of failed payments that tags and posts."""
    steps = [{"type": "add_tag", "tag": "Failed"}, {"type": "webhook", "endpoint_id": "restored"}]
    return {**AUTOMATION, "name": name, "steps": steps}


def erase(stack: Stack, email: str) -> None:
    """Have somebody erased, and wait until nobody finds them."""
    path = f"/v1/contacts/{quote(email)}"
    headers = {"authorization": f"Bearer {stack.admin_key}"}
    status, answer = stack.api.send("DELETE", path, headers)
    assert status == 202
    job = f"/v1/jobs/{json.loads(answer)['job_id']}"
    ended = eventually(lambda: stack.api.get(job)["state"], lambda state: state == "done")
    assert ended == "done"


def tell(stack: Stack, world: story.Business, since: int) -> None:
    """Post the events of a world from one on."""
    for event in world.events[since:]:
        assert post(stack, event) == 200


def settled(stack: Stack) -> dict[str, Any]:
    """Return what the API tells of both customers once nothing moves, but for what is by chance."""
    running = _now(stack, Running(aws=stack.aws, outputs=stack.local.outputs(), name=NAME))
    eventually(running.messages_waiting, lambda count: count == 0)
    seen: list[Any] = []

    def same(found: Any) -> bool:
        seen.append(found)
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

    return eventually(lambda: {each: _told(contact(stack, each)) for each in (EMAIL, LATER)}, same)


def paysignal(*argv: str) -> str:
    """Run a command to a good end, and return what it printed."""
    output = io.StringIO()
    code = main(argv, Console(file=output, width=400, highlight=False))
    assert code == 0, output.getvalue()
    return output.getvalue()


def _now(stack: Stack, running: Running) -> Running:
    return Running(aws=stack.aws, outputs=stack.local.outputs(), name=running.name)


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items() if name not in _OF_CHANCE}
    return [_told(each) for each in value] if isinstance(value, list) else value
