"""Connecting a Stripe account: against its webhook endpoints on loopback and the real API."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from rich.console import Console
from stripe.params import WebhookEndpointCreateParams

from infra.cli import connect
from infra.cli.__main__ import main
from infra.cli.command import CliError
from infra.connect_stripe import ConnectError, Stripe, mode_of
from shared.providers.stripe import MEANING, webhook_events
from shared.providers.stripe_api import API_VERSION
from tests.support.api_client import ApiClient
from tests.support.loopback_server import http
from tests.support.stripe_webhooks import SECRET_KEY, StripeWebhooks

API = "https://pay.example.com"
URL = f"{API}/webhooks/stripe/shop"
SHOP = "/v1/connections/shop"


class Connections:
    """The stack's API, in process."""

    def __init__(self) -> None:
        self.client = ApiClient(local=True)
        self.puts = 0
        self.fails = False

    def find(self, path: str) -> Any:
        reply = self.client.get(path)
        return None if reply.status == 404 else reply.body

    def put(self, path: str, body: object) -> Any:
        if self.fails:
            raise CliError("Nothing answers.")
        self.puts += 1
        reply = self.client.put(path, body)
        assert reply.status in (200, 201), reply.text
        return reply.body


class Terminal:
    """The command at a terminal: what it did, and all it printed."""

    def __init__(self, stripe: StripeWebhooks, connections: Connections, url: str) -> None:
        self.stripe = stripe
        self.connections = connections
        self.printed = ""
        self._url = url

    def connect(self, *options: str) -> int:
        output = io.StringIO()
        argv = ["connect", "stripe", "--stripe-url", self._url, *options]
        if "--webhook-url" not in options:
            argv += ["--api", API]
        code = main(argv, Console(file=output, width=200, highlight=False))
        self.printed += output.getvalue()
        return code

    def secrets(self) -> Any:
        return self.connections.client.secrets.held.get("shop")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    account, connections = StripeWebhooks(), Connections()
    monkeypatch.setenv(connect.KEY_VARIABLE, SECRET_KEY)
    monkeypatch.setattr(connect, "outbound", lambda _: connections)
    with account.serving() as server:
        shell = Terminal(account, connections, server.url)
        yield shell
    assert SECRET_KEY not in shell.printed
    assert "whsec_" not in shell.printed


def test_an_account_is_connected_with_exactly_the_events_that_are_read(terminal: Terminal) -> None:
    assert terminal.connect() == 0

    (made,) = terminal.stripe.endpoints.values()
    assert (made["url"], made["enabled_events"]) == (URL, webhook_events())
    assert made["api_version"] == API_VERSION
    assert terminal.stripe.versions == {API_VERSION}
    assert terminal.secrets()["signing_secrets"] == [f"whsec_{made['id']}"]
    assert not terminal.secrets()["api"]
    connection = terminal.connections.find(SHOP)
    assert (connection["status"], connection["mode"]) == ("active", "live")


def test_the_events_are_those_that_say_something_and_stripe_knows_each() -> None:
    known = _literals(WebhookEndpointCreateParams.__annotations__["enabled_events"])

    events = webhook_events()

    assert "invoice_payment.paid" in events
    assert set(events) <= set(MEANING)
    assert not [name for name in events if name.startswith("fetched.")]
    assert "subscription_schedule.created" not in events
    assert set(events) <= known


def test_connecting_again_changes_nothing(terminal: Terminal) -> None:
    terminal.connect()
    endpoints = dict(terminal.stripe.endpoints)
    terminal.stripe.calls.clear()

    assert terminal.connect() == 0

    assert terminal.stripe.endpoints == endpoints
    assert set(terminal.stripe.calls) == {"GET"}
    assert terminal.connections.puts == 1


def test_a_dry_run_only_looks(terminal: Terminal) -> None:
    assert terminal.connect("--dry-run") == 0

    assert set(terminal.stripe.calls) == {"GET"}
    assert terminal.connections.puts == 0
    assert "make a webhook endpoint" in terminal.printed


@pytest.mark.parametrize("about", [{"enabled_events": ["*"]}, {"status": "disabled"}])
def test_an_endpoint_that_has_changed_is_put_right_and_keeps_its_secret(
    terminal: Terminal, about: dict[str, Any]
) -> None:
    terminal.connect()
    (made,) = terminal.stripe.endpoints.values()
    made |= about
    secrets = terminal.secrets()

    assert terminal.connect() == 0

    assert made["enabled_events"] == webhook_events()
    assert made["status"] == "enabled"
    assert terminal.secrets() == secrets
    assert len(terminal.stripe.endpoints) == 1


