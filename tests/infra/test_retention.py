"""The README says of what is kept how long it is: held to the template and to the code."""

import re
from typing import Any

from functions.query.exports import PREFIX as EXPORTS
from infra.bundle import ROOT
from infra.change_log import ANSWERS
from shared.domain import (
    contact_import,
    deliveries,
    erase_job,
    fold,
    fold_activity,
    history_import,
    mails,
    times,
    trust,
    write_back,
)
from shared.domain.backtest import job as backtest
from tests.infra.templates import Template, properties, resources
from tests.support.readme_tables import rows

SECTION = "What is kept, and how long"
# Which module gives a document of the table an end, and what the README calls it.
EXPIRING = {
    "backtest/job.py": "jobs and what came of them",
    "contact_import.py": "jobs and what came of them",
    "erase_job.py": "jobs and what came of them",
    "history_import.py": "jobs and what came of them",
    "deliveries.py": "webhooks with what they said, emails",
    "mails.py": "webhooks with what they said, emails",
    "fold.py": "events with their bodies",
    "fold_activity.py": "ids of posted activity",
    "trust.py": "tokens by which a signed request is taken once",
    "write_back.py": "notes of changed tags",
}
FOREVER = {"with no end", "until they are erased", "until they are deleted"}


def test_the_table_expires_what_the_readme_says_and_when(template: Template) -> None:
    (table,) = properties(template, "AWS::DynamoDB::Table")

    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert told("events with their bodies", "events in quarantine, unless they are retried") == {
        fold.KEPT
    }
    assert told("webhooks with what they said, emails") == {deliveries.KEPT_FOR, mails.KEPT_FOR}
    assert told("webhooks held for a disabled endpoint") == {deliveries.HELD_FOR}
    assert told("ids of posted activity") == {fold_activity.IDS_KEPT}
    assert told("tokens by which a signed request is taken once") == {trust._CLAIMED}
    assert told("notes of changed tags") == {write_back._NOTE_KEPT}
    jobs = {each._KEPT for each in (backtest, contact_import, erase_job, history_import)}
    assert told("jobs and what came of them") == jobs


def test_whatever_gets_an_end_is_in_the_readme() -> None:
    domain = ROOT / "shared" / "domain"
    ending = {
        str(file.relative_to(domain))
        for file in domain.rglob("*.py")
        if re.search(r'"expires_at"(\]? = |: ?\(?)\(?\w+ \+', file.read_text())
        or re.search(r'"expires_at": expires\b', file.read_text())
    }

    assert ending == set(EXPIRING)
    assert set(EXPIRING.values()) <= {what for what, _ in rows(SECTION)}


def test_the_buckets_forget_when_the_readme_says(template: Template) -> None:
    kept = {
        None: told("events with their bodies"),
        "imports/": told("files handed in for import"),
        ANSWERS: told("answers of Athena"),
        EXPORTS: told("answers too large to send"),
    }
    rules = [
        rule
        for bucket in properties(template, "AWS::S3::Bucket")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
    ]

    expiring = [each for each in rules if "ExpirationInDays" in each]

    assert {each.get("Prefix"): {days(each["ExpirationInDays"])} for each in expiring} == kept
    (log,) = [each for each in rules if each not in expiring]
    previous = days(log["NoncurrentVersionExpiration"]["NoncurrentDays"])
    assert told("files of the change log that were replaced") == {previous}


def test_the_queues_keep_messages_as_long_as_the_readme_says(template: Template) -> None:
    queues = resources(template, "AWS::SQS::Queue")

    seconds: dict[bool, set[Any]] = {True: set(), False: set()}
    for name, queue in queues.items():
        kept = queue["Properties"]["MessageRetentionPeriod"] * times.SECOND
        seconds["Dead" in name].add(kept)

    assert seconds == {True: told("dead letters"), False: told("messages in the queues")}


def test_every_log_forgets_when_the_readme_says(template: Template) -> None:
    groups = properties(template, "AWS::Logs::LogGroup")

    kept = {days(each["RetentionInDays"]) for each in groups}

    assert kept == told("logs of the Lambdas and of requests")


def test_the_past_of_the_table_is_as_long_as_aws_keeps_it(template: Template) -> None:
    (table,) = properties(template, "AWS::DynamoDB::Table")
    recovery = table["PointInTimeRecoverySpecification"]

    assert recovery["PointInTimeRecoveryEnabled"] is True
    kept = recovery.get("RecoveryPeriodInDays", 35)
    assert told("the table's past, second by second") == {days(kept)}


def test_every_line_says_how_long_in_days_or_that_there_is_no_end() -> None:
    for what, how_long in rows(SECTION):
        assert how_long in FOREVER or re.fullmatch(r"\d+ days?", how_long), what


def told(*whats: str) -> set[int]:
    """Return for how long (ms) the README says that these are kept."""
    lines = dict(rows(SECTION))
    return {days(int(lines[each].split()[0])) for each in whats}


def days(count: int) -> int:
    """Return so many days in ms."""
    return count * times.DAY
