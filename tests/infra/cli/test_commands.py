"""The paysignal command: its help, its errors and what it prints."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.bundle import ROOT
from infra.cli import doctor, running, tail
from infra.cli.__main__ import COMMANDS, main, parser
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.running import Running, sending_secrets
from infra.cli.senders import SENDERS, Wish
from infra.local import stack
from infra.local.stack import Endpoints


@pytest.fixture
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands look into an empty folder."""
    for module in (stack, running):
        monkeypatch.setattr(module, "STATE_DIR", tmp_path)
    monkeypatch.setattr(stack.known_port, "__defaults__", (tmp_path,))
    monkeypatch.setattr(stack.LocalStack.__init__, "__kwdefaults__", _inside(tmp_path))


def _inside(folder: Path) -> dict[str, Any]:
    defaults = stack.LocalStack.__init__.__kwdefaults__ or {}
    return {**defaults, "state_dir": folder, "port": 1}


def paysignal(*argv: str) -> tuple[int, str]:
    """Run the command and return its exit code and what it printed."""
    output = io.StringIO()
    code = main(argv, Console(file=output, width=200, highlight=False))
    return code, output.getvalue()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"  ./paysignal {name}" in told.partition("examples:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_the_help_can_be_run(name: str) -> None:
    for line in COMMANDS[name].EXAMPLES.splitlines():
        command = re.split(r"\s{2,}", line.strip())[0].split()
        if command[:1] == ["./paysignal"]:
            assert parser().parse_args(command[1:]).command is COMMANDS[name]


@pytest.mark.parametrize("argv", [[], ["dance"], ["send"], ["keys"], ["keys", "delete"]])
def test_wrong_arguments_are_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)

    assert ended.value.code == 2


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("argv", [["tail"], ["keys", "list"], ["send", "stripe", "invoice.paid"]])
def test_what_needs_a_running_stack_says_how_to_start_one(argv: list[str]) -> None:
    code, told = paysignal(*argv)

    assert code == 1
    assert "not running on this machine. Start it: ./paysignal up" in told


@pytest.mark.usefixtures("nothing_runs")
def test_stopping_what_does_not_run_is_no_error() -> None:
    assert paysignal("down") == (0, "nothing was running\n")
    assert paysignal("down", "--quiet") == (0, "")


def test_samples_are_listed_without_a_stack() -> None:
    code, told = paysignal("send", "stripe")

    assert code == 0
    assert "customer.subscription.created" in told.splitlines()


def test_an_unknown_sample_is_named() -> None:
    code, told = paysignal("send", "stripe", "invoice.paied")

    assert code == 1
    assert "There is no sample of invoice.paied" in told


def test_a_domain_needs_its_certificate() -> None:
    code, told = paysignal("deploy", "--domain", "pay.example.com")

    assert code == 1
    assert "--domain and --certificate go together" in told


def test_deploying_without_credentials_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    code, told = paysignal("deploy", "--region", "eu-west-1")

    assert code == 1
    assert "No AWS credentials were found" in told


@pytest.mark.usefixtures("nothing_runs")
def test_the_doctor_stops_at_the_first_thing_all_else_needs() -> None:
    code, told = paysignal("doctor")

    assert code == 1
    assert told.endswith("✗ emulator: not running\n    Start it: ./paysignal up\n")


class FakeRunning:
    """A deployed stack with dead letters and connections as a test wants them."""

    def __init__(self, dead: dict[str, int], secrets: dict[str, dict[str, Any]]) -> None:
        self.name = "paysignal"
        self.outputs = {"ApiUrl": "https://pay.example.com"}
        self._dead = dead
        self._secrets = secrets
        self.aws = type("Aws", (), {"sqs": self})

    def dead_letter_urls(self) -> dict[str, str]:
        return {name: name for name in self._dead}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:
        (name,) = AttributeNames
        return {"Attributes": {name: str(self._dead[QueueUrl])}}

    def connections(self) -> list[str]:
        return list(self._secrets)

    def secrets_of(self, connection_id: str) -> dict[str, Any]:
        return self._secrets[connection_id]


def _findings(
    monkeypatch: pytest.MonkeyPatch, found: FakeRunning, *connections: dict[str, Any]
) -> dict[str, tuple[str, str]]:
    monkeypatch.setattr(Running, "find", lambda name: found)
    monkeypatch.setattr(doctor, "connections_of", lambda running: connections)
    monkeypatch.setattr(doctor, "_account", lambda aws: ())
    return {each.subject: (each.state, each.remedy) for each in doctor.examine("paysignal")}


def test_the_doctor_finds_dead_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = _findings(monkeypatch, FakeRunning({"events": 3, "calls": 0}, {}))

    remedy = "Mend the cause, then: ./paysignal redrive events --aws"
    assert findings["dead letters of events"] == ("3", remedy)
    assert findings["dead letters of calls"] == ("none", "")


