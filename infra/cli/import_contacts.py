"""`paysignal import contacts`: a file handed in, its job watched, and what was left out told.

`paysignal import spend` is the same command with another kind of file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn
from rich.table import Table

from infra.cli import import_spend
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.watch import watch_job

SUMMARY = "import contacts from a CSV or NDJSON file, or what was spent from a CSV file"
EXAMPLES = f"""  ./paysignal import contacts people.csv
  ./paysignal import contacts people.ndjson
  ./paysignal import contacts export.txt --format csv
  ./paysignal import contacts people.csv --api https://pay.example.com      a stack elsewhere
  ./paysignal import spend ads.csv

a CSV file, its columns in any order, email alone is needed; several tags between ; or |
  email,first_name,last_name,phone,company,source,campaign,landing_page,tags,lists,created_date
  ada@example.com,Ada,Lovelace,,,ads,,,VIP;Beta,Newsletter,2024-05-01

an NDJSON file, each line a body of PUT /v1/contacts
  {{"email": "ada@example.com", "first_name": "Ada", "add_tags": ["VIP"]}}

{import_spend.HELP}"""
_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
_SUFFIXES = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
# Requests hold 6 MB, and a file may travel a third longer than it is.
_INLINE_BYTES = 4_000_000
_UPLOAD_SECONDS = 600

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("what", choices=("contacts", "spend"), help="what the file holds")
    parser.add_argument("file", type=Path, metavar="FILE", help="in UTF-8, up to 100 MB")
    parser.add_argument(
        "--format", choices=tuple(_TYPES), help="default: what the file's name ends with"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Import and wait; fail when a row was left out."""
    if arguments.what == "spend":
        if arguments.format == "ndjson":
            raise CliError("Spend comes as CSV. Leave --format out.")
        with closing(outbound(arguments.api)) as api:
            return import_spend.run(api, arguments.file, console)
    file_format = arguments.format or _SUFFIXES.get(arguments.file.suffix.lower())
    if file_format is None:
        raise CliError("The file's name does not say what it is. Add --format csv or ndjson.")
    try:
        raw = arguments.file.read_bytes()
    except OSError as error:
        raise CliError(f"{arguments.file} cannot be read: {error.strerror}.") from error
    with closing(outbound(arguments.api)) as api:
        job_id = hand_in(api, raw, _TYPES[file_format])
        console.print(f"[dim]·[/] job {job_id}; it goes on should you leave")
        job = watch(api, job_id, console, time.sleep)
    show(job, console)
    return 1 if job["state"] == "failed" or job["result"]["rejected"] else 0


def hand_in(api: Api, raw: bytes, content_type: str) -> str:
    """Send a file, or put it where the API says, and return the job's id. Raise CliError."""
    if len(raw) <= _INLINE_BYTES:
        return str(api.post("/v1/contacts/import", raw, content_type)["job_id"])
    expected = api.post("/v1/contacts/import?upload=true", b"", content_type)
    try:
        answer = httpx.put(expected["upload_url"], content=raw, timeout=_UPLOAD_SECONDS)
    except httpx.HTTPError as error:
        raise CliError(f"The upload broke off ({type(error).__name__}). Try again.") from error
    if not answer.is_success:
        raise CliError(f"The upload was answered {answer.status_code}. Try again.")
    api.post(f"/v1/jobs/{expected['job_id']}/start")
    return str(expected["job_id"])


def watch(api: Api, job_id: str, console: Console, sleep: Callable[[float], object]) -> Json:
    """Show a job's progress until it ends; return it as it then is. Raise CliError."""
    return watch_job(
        api,
        job_id,
        lambda job: f"{sum(_counts(job).values())} rows",
        BarColumn(),
        DownloadColumn(),
        console=console,
        sleep=sleep,
    )


def show(job: Json, console: Console) -> None:
    """Print what came of the rows, and why some were left out."""
    counts = _counts(job)
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    mark = "[red]✗[/]" if job["state"] == "failed" else "[green]✓[/]"
    console.print(f"{mark} {job['state']}: {told or 'the file holds no rows'}", soft_wrap=True)
    errors = job["result"]["errors"]
    if not errors:
        return
    table = Table("row", "field", "why it was left out", title_justify="left")
    for each in errors:
        table.add_row(str(each["row"] or "-"), escape(each["path"]), escape(each["message"]))
    console.print(table)
    if counts["rejected"] > len({each["row"] for each in errors}):
        console.print("[dim]these are the first; mend them and import the file again[/]")


def _counts(job: Json) -> dict[str, int]:
    return {name: count for name, count in job["result"].items() if name != "errors"}
