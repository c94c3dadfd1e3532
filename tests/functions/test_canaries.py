"""What an operator does about a person leaves nothing of the person outside of the answers.

Every word about somebody is a canary: in bodies, paths, queries and files, in what is refused and
in what fails. Answers, exports and the table may sing; log lines, metrics, the names of files and
problem documents may not. Of an erased person even the hash is nobody's business.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from functions.query import exports
from shared.domain.erasure import hash_of
from tests.support.api_client import ApiClient

EMAIL = "canary.jane@example.com"
NAMES = ("Canaria", "Piafova", "+15550177", "Canary Tag")
CANARIES = (EMAIL, quote(EMAIL), *NAMES, hash_of(EMAIL))
CONTACT = {
    "email": EMAIL,
    "first_name": NAMES[0],
    "last_name": NAMES[1],
    "phone": NAMES[2],
    "add_tags": [NAMES[3]],
}
SECRETS = ("whsec_canary", "sk_live_canary")


def session(client: ApiClient) -> list[Any]:
    """Do what can be done about a person, and what is refused or fails; return the answers."""
    at = f"/v1/contacts/{EMAIL}"
    csv = f"email,first_name\n{EMAIL},{NAMES[0]}\n"
    shop = {
        "provider": "stripe",
        "signing_secrets": [SECRETS[0]],
        "api": {"secret_key": SECRETS[1]},
    }
    asked = [
        client.put("/v1/contacts", CONTACT),
        client.put("/v1/contacts", {**CONTACT, NAMES[0]: NAMES[1]}),
        client.put("/v1/contacts", {"email": f"{EMAIL} {NAMES[0]}"}),
        client.call("PUT", "/v1/contacts", raw=f'{{"email": "{EMAIL}",,'),
        client.call("POST", "/v1/contacts/import", raw=csv, content_type="text/csv"),
        client.call("POST", "/v1/contacts/import", raw=NAMES[0], content_type="text/csv"),
        client.put("/v1/connections/shop", shop),
        client.put("/v1/connections/shop", {**shop, "provider": SECRETS[0]}),
        client.put("/v1/segments/vip", {"name": "VIPs", "kind": "static"}),
        client.put(f"/v1/segments/vip/contacts/{EMAIL}", None),
        client.get(at),
        client.get(f"{at}/export"),
        client.get("/v1/reports/orders", query={"contact": EMAIL, "interval": NAMES[0]}),
        client.get("/v1/events", query={"contact": EMAIL}),
        client.get(f"/v1/contacts/{NAMES[0]}"),
        client.get("/v1/contacts/x", authorization=f"Bearer {SECRETS[1]}"),
        client.delete(at),
        client.delete(at),
        client.get(at),
    ]
    client.store.read = _fail  # type: ignore[method-assign]
    return [*asked, client.get(at), client.put("/v1/contacts", CONTACT), client.delete(at)]


def _fail(names: Any) -> Any:
    raise RuntimeError(f"{EMAIL} {NAMES[0]}")


def test_nothing_of_a_person_or_a_secret_is_in_a_line_of_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "INLINE_BYTES_MAX", 1)
    client = ApiClient()

    replies = session(client)

    said = capsys.readouterr()
    assert {200, 201, 202, 303, 400, 401, 404, 422, 500} <= {each.status for each in replies}
    assert '"status":500' in said.out
    for canary in (*CANARIES, *SECRETS):
        assert canary not in said.out + said.err


def test_no_refusal_repeats_what_was_sent_and_no_file_is_named_after_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "INLINE_BYTES_MAX", 1)
    client = ApiClient()

    replies = session(client)

    refused = [each for each in replies if each.status >= 400]
    headers = json.dumps([each.headers for each in replies])
    for canary in (*CANARIES, *SECRETS):
        # Of a field that is not known the name is told, which is the caller's own word.
        assert canary not in "".join(_detail(each.body) for each in refused)
        assert canary not in headers
        assert all(canary not in key for key in client.uploads.files)


def _detail(problem: dict[str, Any]) -> str:
    errors = [each["message"] for each in problem.get("errors", ())]
    return " ".join([problem["title"], problem["detail"], *errors])


def test_the_canaries_sing_where_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests above could not fail."""
    client = ApiClient()

    replies = session(client)

    sung = "".join(each.text for each in replies if each.status < 400)
    assert EMAIL in sung
    assert all(name in sung for name in NAMES)
    assert SECRETS[1] in json.dumps(client.secrets.held)
