"""Importing contacts: each row of a file as PUT would take it, and what is told of the others."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shared.domain import contact_import, contacts, directory, erasure
from tests.support.importing import HEADER, JOB, NOW, Importing, result, rows


def test_a_file_becomes_contacts_with_tags_and_dates() -> None:
    shop = Importing(
        "email,first_name,source,tags,lists,created_date\n"
        "Ada@Example.com,Ada,ads,VIP;Beta,News,2024-05-01\n"
    )

    job = shop.run()

    assert (job["state"], result(job)) == ("done", (1, 0, 0, 0))
    ada = shop.contact("ada@example.com")
    assert (ada["first_name"], ada["source"]["first_source"]) == ("Ada", "ads")
    assert ada["tags"] == [{"tag": t, "applied_date": NOW} for t in ("VIP", "Beta")]
    assert ada["lists"] == [{"list": "News", "applied_date": NOW}]
    assert ada["created_date"] == 1_714_521_600_000
    assert ada["version"] == 1


def test_a_source_of_a_file_counts_as_of_the_rows_own_date() -> None:
    shop = Importing(
        "email,source,campaign,created_date\n"
        "ada@example.com,ads,tea,\n"
        "ada@example.com,phone,,2024-05-01\n"
        "ada@example.com,radio,,2024-06-01\n"
    )

    shop.run()

    source = shop.contact("ada@example.com")["source"]
    assert (source["first_source"], source["campaign"]) == ("phone", "tea")


def test_ndjson_takes_the_body_of_put_contacts() -> None:
    lines = [
        {"email": "a@example.com", "add_aliases": ["b@example.com"], "add_tags": ["VIP; one"]},
        {"email": "b@example.com", "phone": "1", "remove_tags": ["VIP; one"]},
    ]
    shop = Importing("\n".join(map(json.dumps, lines)), "ndjson")

    job = shop.run()

    assert result(job) == (1, 1, 0, 0)
    assert shop.contact("b@example.com")["email"] == "a@example.com"
    assert shop.contact("a@example.com")["phone"] == "1"
    assert shop.contact("a@example.com")["tags"] == []


def test_a_second_import_of_the_same_file_changes_nothing() -> None:
    shop = Importing(HEADER + rows(5))
    shop.run()
    before = shop.contacts()
    again = contact_import.new(JOB, "csv", len(HEADER + rows(5)), NOW)
    shop.store.documents[contact_import.name_of(JOB)] = again
    shop.pages.append(contact_import.message(again))

    job = shop.run()

    assert result(job) == (0, 0, 5, 0)
    assert shop.contacts() == before


def test_one_email_several_times_in_a_file_is_one_contact_written_in_order() -> None:
    shop = Importing(
        HEADER + "a@example.com,Ada,one\nA@EXAMPLE.COM,Adele,two\na@example.com,Adele,two\n"
    )

    job = shop.run()

    assert result(job) == (1, 1, 1, 0)
    found = shop.contact("a@example.com")
    assert (found["first_name"], [each["tag"] for each in found["tags"]], found["version"]) == (
        "Adele", ["one", "two"], 1,
    )  # fmt: skip


def test_rejected_rows_are_told_by_row_and_column_and_never_quoted() -> None:
    shop = Importing(
        "email,first_name,phone,source,tags,created_date\n"
        "nobody,Ada,,,,\n"
        f"b@example.com,{'x' * 201},,,,\n"
        "c@example.com,,,,\ttab\x07bell,\n"
        "d@example.com,,,,,yesterday\n"
        "e@example.com,,,,,2999-01-01\n"
        "f@example.com,,,,,1969-01-01\n"
        ",Ada,,,,\n"
        "g@example.com,short\n"
        "h@example.com,Hal,,,,\n"
    )

    job = shop.run()

    assert (job["state"], result(job)) == ("done", (1, 0, 0, 8))
    assert [(each["row"], each["path"]) for each in job["result"]["errors"]] == [
        (2, "email"),
        (3, "first_name"),
        (4, "tags"),
        (5, "created_date"),
        (6, "created_date"),
        (7, "created_date"),
        (8, "email"),
        (9, ""),
    ]
    told = json.dumps(job)
    assert not any(value in told for value in ("nobody", "xxx", "bell", "yesterday", "example.com"))


def test_an_alias_of_somebody_else_and_an_address_too_long_reject_their_rows_alone() -> None:
    lines = [
        {"email": "a@example.com"},
        {"email": "b@example.com", "add_aliases": ["a@example.com"]},
        {"email": "\u4e2d" * 240 + "@example.com"},
        {"email": "c@example.com", "add_tags": ["x"], "remove_tags": ["x"]},
        {"email": "d@example.com", "version": 3},
        {"email": "e@example.com"},
    ]
    shop = Importing("\n".join(map(json.dumps, lines)), "ndjson")
    _refuse_long_keys(shop)

    job = shop.run()

    assert result(job) == (2, 0, 0, 4)
    assert [(each["row"], each["path"]) for each in job["result"]["errors"]] == [
        (2, "add_aliases.0"),
        (3, "email"),
        (4, "add_tags"),
        (5, "version"),
    ]


def test_only_the_first_hundred_faults_are_kept_while_all_are_counted() -> None:
    shop = Importing("email\n" + "nobody\n" * 450)

    job = shop.run()

    assert result(job) == (0, 0, 0, 450)
    assert [each["row"] for each in job["result"]["errors"]] == list(range(2, 102))


@pytest.mark.parametrize("text", ["email\n", "email", "email\n\n,\n"])
def test_a_file_without_rows_is_done_at_once(text: str) -> None:
    job = Importing(text).run()

    assert (job["state"], result(job)) == ("done", (0, 0, 0, 0))
    assert job["progress"] == {"done": len(text), "total": len(text)}


@pytest.mark.parametrize(
    ("content", "file_format", "row", "message"),
    [
        ("name\nAda\n", "csv", 1, "none of email"),
        ("email\n" + '"' + "x" * 2_000_000, "csv", 2, "longer than 1 MB"),
        ("{" + " " * 2_000_000, "ndjson", 1, "longer than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_fails_and_says_where(
    content: str, file_format: str, row: int, message: str
) -> None:
    shop = Importing(content, file_format)

    job = shop.run()

    assert job["state"] == "failed"
    (error,) = job["result"]["errors"]
    assert error["row"] == row
    assert message in error["message"]


def test_a_file_that_is_gone_fails_its_job() -> None:
    shop = Importing(HEADER + rows(1))
    shop.files.files.clear()

    job = shop.run()

    assert job["state"] == "failed"
    assert job["result"]["errors"] == [
        {"row": None, "path": "", "message": "the file is no longer there: import it again"}
    ]


def test_a_message_of_a_job_nobody_knows_is_ignored() -> None:
    shop = Importing("email\n")

    message = {"job": contact_import.KIND, "job_id": "gone", "page": 0}

    assert shop.worker().carry_out(message, NOW) == "ignored"


def test_a_processor_that_imports_nothing_starts_without_pydantic() -> None:
    code = """