def test_an_endpoint_whose_secret_nobody_has_is_replaced_only_when_told(
    terminal: Terminal,
) -> None:
    old = terminal.stripe.add(URL, ["charge.succeeded"])

    refused = terminal.connect()
    untouched = dict(terminal.stripe.endpoints)
    done = terminal.connect("--recreate")

    assert (refused, done) == (1, 0)
    assert untouched == {old["id"]: old}
    assert "--recreate" in terminal.printed
    (made,) = terminal.stripe.endpoints.values()
    assert made["id"] != old["id"]
    assert terminal.secrets()["signing_secrets"] == [f"whsec_{made['id']}"]


def test_several_endpoints_of_one_url_are_told_and_made_one(terminal: Terminal) -> None:
    terminal.connect()
    terminal.stripe.add(URL, ["*"])
    terminal.stripe.add("https://other.example.com/", ["*"])
    terminal.stripe.add(URL, ["*"], application="ca_1")

    refused = terminal.connect()
    done = terminal.connect("--recreate")

    assert (refused, done) == (1, 0)
    assert "2 endpoints" in terminal.printed
    left = [each["url"] for each in terminal.stripe.endpoints.values()]
    assert sorted(left) == ["https://other.example.com/", URL, URL]  # one is an application's


def test_an_endpoint_whose_secret_could_not_be_stored_is_removed_again(terminal: Terminal) -> None:
    terminal.connections.fails = True

    assert terminal.connect() == 1

    assert terminal.stripe.endpoints == {}


def test_a_lost_answer_does_not_make_two_endpoints(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_defaults(Stripe), "sleep", lambda _: None)
    terminal.stripe.lost = 1
    terminal.stripe.answers = [http(429, {"error": {}}), http(500, {"error": {}})]

    assert terminal.connect() == 0

    assert terminal.stripe.calls.count("POST") == 2
    assert len(terminal.stripe.endpoints) == 1


def test_settings_of_a_connection_stay_as_they_are(terminal: Terminal) -> None:
    settings = {
        "provider": "stripe",
        "name": "Our shop",
        "contact_policy": "match_only",
        "authority": 70,
        "late_match": {"policy": "silent"},
    }
    terminal.connections.put(SHOP, settings)

    assert terminal.connect() == 0

    connection = terminal.connections.find(SHOP)
    assert connection["status"] == "active"
    assert {name: connection[name] for name in ("name", "contact_policy", "authority")} == {
        "name": "Our shop", "contact_policy": "match_only", "authority": 70,
    }  # fmt: skip
    assert connection["late_match"]["policy"] == "silent"


def test_the_key_is_kept_only_when_asked_for(terminal: Terminal) -> None:
    terminal.connect()

    assert terminal.connect("--api-key-stored") == 0

    assert terminal.secrets()["api"]["secret_key"] == SECRET_KEY
    assert terminal.secrets()["signing_secrets"] == ["whsec_we_1"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (http(401, {"error": {"message": f"Invalid API Key: {SECRET_KEY}"}}), "refuses the key"),
        (
            http(400, {"error": {"code": "url_invalid", "param": "url", "message": SECRET_KEY}}),
            "400 url_invalid url",
        ),
        (http(200, b"<html>"), "answered 200"),
    ],
)
def test_a_refusal_is_told_without_stripes_own_words(
    terminal: Terminal, answer: Any, said: str
) -> None:
    terminal.stripe.answers = [answer]

    assert terminal.connect() == 1

    assert said in terminal.printed


@pytest.mark.parametrize(
    ("key", "said"),
    [("", "No key is set"), ("pk_live_x", "no secret key"), ("sk_test_x", "of mode live")],
)
def test_a_key_that_does_not_fit_is_refused(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    terminal.connect()
    monkeypatch.setenv(connect.KEY_VARIABLE, key)

    assert terminal.connect() == 1

    assert said in terminal.printed


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:4566/webhooks/stripe/shop", "public https addresses"),
        ("https://tunnel.example.com/webhooks/stripe/other", "has to end with"),
    ],
)
def test_an_address_stripe_could_not_post_to_is_refused(
    terminal: Terminal, url: str, said: str
) -> None:
    assert terminal.connect("--webhook-url", url, "--api", API) == 1
    assert said in terminal.printed
    assert terminal.stripe.calls == []


def test_a_keys_mode_is_told_by_its_beginning() -> None:
    assert [mode_of(key) for key in ("sk_live_a", "rk_test_b")] == ["live", "test"]
    with pytest.raises(ConnectError):
        mode_of("whsec_a")


def _defaults(kind: type) -> dict[str, Any]:
    return kind.__init__.__kwdefaults__  # type: ignore[misc,no-any-return]


def _literals(annotation: Any) -> set[str]:
    if isinstance(annotation, str):
        return set()
    found = {each for each in get_args(annotation) if isinstance(each, str)}
    for each in get_args(annotation):
        found |= _literals(each)
    return found
