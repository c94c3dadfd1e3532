"""Files of contacts through the deployed stack: in the request, and by an address of their own."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.console import Console

from infra.cli import import_contacts
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import contact

CSV, NDJSON = "text/csv", "application/x-ndjson"


def import_file(stack: Stack, raw: bytes, content_type: str) -> dict[str, Any]:
    job_id = import_contacts.hand_in(stack.api, raw, content_type)
    console = Console(file=io.StringIO())
    return import_contacts.watch(stack.api, job_id, console, lambda _: time.sleep(0.2))


def test_a_csv_file_with_a_bad_row_becomes_contacts_with_tags(stack: Stack) -> None:
    """GIVEN 450 rows, one without an address WHEN the file is imported twice

    THEN there are 449 contacts with their tags, told once as created and once as unchanged.
    """
    rows = [f"row{n}@import.example.com,Name {n},VIP; Import" for n in range(450)]
    rows[300] = "nobody,Nobody,VIP"
    raw = "\r\n".join(["\ufeffemail,first_name,tags", *rows, ""]).encode()

    job = import_file(stack, raw, CSV)
    again = import_file(stack, raw, CSV)

    errors = [{"row": 302, "path": "email", "message": "is not an email address"}]
    counts = {"created": 449, "updated": 0, "unchanged": 0, "rejected": 1, "errors": errors}
    assert (job["state"], job["result"]) == ("done", counts)
    assert job["progress"] == {"done": len(raw), "total": len(raw)}
    assert again["result"] == {**counts, "created": 0, "unchanged": 449}
    found = contact(stack, "row449@import.example.com")
    assert found["first_name"] == "Name 449"
    assert [each["tag"] for each in found["tags"]] == ["VIP", "Import"]


def test_a_large_ndjson_file_is_uploaded_and_started(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a file too large for a request WHEN it is put to the presigned address

    THEN its job imports it as well.
    """
    monkeypatch.setattr(import_contacts, "_INLINE_BYTES", 0)
    raw = b'{"email": "large@import.example.com", "add_lists": ["News"]}\n'

    job = import_file(stack, raw, NDJSON)

    assert (job["state"], job["result"]["created"]) == ("done", 1)
    lists = contact(stack, "large@import.example.com")["lists"]
    assert [each["list"] for each in lists] == ["News"]
