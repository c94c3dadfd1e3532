"""What follows from a fold, as the queues take it."""

from __future__ import annotations

from shared.domain.following import calls_of, copies_of, jobs_of

JOB = {"to": "jobs", "job": "attach_contact", "connection_id": "shop", "subject": "c-1"}
CALL = {"to": "calls", "provider": "stripe", "object": "customer", "id": "cus_1"}


def test_jobs_and_calls_are_told_apart_and_leave_their_address_behind() -> None:
    job = {name: value for name, value in JOB.items() if name != "to"}
    call = {name: value for name, value in CALL.items() if name != "to"}

    assert list(jobs_of([JOB, CALL])) == [(job, "c-1")]
    assert list(copies_of([JOB, CALL])) == [{"kind": "job", **job, "again": True}]
    assert list(calls_of([JOB, CALL])) == [call]


def test_nothing_follows_from_no_messages() -> None:
    assert [*jobs_of([]), *copies_of([]), *calls_of([])] == []
