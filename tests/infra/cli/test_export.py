"""A person's data written to a file, over HTTP against the API's real handlers in memory."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from functions.query import exports, person
from infra.cli import outbound
from infra.cli.__main__ import main
from tests.infra.cli.test_outbound import served
from tests.support.api_client import ApiClient

EMAIL = "ada@example.com"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """A stack with one contact, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    client = ApiClient()
    client.put("/v1/contacts", {"email": EMAIL, "first_name": "Ada"})
    with served(client) as endpoints:
        monkeypatch.setattr(outbound, "local_endpoints", lambda: endpoints)
        yield client


def paysignal(*argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = main(["export", "contact", *argv], Console(file=output, width=200, highlight=False))
    return code, output.getvalue()


def test_the_document_lies_in_a_file_that_nobody_else_may_read(
    client: ApiClient, tmp_path: Path
) -> None:
    code, told = paysignal(EMAIL)

    file = tmp_path / f"{EMAIL}.json"
    assert (code, "0 orders" in told) == (0, True)
    assert "Ada" not in told
    assert json.loads(file.read_text()) == client.get(f"/v1/contacts/{EMAIL}/export").body
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_can_be_led_elsewhere(
    client: ApiClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = paysignal(EMAIL, "--out", "-")

    assert (code, told) == (0, "")
    # The handlers in this process have logged before.
    document = capsys.readouterr().out.partition("\n{\n")[2]
    assert json.loads("{" + document)["contact"]["first_name"] == "Ada"
    assert not list(tmp_path.iterdir())


def test_one_that_is_too_large_to_send_is_fetched_without_the_key(
    client: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def fetched(url: object, timeout: float) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(next(iter(client.uploads.files.values())))

    monkeypatch.setattr(exports, "INLINE_BYTES_MAX", 10)
    monkeypatch.setattr("infra.cli.api.urlopen", fetched)

    code, _ = paysignal(EMAIL, "--out", "ada.json")

    assert code == 0
    assert json.loads((tmp_path / "ada.json").read_text())["contact"]["email"] == EMAIL
    assert [str(each).partition("?")[0].rpartition("/")[0] for each in asked] == [
        "https://bodies.example.com/exports"
    ]


@pytest.mark.usefixtures("client")
def test_what_one_document_cannot_hold_is_said_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "ITEMS_MAX", 0)

    code, told = paysignal(EMAIL)

    assert code == 1
    assert "more runs than one document holds: some are missing" in told


@pytest.mark.usefixtures("client")
def test_somebody_who_is_not_there_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    code, told = paysignal("nobody@example.com")

    assert (code, "There is no such contact." in told) == (1, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("client")
def test_a_file_that_cannot_be_written_is_said() -> None:
    code, told = paysignal(EMAIL, "--out", "no/such/folder.json")

    assert (code, "cannot be written: No such file" in told) == (1, True)
