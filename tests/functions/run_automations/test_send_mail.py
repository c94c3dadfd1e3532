"""Emails: sent once at most, to who wants them, with a link that unsubscribes by one POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.run_automations.send_mail import SendMail
from shared.adapters.aws import AwsError
from shared.domain import mails
from shared.domain.errors import Retryable
from tests.support.api_client import ApiClient
from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, START

KEY = "a key nobody knows"
SENDER = {"from": "hello@example.com", "reply_to": "shop@example.com"}
EMAIL = {
    "type": "email",
    "from_name": "Tea & Co",
    "subject": "%CONTACT_FIRST_NAME|there%, your %RECURRING_PAYMENT_NAME|box%",
    "text": "Hi %CONTACT_FIRST_NAME%! Stop: %UNSUBSCRIBE_URL%",
    "html": '<p>Hi %CONTACT_FIRST_NAME%! <a href="%UNSUBSCRIBE_URL%">Stop</a></p>',
}


class Post:
    """A mailer that keeps what it is given, and fails as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], dict[str, str | None], str]] = []
        self.fails: list[AwsError] = []

    def send(self, mail: Mapping[str, Any], texts: Mapping[str, str | None], link: str) -> str:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((dict(mail), dict(texts), link))
        return "ses-1"


def workshop(**settings: Any) -> Workshop:
    made = Workshop([EMAIL])
    made.put(("settings",), {"email": SENDER, **settings})
    return made


def sending(made: Workshop, post: Post, key: str | None = KEY) -> SendMail:
    if key:
        made.secrets[mails.KEY_ID] = {"key": key}

    class Secrets:
        def read(self, identity: str, now: float) -> Mapping[str, Any] | None:
            return made.read_secrets(identity, now)

    return SendMail(
        store=made.store,
        secrets=Secrets(),
        mailer=post,
        api_url="https://api.example.com",
        log=lambda *_, **__: None,
    )


def mail_of(made: Workshop) -> dict[str, Any]:
    (mail,) = [each for name, each in made.store.documents.items() if name[0] == "mail"]
    return mail


def run(made: Workshop) -> dict[str, Any]:
    made.fire()
    made.run()
    taken: list[dict[str, Any]] = made.document("run", FIRING)["taken"]
    assert len(taken) == 1
    return taken[0]


def test_an_email_is_filled_kept_and_then_sent_with_its_link() -> None:
    made, post = workshop(), Post()
    contact = made.document("contact", "c1")
    made.put(("contact", "c1"), {**contact, "first_name": "<Ada>\n"})

    taken = run(made)
    state = sending(made, post).send(made.mailed[0], 0.0)

    assert state == "sent"
    assert taken["mail_id"] == made.mailed[0]
    ((mail, texts, link),) = post.sent
    assert (mail["to"], mail["from"], mail["reply_to"]) == (
        "ada@example.com", "hello@example.com", "shop@example.com",
    )  # fmt: skip
    assert mail["subject"] == "<Ada> , your Box"
    assert link == f"https://api.example.com/v1/unsubscribe/{mails.token_of('c1', KEY)}"
    assert texts["text"] == f"Hi <Ada>\n! Stop: {link}"
    assert texts["html"] == f'<p>Hi &lt;Ada&gt;\n! <a href="{link}">Stop</a></p>'
    assert (mail_of(made)["state"], mail_of(made)["reason"]) == ("sent", "ses-1")


def test_an_email_that_was_sent_or_may_have_been_is_not_sent_again() -> None:
    made, post = workshop(), Post()
    run(made)
    mailer = sending(made, post)
    mailer.send(made.mailed[0], 0.0)
    again = mailer.send(made.mailed[0], 0.0)
    made.put(mails.name_of(made.mailed[0]), {**mail_of(made), "state": "sending"})

    found = mailer.send(made.mailed[0], 0.0)

    assert (again, found, len(post.sent)) == ("sent", "unknown", 1)
    assert mailer.send("msg_nobodys", 0.0) is None


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (403, "failed"), (500, "unknown"), (0, "unknown")]
)
def test_what_came_of_an_email_is_told(status: int, state: str) -> None:
    made, post = workshop(), Post()
    run(made)
    post.fails.append(AwsError("MessageRejected", "no", status, {}))
    mailer = sending(made, post)

    states = [mailer.send(made.mailed[0], 0.0) for _ in range(2)]

    assert states == [state, state]
    assert post.sent == []
    assert mail_of(made)["reason"] == "MessageRejected"


