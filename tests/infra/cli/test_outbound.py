"""The commands about outgoing webhooks, over HTTP against the API's real handlers in memory."""

from __future__ import annotations

import argparse
import http.client
import http.server
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from rich.console import Console

from infra.cli import deliveries, listen, outbound, replay
from infra.cli.command import CliError, Command
from infra.local.stack import Endpoints
from infra.receiver import Arrival, Server
from shared.domain import standard_webhooks
from tests.support.api_client import ApiClient
from tests.support.automated import add_delivery

COMMANDS: dict[str, Command] = {"listen": listen, "deliveries": deliveries, "replay": replay}


@contextmanager
def served(client: ApiClient) -> Iterator[Endpoints]:
    """Serve the API's handlers on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            reply = client.call(
                self.command,
                path,
                raw=raw or None,
                query=dict(parse_qsl(query)),
                authorization=self.headers["authorization"],
            )
            body = reply.text.encode()
            self.send_response(reply.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield Endpoints(api_url=url, admin_key=client.admin, webhooks={})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """Let the commands find an API on this machine."""
    found = ApiClient(local=True)
    with served(found) as endpoints:
        monkeypatch.setattr(outbound, "local_endpoints", lambda: endpoints)
        yield found


def parse(name: str, *argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    COMMANDS[name].configure(parser)
    return parser.parse_args(argv)


def paysignal(name: str, *argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = COMMANDS[name].run(parse(name, *argv), Console(file=output, width=200, highlight=False))
    return code, output.getvalue()


def with_endpoint(client: ApiClient, name: str = "crm") -> None:
    assert client.put(f"/v1/endpoints/{name}", {"url": "http://127.0.0.1:1/"}).status == 201


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_the_help_can_be_run(name: str) -> None:
    for line in COMMANDS[name].EXAMPLES.splitlines():
        launcher, command, *argv = line.split("   ")[0].split()

        assert (launcher, command) == ("./paysignal", name)
        parse(name, *argv)


def test_deliveries_are_listed_with_their_last_answer(client: ApiClient) -> None:
    with_endpoint(client)
    dead = add_delivery(client.store, "crm", 1, "dead")
    pending = add_delivery(client.store, "crm", 2, "pending")

    _, everything = paysignal("deliveries", "list")
    _, only_dead = paysignal("deliveries", "list", "--state", "dead", "--endpoint", "crm")

    assert dead in everything
    assert pending in everything
    assert "503" in only_dead
    assert pending not in only_dead
    assert paysignal("deliveries", "list", "--state", "gone") == (0, "there are none\n")


def test_a_delivery_is_shown_with_attempts_and_payload(client: ApiClient) -> None:
    with_endpoint(client)
    name = add_delivery(client.store, "crm", 1, "dead")

    code, told = paysignal("deliveries", "show", name)

    assert code == 0
    assert "busy" in told
    assert '"number": 1' in told
    with pytest.raises(CliError, match="no such delivery"):
        paysignal("deliveries", "show", "msg_unknown")


def test_all_that_an_endpoint_has_missed_is_replayed(client: ApiClient) -> None:
    with_endpoint(client)
    missed = [add_delivery(client.store, "crm", n, "dead") for n in range(110)]
    held = add_delivery(client.store, "crm", 200, "held")
    add_delivery(client.store, "crm", 201, "delivered")

    code, told = paysignal("replay", "--endpoint", "crm")

    assert (code, told) == (0, "✓ 111 of 111 are on their way again\n")
    assert {each["delivery_id"] for each in client.outbox.delivered} == {*missed, held}


def test_one_delivery_is_replayed_and_one_that_cannot_be_is_said(client: ApiClient) -> None:
    with_endpoint(client)
    name = add_delivery(client.store, "crm", 1, "delivered")

    assert paysignal("replay", name) == (0, f"✓ {name} is on its way again\n")
    with pytest.raises(CliError, match="on its way already"):
        paysignal("replay", name)


def test_what_could_not_be_replayed_fails_the_command(client: ApiClient) -> None:
    with_endpoint(client)
    add_delivery(client.store, "crm", 1, "dead")
    client.put("/v1/endpoints/crm", {"url": "http://127.0.0.1:1/", "status": "disabled"})

    code, told = paysignal("replay", "--endpoint", "crm", "--state", "dead")

    assert code == 1
    assert "disabled" in told
    assert "0 of 1" in told


@pytest.mark.parametrize("argv", [[], ["msg_1", "--endpoint", "crm"], ["msg_1", "--state", "dead"]])
def test_a_replay_of_nothing_or_of_two_things_is_refused(argv: list[str]) -> None:
    with pytest.raises(CliError):
        paysignal("replay", *argv)


def test_a_stack_elsewhere_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(outbound.KEY_VARIABLE, raising=False)
    with pytest.raises(CliError, match=outbound.KEY_VARIABLE):
        paysignal("deliveries", "--api", "https://pay.example.com", "list")

    monkeypatch.setenv(outbound.KEY_VARIABLE, "ps_x")
    with pytest.raises(CliError, match="has to be a URL"):
        paysignal("deliveries", "--api", "pay.example.com", "list")


def test_a_stack_elsewhere_is_asked_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = ApiClient()
    with served(elsewhere) as endpoints:
        monkeypatch.setenv(outbound.KEY_VARIABLE, elsewhere.admin)

        told = paysignal("deliveries", "--api", f"{endpoints.api_url}/v1/", "list")

    assert told == (0, "there are none\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(client: ApiClient, endpoint_id: str, message_id: str, *, secret: str = "") -> None:
    """Post as the worker does, with the secrets in force; on a connection of its own."""
    stored = client.endpoint_secrets.held[endpoint_id]["secrets"]
    secrets = [secret] if secret else standard_webhooks.in_force(stored, client.now)
    body = json.dumps({"type": "order.created", "data": {"note": "[bold]"}}).encode()
    headers = standard_webhooks.headers(secrets, message_id, time.time_ns() // 1_000_000, body)
    url = client.store.documents["endpoint", endpoint_id]["url"]
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=10)
    connection.request("POST", "/", body, headers)
    connection.getresponse().read()
    connection.close()


def heard(client: ApiClient, *argv: str) -> tuple[int, str]:
    """Run `listen` until it has heard one webhook, which is posted as soon as it is enabled."""
    arguments = parse("listen", "--port", str(free_port()), "--count", "1", *argv)
    name = arguments.endpoint
    put = outbound.Outbound.put_endpoint

    def arrive() -> None:
        post(client, name, "msg_forged", secret=f"whsec_{'A' * 43}=")
        post(client, name, "msg_1")

    def announced(api: outbound.Outbound, endpoint_id: str, body: dict[str, Any]) -> Any:
        answer = put(api, endpoint_id, body)
        if body["status"] == "enabled":
            threading.Thread(target=arrive).start()
        return answer

    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbound.Outbound, "put_endpoint", announced)
        code = listen.run(arguments, Console(file=output, width=200, highlight=False))
    return code, output.getvalue()


def test_listening_verifies_prints_and_leaves_nothing_behind(client: ApiClient) -> None:
    code, told = heard(client)

    assert code == 0
    assert "not proved" in told
    assert "verified" in told
    assert "order.created" in told
    assert '"note": "[bold]"' in told
    assert client.get("/v1/endpoints").body["items"] == []
    assert client.endpoint_secrets.held == {}


def test_a_script_gets_the_body_and_nothing_else(client: ApiClient) -> None:
    _, told = heard(client, "--json")

    assert json.loads(told) == {"type": "order.created", "data": {"note": "[bold]"}}


def test_an_endpoint_in_use_stays_disabled_and_is_taken_up_again(client: ApiClient) -> None:
    with_endpoint(client)
    steps = [{"type": "webhook", "endpoint_id": "crm"}]
    body = {"name": "Rescue", "trigger": {"type": "order_created"}, "steps": steps}
    assert client.put("/v1/automations/rescue", body).status == 201

    first, told = heard(client, "--endpoint", "crm")
    between = client.get("/v1/endpoints/crm").body
    second, _ = heard(client, "--endpoint", "crm")

    assert (first, second) == (0, 0)
    assert "it stays, disabled" in told
    assert (between["status"], between["events"]) == ("disabled", [])


def test_nobody_elses_endpoint_is_taken_over(client: ApiClient) -> None:
    client.put("/v1/endpoints/crm", {"url": "https://hooks.example.com/in"})

    with pytest.raises(CliError, match="would take its place"):
        paysignal("listen", "--endpoint", "crm")


def test_a_port_that_is_taken_is_said(client: ApiClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(CliError, match="is taken"):
            paysignal("listen", "--port", str(taken.getsockname()[1]))


def test_an_answer_that_is_no_status_is_refused() -> None:
    with pytest.raises(CliError, match="--answer"):
        paysignal("listen", "--answer", "99")


def test_a_repeated_webhook_and_one_that_is_no_json_are_shown_as_they_are() -> None:
    again = Arrival("/", {}, b"{}", 0, "msg_1", repeated=True)
    text = Arrival("/", {}, b"[not json", 0, "msg_2")

    assert "again" in listen.render(again)
    assert listen.render(text).endswith("\\[not json")
