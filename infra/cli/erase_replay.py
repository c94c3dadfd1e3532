"""The erase ledger carried out once more: for a table that was restored from before an erasure.

That is whoever was erased since, and whose erasure was under way at that moment: going on with it
was the other table's affair.

The ledger lies outside the table and holds hashes and opaque ids alone, so it can say who must be
erased but not who they are. Each erasure is a job under an id of this run's own: the table may know
the job that erased them first, and takes it for done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from infra.cli.rebuild_log import as_streamed
from infra.cli.running import Running
from shared.adapters.aws import AwsClient
from shared.adapters.documents import to_document
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import erase_job, times
from shared.domain.erasure import PREFIX, Erasure, read_object

# A backup is as of about the time it bears, and the ledger is written before the table.
_MARGIN = times.HOUR


def ledger(running: Running, written_from: int = 0) -> list[Erasure]:
    """Return all erasures noted from a time (ms) on, the oldest first.

    Raise ValueError for a damaged one.
    """
    bucket = running.outputs["LogBucket"]
    pages = running.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    keys = sorted(
        each["Key"]
        for page in pages
        for each in page.get("Contents", [])
        if each["LastModified"].timestamp() * times.SECOND >= written_from
    )
    return [
        read_object(running.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for key in keys
    ]


def since(running: Running, moment: int) -> list[Erasure]:
    """Return the erasures a table has not seen to that was restored from a moment (ms).

    Each by when it was noted: whoever is found late is erased as of when the others were.
    """
    told = ledger(running, moment - _MARGIN)
    under_way = _under_way_at(running) if moment else []
    return list({each.key: each for each in [*told, *under_way]}.values())


def replay(running: Running, erasures: Sequence[Erasure], run: str) -> list[str]:
    """Have erasures carried out again, and return their jobs; the same for the same `run`."""
    queue = Queue.from_environment(running.aws.environment())
    jobs = [hashlib.sha256(f"{run}\0{each.key}".encode()).hexdigest()[:32] for each in erasures]
    for job_id, erasure in zip(jobs, erasures, strict=True):
        message = erase_job.first_message(job_id, erasure)
        queue.send_call(running.outputs["HistoryQueueUrl"], message)
    return jobs


def under_way(running: Running, jobs: Sequence[str]) -> tuple[int, int]:
    """Return how many of these jobs have not ended yet, and how much all have looked at."""
    client = AwsClient.from_environment("dynamodb", running.aws.environment())
    names = [erase_job.name_of(each) for each in jobs]
    found = Table(running.outputs["TableName"], client).read(names) if names else {}
    left = sum(each is None or each["state"] not in erase_job.ENDED for each in found.values())
    return left, sum(each["looked_at"] for each in found.values() if each is not None)


def _under_way_at(running: Running) -> list[Erasure]:
    """Return the erasures whose jobs have not ended by what the table in use says."""
    pages = running.aws.dynamodb.get_paginator("scan").paginate(
        TableName=running.outputs["TableName"],
        ConsistentRead=True,
        FilterExpression="sk = :job",
        ExpressionAttributeValues={":job": {"S": "JOB"}},
    )
    jobs = (to_document(as_streamed(item)) for page in pages for item in page["Items"])
    return [
        erase_job.erasure_of(job)
        for job in jobs
        if job.get("kind") == erase_job.KIND and job["state"] not in erase_job.ENDED
    ]