def test_what_was_refused_for_being_too_fast_is_tried_again() -> None:
    made, post = workshop(), Post()
    run(made)
    post.fails.append(AwsError("TooManyRequestsException", "slow", 429, {}))
    mailer = sending(made, post)

    with pytest.raises(Retryable):
        mailer.send(made.mailed[0], 0.0)

    assert mailer.send(made.mailed[0], 0.0) == "sent"


def test_without_a_key_nothing_leaves() -> None:
    made, post = workshop(), Post()
    run(made)

    assert sending(made, post, key=None).send(made.mailed[0], 0.0) == "failed"


def test_who_unsubscribes_before_it_leaves_is_not_sent_it() -> None:
    made, post = workshop(), Post()
    run(made)
    made.put(("contact", "c1"), {**made.document("contact", "c1"), "unsubscribed_date": START})

    assert sending(made, post).send(made.mailed[0], 0.0) == "failed"
    assert post.sent == []


@pytest.mark.parametrize(
    ("settings", "contact", "note"),
    [
        ({"email": None}, {}, "email_is_not_configured"),
        ({}, {"unsubscribed_date": START}, "unsubscribed"),
        ({}, {"email": None}, "no_address"),
    ],
)
def test_a_step_that_cannot_send_says_why_and_the_run_goes_on(
    settings: dict[str, Any], contact: dict[str, Any], note: str
) -> None:
    made = workshop(**settings)
    made.put(("contact", "c1"), {**made.document("contact", "c1"), **contact})

    taken = run(made)

    assert taken["note"] == note
    assert made.mailed == []


def test_the_link_unsubscribes_once_for_all_and_asks_for_no_key() -> None:
    client = ApiClient()
    client.put("/v1/settings", {"email": SENDER})
    key = str((client.endpoint_secrets.read(mails.KEY_ID) or {})["key"])
    client.put("/v1/contacts", {"email": "ada@example.com"})
    (contact,) = [each for name, each in client.store.documents.items() if name[0] == "contact"]
    path = f"/v1/unsubscribe/{mails.token_of(contact['contact_id'], key)}"

    seen = client.get(path, authorization=None)
    before = client.get("/v1/contacts/ada@example.com").body["unsubscribed_date"]
    left = [client.post(path, authorization=None).status for _ in range(2)]

    assert (seen.status, before, left) == (200, None, [200, 200])
    after = client.get("/v1/contacts/ada@example.com").body["unsubscribed_date"]
    assert after is not None
    client.put("/v1/settings", {"email": SENDER})
    assert client.endpoint_secrets.read(mails.KEY_ID) == {"key": key}


@pytest.mark.parametrize("token", ["c1", "c1.", ".x", "c1.00000000000000000000000000000000"])
def test_a_link_that_is_not_ours_unsubscribes_nobody(token: str) -> None:
    client = ApiClient()
    assert client.post(f"/v1/unsubscribe/{token}").status == 404
    client.put("/v1/settings", {"email": SENDER})

    assert client.post(f"/v1/unsubscribe/{token}").status == 404


def test_an_email_step_needs_somebody_to_send_it() -> None:
    client = ApiClient()
    nested = {"type": "branch", "branches": [
        {"segment": {"match": "all", "conditions": []}, "steps": [EMAIL]}]}  # fmt: skip
    body = {"name": "Hi", "trigger": {"type": "order_created"}, "steps": [EMAIL, nested]}

    refused = client.put("/v1/automations/hi", body)
    client.put("/v1/settings", {"email": SENDER})

    assert refused.status == 422
    assert list(refused.faults) == [
        "steps[0].email",
        "steps[1].branch.branches[0].steps[0].email",
    ]
    assert client.put("/v1/automations/hi", body).status == 201
