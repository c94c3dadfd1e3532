"""The README's receivers, taken out of it and run: they take what we send, and nothing else."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from shared.domain import standard_webhooks

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python receiving\n(.*?)^```$", README.read_text(), re.M | re.S)
SECRET, OTHER = (standard_webhooks.new_secret(os.urandom) for _ in range(2))
BODY = '{"type":"recurring_payment.updated","data":{"name":"Zoë"}}'.encode()

Verified = Callable[[str, Mapping[str, str], bytes], dict[str, Any]]


def headers(*secrets: str, seconds: int = 0) -> dict[str, str]:
    """Return the headers of an attempt so many seconds from now."""
    now = time.time_ns() // 1_000_000 + 1_000 * seconds
    return standard_webhooks.headers(secrets or (SECRET,), "msg_1", now, BODY)


def test_the_readme_has_a_receiver_by_the_library_and_one_by_hand() -> None:
    assert [("standardwebhooks" in each, "hmac" in each) for each in SNIPPETS] == [
        (True, False),
        (False, True),
    ]


@pytest.fixture(params=SNIPPETS, ids=["library", "hand"])
def verified(request: pytest.FixtureRequest) -> Verified:
    """A snippet's function, as a reader would paste it."""
    pasted: dict[str, Any] = {}
    exec(compile(request.param, "README.md", "exec"), pasted)  # noqa: S102  # our own text
    found: Verified = pasted["verified"]
    return found


def test_what_we_send_is_taken_and_read(verified: Verified) -> None:
    told = verified(SECRET, headers(), BODY)

    assert told == {"type": "recurring_payment.updated", "data": {"name": "Zoë"}}


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_may_be_off_by_some_minutes(verified: Verified, seconds: int) -> None:
    assert verified(SECRET, headers(seconds=seconds), BODY)


@pytest.mark.parametrize("secrets", [(SECRET, OTHER), (OTHER, SECRET)])
def test_either_secret_proves_while_they_rotate(
    verified: Verified, secrets: tuple[str, str]
) -> None:
    assert verified(SECRET, headers(*secrets), BODY)


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({"webhook-id": "msg_2"}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": "v1,\u00e9 v2,x y"}, BODY),
        ({"webhook-timestamp": "soon"}, BODY),
        ({}, BODY.replace(b"updated", b"created")),
    ],
)
def test_what_was_changed_on_its_way_is_refused(
    verified: Verified, changed: dict[str, str], body: bytes
) -> None:
    with pytest.raises((WebhookVerificationError, ValueError)):
        verified(SECRET, {**headers(), **changed}, body)


def test_what_somebody_else_has_signed_is_refused(verified: Verified) -> None:
    with pytest.raises((WebhookVerificationError, ValueError)):
        verified(SECRET, headers(OTHER), BODY)


@pytest.mark.parametrize("seconds", [-310, 400])
def test_what_is_too_old_or_of_the_future_is_refused(verified: Verified, seconds: int) -> None:
    with pytest.raises((WebhookVerificationError, ValueError)):
        verified(SECRET, headers(seconds=seconds), BODY)
