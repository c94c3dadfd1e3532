"""The erase ledger carried out once more: for a table that was restored from before an erasure.

The ledger lies outside the table and holds hashes and opaque ids alone, so it can say who must be
erased but not who they are. Each erasure is a job under an id of this run's own: the table may know
the job that erased them first, and takes it for done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from infra.cli.running import Running
from shared.adapters.aws import AwsClient
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import erase_job
from shared.domain.erasure import PREFIX, Erasure, read_object


def ledger(running: Running) -> list[Erasure]:
    """Return all erasures there were, the oldest first. Raise ValueError for a damaged one."""
    bucket = running.outputs["LogBucket"]
    pages = running.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    keys = sorted(each["Key"] for page in pages for each in page.get("Contents", []))
    return [
        read_object(running.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for key in keys
    ]


def replay(running: Running, erasures: Sequence[Erasure], run: str) -> list[str]:
    """Have erasures carried out again, and return their jobs; the same for the same `run`."""
    queue = Queue.from_environment(running.aws.environment())
    jobs = [hashlib.sha256(f"{run}\0{each.key}".encode()).hexdigest()[:32] for each in erasures]
    for job_id, erasure in zip(jobs, erasures, strict=True):
        message = erase_job.first_message(job_id, erasure)
        queue.send_call(running.outputs["HistoryQueueUrl"], message)
    return jobs


def under_way(running: Running, jobs: Sequence[str]) -> int:
    """Return how many of these jobs have not ended yet."""
    client = AwsClient.from_environment("dynamodb", running.aws.environment())
    names = [erase_job.name_of(each) for each in jobs]
    found = Table(running.outputs["TableName"], client).read(names) if names else {}
    return sum(each is None or each["state"] not in erase_job.ENDED for each in found.values())
