"""Stopping runs over HTTP."""

from __future__ import annotations

import pytest

from tests.support.api_client import ApiClient
from tests.support.automated import add_run


def test_a_run_that_is_stopped_takes_no_further_step() -> None:
    client = ApiClient()
    run_id = add_run(client.store, "rescue", 1)
    before = dict(client.store.documents["run", run_id])

    assert client.delete(f"/v1/runs/{run_id}").status == 204

    after = client.store.documents["run", run_id]
    assert (after["state"], after["reason"]) == ("stopped", "stopped_by_request")
    assert after["wake_at"] is None
    # What its last turn had still to send is sent all the same: it was committed to.
    assert (after["turn"], after["outbox"]) == (before["turn"], before["outbox"])
    assert after["taken"] == before["taken"]
    assert client.store.documents["firing", "rescue", run_id]["state"] == "stopped"


def test_stopping_again_changes_nothing() -> None:
    client = ApiClient()
    run_id = add_run(client.store, "rescue", 1)
    client.delete(f"/v1/runs/{run_id}")
    before = dict(client.store.documents["run", run_id])

    assert client.delete(f"/v1/runs/{run_id}").status == 204
    assert client.store.documents["run", run_id] == before


@pytest.mark.parametrize("state", ["done", "failed", "loop"])
def test_a_run_that_came_to_its_end_cannot_be_stopped(state: str) -> None:
    client = ApiClient()
    run_id = add_run(client.store, "rescue", 1, state=state)

    assert client.delete(f"/v1/runs/{run_id}").status == 409


def test_a_run_that_waits_goes_on_at_once_when_it_is_asked_to() -> None:
    client = ApiClient()
    run_id = add_run(client.store, "rescue", 1)
    before = dict(client.store.documents["run", run_id])

    answered = client.post(f"/v1/runs/{run_id}/resume")

    assert answered.status == 202
    after = client.store.documents["run", run_id]
    assert (after["state"], after["turn"]) == ("waiting", before["turn"])
    assert after["wake_at"] < before["wake_at"]
    asked = {"kind": "run", "automation_id": "rescue", "firing_id": run_id, "turn": before["turn"]}
    assert client.outbox.delivered == [asked]


@pytest.mark.parametrize("state", ["running", "done", "stopped", "failed", "loop"])
def test_what_does_not_wait_cannot_be_resumed(state: str) -> None:
    client = ApiClient()
    run_id = add_run(client.store, "rescue", 1, state=state)

    assert client.post(f"/v1/runs/{run_id}/resume").status == 409
    assert client.post("/v1/runs/nobodys/resume").status == 404
