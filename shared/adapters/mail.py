"""Sending an email through Amazon SES: one request, never repeated by itself.

SES cannot be told that it has had a request before, so every send has a connection of its own and
one try: what is not answered may have been sent, and nobody may send it again. Signed by hand as
the other calls of this Lambda are; loading an SDK for one request costs more than the request.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email.utils import formataddr
from typing import Any

from shared.adapters.aws import SignedEndpoint

_PATH = "/v2/email/outbound-emails"
_ANSWER_SECONDS = 10.0


class Mailer:
    """Amazon SES in the Lambda's own region."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def send(self, mail: Mapping[str, Any], texts: Mapping[str, str | None], link: str) -> str:
        """Send an email once and return SES's id of it; `link` unsubscribes by one POST.

        Raise AwsError: status 0 where nobody knows whether it was sent.
        """
        endpoint = SignedEndpoint.from_environment(
            "ses", self._environ, "email", answer_seconds=_ANSWER_SECONDS, tries=1
        )
        headers = [("content-type", "application/json")]
        answer = endpoint.send("POST", _PATH, headers, _request(mail, texts, link))
        return str(json.loads(answer or b"{}").get("MessageId", ""))


def _request(mail: Mapping[str, Any], texts: Mapping[str, str | None], link: str) -> bytes:
    parts = {"Text": texts.get("text"), "Html": texts.get("html")}
    simple = {
        "Subject": _text(mail["subject"]),
        "Body": {name: _text(each) for name, each in parts.items() if each},
        "Headers": [
            {"Name": "List-Unsubscribe", "Value": f"<{link}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ],
    }
    request: dict[str, Any] = {
        "FromEmailAddress": formataddr((mail.get("from_name") or "", mail["from"])),
        "Destination": {"ToAddresses": [mail["to"]]},
        "Content": {"Simple": simple},
    }
    if mail.get("reply_to"):
        request["ReplyToAddresses"] = [mail["reply_to"]]
    return json.dumps(request).encode()


def _text(data: str) -> dict[str, str]:
    return {"Data": data, "Charset": "UTF-8"}
