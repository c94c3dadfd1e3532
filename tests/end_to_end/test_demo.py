"""The demo on the whole stack: its month played, its triggers received, its reports drawn."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from infra.cli.demo import play
from infra.cli.demo_story import story_of
from infra.cli.demo_triggers import AUTOMATIONS
from infra.cli.running import Running
from infra.local.stack import Endpoints
from tests.end_to_end.conftest import Stack


def test_a_month_played_twice_is_right_to_the_cent_both_times(stack: Stack) -> None:
    """GIVEN a running stack WHEN the demo's month is played THEN records, triggers and reports are

    what its author wrote down, and playing it again sets off nothing and changes nothing.
    """
    story = story_of(datetime.now(UTC).date(), 40)
    running = Running(aws=stack.aws, outputs=stack.outputs, name="paysignal")
    endpoints = Endpoints.read(stack.local.endpoints_file)
    assert endpoints is not None
    first, again = io.StringIO(), io.StringIO()

    wrong = play(story, running, endpoints, Console(file=first, width=120))
    wrong_again = play(story, running, endpoints, Console(file=again, width=120))

    for automation_id, body in AUTOMATIONS.items():  # other tests' events are none of theirs
        stack.api.put(f"/v1/automations/{automation_id}", {**body, "enabled": False})
    assert wrong == []
    assert wrong_again == []
    for screen in (first.getvalue(), again.getvalue()):
        assert "✓ all 9 subscriptions and 19 orders of the three other stores" in screen
        assert "✓ the reports agree with the books" in screen
    assert "the same webhooks again set off nothing" in again.getvalue()
    for store in story.stores:
        told = [line for line in first.getvalue().splitlines() if "→ New recurring" in line]
        assert sum(email in line for email in store.emails for line in told) == 3
        told_again = [line for line in again.getvalue().splitlines() if "→" in line]
        assert not any(email in line for email in store.emails for line in told_again)