def test_the_doctor_finds_connections_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: dict[str, dict[str, Any]] = {
        "good": {"signing_secrets": ["whsec_x"]},
        "campaigns": {"campaign_secrets": {"1": [], "2": ["x"]}},
        "webhook": {"webhook_ids": ["WH-1"]},
        "empty": {"signing_secrets": [" "], "campaign_secrets": {"1": [""]}},
        "none": {},
        "off": {"disabled": True},
    }

    findings = _findings(monkeypatch, FakeRunning({}, secrets))

    for name in ("good", "campaigns", "webhook"):
        assert findings[f"connection {name}"] == ("has its secrets", "")
    assert findings["connection off"] == ("disabled", "")
    for name in ("empty", "none"):
        assert "answers 503" in findings[f"connection {name}"][0]
        assert findings[f"connection {name}"][1] == f"Send them again: PUT /v1/connections/{name}"


def _verified(name: str, state: str = "done", **differences: int) -> dict[str, Any]:
    about = {"job_id": "job_1", "started_date": 1, "ended_date": 2, "checked": 9, "state": state}
    return {"connection_id": name, "verification": {**about, "differences": differences}}


def test_the_doctor_finds_what_differs_at_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = _findings(
        monkeypatch,
        FakeRunning({}, {}),
        _verified("drifted", never_sent=2, stale=1),
        _verified("well"),
        _verified("strange", not_ours=1),
        _verified("refused", state="failed"),
        {"connection_id": "new"},
    )

    assert findings["verification of drifted"] == (
        "2 never_sent, 1 stale",
        "Have the records follow the provider: ./paysignal verify drifted --repair"
        " --api https://pay.example.com",
    )
    assert findings["verification of well"] == ("nothing differs", "")
    assert findings["verification of strange"] == ("1 not_ours", "")
    remedy = findings["verification of refused"][1]
    assert remedy == "See why: ./paysignal verify refused --api https://pay.example.com"
    assert "verification of new" not in findings


def test_a_log_line_is_shown_by_what_happened_and_to_what() -> None:
    line = {"event": "Quarantined", "code": "id[reuse]", "Quarantined": 1, "_aws": {}}

    shown = tail.render(0, "process_events", json.dumps(line))

    assert shown == (
        "[dim]00:00:00[/] process_events   [bold]Quarantined[/]  [dim]code[/]=id\\[reuse]"
    )


def test_what_the_runtime_says_of_itself_is_left_out() -> None:
    assert tail.render(0, "query", "REPORT RequestId: 1 Duration: 2 ms") == ""
    assert tail.render(0, "query", "Traceback\n").endswith("Traceback")


def test_an_api_that_does_not_answer_is_said() -> None:
    endpoints = Endpoints(api_url="http://127.0.0.1:1", admin_key="", webhooks={})

    with pytest.raises(CliError, match=r"Nothing answers at 127\.0\.0\.1:1"):
        Api(endpoints).get("/v1/settings")


@pytest.mark.parametrize("provider", list(SENDERS))
def test_a_connection_is_sent_events_of_its_own_provider_alone(provider: str) -> None:
    found: Any = type("Found", (), {"secrets_of": lambda self, name: {"provider": "another"}})()
    api: Any = None

    with pytest.raises(CliError, match=f"not one of {provider}'s"):
        sending_secrets(found, api, "shop", provider)


@pytest.mark.parametrize("provider", list(SENDERS))
def test_a_connection_without_a_secret_is_sent_nothing(provider: str) -> None:
    found: Any = type("Found", (), {"secrets_of": lambda self, name: {"provider": provider}})()
    api: Any = None

    with pytest.raises(CliError, match="has no signing secret"):
        sending_secrets(found, api, "shop", provider)


@pytest.mark.parametrize("provider", ["activecampaign", "paykickstart", "stripe"])
def test_a_first_sample_makes_the_connection_it_is_signed_for(provider: str) -> None:
    found: Any = type("Found", (), {"secrets_of": lambda self, name: None})()
    made: dict[str, Any] = {}
    api: Any = type("Made", (), {"put": lambda self, path, body: made.update({path: body})})()
    sender = SENDERS[provider]

    held, is_new = sending_secrets(found, api, "demo", provider)

    assert is_new
    assert made["/v1/connections/demo"]["provider"] == provider
    assert sender.signs_for(held)
    for event in sender.types("new"):
        wish = Wish(event, "new", "a seed", 1_795_000_000)
        letters = sender.letters(wish, held)
        assert [letter.body for letter in letters] == [
            letter.body for letter in sender.letters(wish, held)
        ]


def test_the_file_of_addresses_is_for_its_owner_alone(tmp_path: Path) -> None:
    endpoints = Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_x", webhooks={"stripe": "u"})

    endpoints.write(tmp_path / "endpoints.json")

    assert (tmp_path / "endpoints.json").stat().st_mode & 0o777 == 0o600
    assert Endpoints.read(tmp_path / "endpoints.json") == endpoints


def test_the_launcher_and_the_makefile_offer_the_same_commands() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))

    assert {"demo", "test", "check", "bench", "up", "down", "deploy", "help"} <= targets
    for called in re.findall(r"\./paysignal ([a-z]+)", makefile):
        assert called in COMMANDS
