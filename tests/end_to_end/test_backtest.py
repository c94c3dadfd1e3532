"""A recipe installed, what it does, and its backtest and its why, on the whole stack."""

from __future__ import annotations

import io
import json
import time
from typing import Any

from rich.console import Console

from infra.cli import backtest, why
from infra.samples import stripe as story
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SHOP, contact, eventually, post

EMAIL = "backtested@example.com"
RECIPES = ("failed-payment", "payment-recovered", "new-customer-welcome")


def test_a_backtest_finds_what_the_recipes_have_fired_for(stack: Stack) -> None:
    """GIVEN installed recipes WHEN a subscription begins, fails and recovers THEN a backtest over

    these days finds the very firings there were, and why tells of them.
    """
    stack.api.put("/v1/connections/e2e", SHOP)
    names = {recipe: f"tried-{recipe}" for recipe in RECIPES}
    for recipe, automation_id in names.items():
        body = json.dumps({"automation_id": automation_id}).encode()
        stack.api.post(f"/v1/recipes/{recipe}", body)
    time.sleep(1.5)  # configuration takes effect within a second here
    world = story.Business("backtest", "new", starts_at=int(time.time()) - 40 * 86_400)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900, "usd")
    subscription = story.checkout(world, story.add_customer(world, EMAIL, "Ada Lovelace"), price)
    bought = len(world.events)
    story.fail_renewal(world, subscription)
    story.recover(world, subscription)
    for event in world.events[:bought]:
        assert post(stack, event) == 200
    # A second order within the same seconds would leave nobody with a first one to welcome.
    assert eventually(lambda: fired(stack, names["new-customer-welcome"]), bool)
    for event in world.events[bought:]:
        assert post(stack, event) == 200
    assert all(eventually(lambda: [fired(stack, each) for each in names.values()], all))
    time.sleep(3)  # what has settled is in the change log two seconds later

    for automation_id in names.values():
        found = tried(stack, automation_id)

        assert [each for each in found if each["contact"]["email"] == EMAIL] == fired(
            stack, automation_id
        )
    told = stack.api.get(f"/v1/automations/{names['failed-payment']}/why?contact={EMAIL}")
    (failure,) = [each for each in told["changes"] if each["decision"] == "fired"]
    assert {"field": "status", "from": "active", "to": "payment_failed"} in failure["changes"]
    screen = io.StringIO()
    why.show(told, Console(file=screen, width=120), 20)
    assert "✓ fired" in screen.getvalue()
    assert contact(stack, EMAIL)["orders_count"] == 2
    for automation_id in names.values():  # other tests' events are none of theirs
        stack.api.send(
            "DELETE",
            f"/v1/automations/{automation_id}",
            {"authorization": f"Bearer {stack.admin_key}"},
        )


def fired(stack: Stack, automation_id: str) -> list[dict[str, Any]]:
    """Return an automation's firings for the test's contact, as a backtest shows such."""
    rows = stack.api.get(f"/v1/automations/{automation_id}/firings?limit=100")["items"]
    shown = ("contact", "recurring_payment", "change", "cause", "at")
    mine = [each for each in rows if each["contact"]["email"] == EMAIL]
    return [{name: each[name] for name in shown} for each in reversed(mine)]


def tried(stack: Stack, automation_id: str) -> list[dict[str, Any]]:
    """Return what a backtest of the last forty days finds."""
    began = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 41 * 86_400))
    path = f"/v1/automations/{automation_id}/backtest"
    started = stack.api.post(path, json.dumps({"from": began}).encode())
    job = backtest.watch(stack.api, started["job_id"], Console(file=io.StringIO()), time.sleep)
    assert job["state"] == "done", job
    firings: list[dict[str, Any]] = job["result"]["firings"]
    return firings