import os, sys
os.environ.update(TABLE_NAME="t", EVENTS_QUEUE_URL="https://q/e.fifo", AWS_REGION="eu-west-1",
    EVENTS_DLQ_URL="https://q/d.fifo", HISTORY_QUEUE_URL="https://q/h", BODIES_BUCKET="b",
    LOG_BUCKET="l",
    CALLS_QUEUE_URL="https://q/c", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s")
import functions.process_events.handler as handler
assert "pydantic" not in sys.modules
handler._contact_import()
assert "pydantic" in sys.modules
"""

    done = subprocess.run(  # noqa: S603  # our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""


def _refuse_long_keys(shop: Importing) -> None:
    """Let the table refuse what its keys cannot hold."""
    from shared.adapters.table_keys import key_of

    read = shop.store.read

    def checked(names: Any) -> Any:
        names = list(names)
        for name in names:
            key_of(name)
        return read(names)

    shop.store.read = checked  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("erased_at", "expected", "known"),
    [(NOW, (1, 0, 0, 1), [None]), (NOW - 1, (2, 0, 0, 0), [NOW - 1, None])],
)
def test_a_file_from_before_an_erasure_brings_nobody_back(
    erased_at: int, expected: tuple[int, ...], known: list[int | None]
) -> None:
    shop = Importing("email,created_date\nada@example.com,2019-05-01\nb@example.com,\n")
    mark = {"erased_at": erased_at, "contact_id": None, "version": 1}
    shop.store.documents[directory.NAME] = directory.erased(None, erased_at)
    shop.store.documents[erasure.name_of(erasure.hash_of("ada@example.com"))] = mark

    job = shop.run()

    assert result(job) == expected
    made = [each for name, each in shop.contacts().items() if name[0] == "contact"]
    assert [each.get(contacts.ERASED) for each in made] == known
    assert [each["path"] for each in job["result"]["errors"]] == ["email"] * expected[3]
