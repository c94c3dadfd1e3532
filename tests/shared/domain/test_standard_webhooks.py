"""Signatures, against the public library that receivers use."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from shared.domain import standard_webhooks, times
from shared.domain.standard_webhooks import in_force, key_of, new_secret, rotated, verify
from shared.domain.webhooks import InvalidSignature

# The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
KEYS = st.binary(min_size=24, max_size=64)
NOW = 1_780_000_000_000


def secret_of(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def now() -> int:
    """The library reads the machine's clock, and so must what it verifies."""
    return int(datetime.now(UTC).timestamp() * 1_000)


def test_signature_is_the_one_of_the_specifications_example() -> None:
    (signature,) = standard_webhooks.signatures(
        [SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, BODY
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(KEYS, st.text(alphabet="abcXYZ019_-", min_size=1, max_size=64), st.text())
def test_public_library_verifies_what_we_sign(key: bytes, message_id: str, text: str) -> None:
    body = text.encode(errors="replace")

    headers = standard_webhooks.headers([secret_of(key)], message_id, now(), body)

    Webhook(secret_of(key)).verify(body, headers, json_parse=False)


@given(KEYS, st.text())
def test_we_verify_what_the_public_library_signs(key: bytes, text: str) -> None:
    body = text.encode(errors="replace")
    moment = datetime.fromtimestamp(NOW // 1_000, UTC)
    signature = Webhook(secret_of(key)).sign("msg_1", moment, body.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW // 1_000),
        "webhook-signature": signature,
    }

    assert verify([secret_of(key)], headers, body, NOW) == "msg_1"


def test_receiver_of_either_secret_verifies_while_they_rotate() -> None:
    old, new, foreign = (new_secret(os.urandom) for _ in range(3))

    headers = standard_webhooks.headers([new, old], "msg_1", now(), BODY)

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers) == {"test": 2432232314}
    with pytest.raises(WebhookVerificationError):
        Webhook(foreign).verify(BODY, headers)


def test_we_verify_with_either_secret_while_they_rotate() -> None:
    old, new, foreign = (new_secret(os.urandom) for _ in range(3))
    headers = standard_webhooks.headers([new, old], "msg_1", NOW, BODY)

    for secret in (old, new):
        assert verify([foreign, secret], headers, BODY, NOW) == "msg_1"
    with pytest.raises(InvalidSignature):
        verify([foreign], headers, BODY, NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_=", "whsec_*", "WHSEC_AAAA", "AAAA"])
def test_what_spells_no_key_is_told_how_a_secret_is_written(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^a secret is whsec_ followed by base64$"):
        key_of(secret)


def test_attempts_differ_in_timestamp_and_signature_but_never_in_id() -> None:
    first = standard_webhooks.headers([SECRET], "msg_1", NOW, BODY)
    second = standard_webhooks.headers([SECRET], "msg_1", NOW + 5_000, BODY)

    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5
    assert first["webhook-signature"] != second["webhook-signature"]


def test_new_secrets_have_256_bits_of_the_randomness_they_are_given() -> None:
    secret = new_secret(lambda size: bytes(range(size)))

    assert key_of(secret) == bytes(range(32))
    assert secret.startswith("whsec_")


@given(KEYS)
def test_secret_without_its_padding_is_the_same_secret(key: bytes) -> None:
    assert key_of(secret_of(key).rstrip("=")) == key == key_of(secret_of(key))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        " ",
        "whsec_",
        "whsec_=",
        "whsec_ ",
        secret_of(b"x" * 23),
        secret_of(b"x" * 65),
        secret_of(b"x" * 32).removeprefix("whsec_"),
        secret_of(b"x" * 32) + "\n",
        secret_of(b"x" * 32)[:-5] + "*****",
        "WHSEC_" + base64.b64encode(b"x" * 32).decode(),
        "whsec_" + base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        "whsec_ключ",
    ],
)
def test_what_is_no_secret_signs_nothing_and_is_not_repeated_in_the_error(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret") as raised:
        standard_webhooks.headers([secret], "msg_1", NOW, BODY)

    assert len(secret.strip()) < 7 or secret.strip()[6:] not in str(raised.value)
    assert raised.value.__context__ is None


def test_nothing_leaves_unsigned() -> None:
    with pytest.raises(ValueError, match="no secret"):
        standard_webhooks.headers([], "msg_1", NOW, BODY)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\nb", "é", "x" * 129])
def test_id_that_could_be_read_as_something_else_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        standard_webhooks.headers([SECRET], message_id, NOW, BODY)


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        ({"webhook-id": "msg_2"}, "bad_signature"),
        ({"webhook-id": ""}, "bad_header"),
        ({"webhook-id": "msg_1.1780000000"}, "bad_header"),
        ({"webhook-timestamp": str(NOW // 1_000 + 1)}, "bad_signature"),
        ({"webhook-timestamp": ""}, "bad_header"),
        ({"webhook-timestamp": "NaN"}, "bad_header"),
        ({"webhook-timestamp": "1e9"}, "bad_header"),
        ({"webhook-timestamp": "-1"}, "bad_header"),
        ({"webhook-timestamp": "１７８０００００００"}, "bad_header"),  # noqa: RUF001
        ({"webhook-timestamp": "9" * 13}, "bad_header"),
        ({"webhook-signature": ""}, "bad_signature"),
        ({"webhook-signature": "v1,"}, "bad_signature"),
        ({"webhook-signature": "v1a,AAAA"}, "bad_signature"),
        ({"webhook-signature": "\udc80é"}, "bad_signature"),
        ({"webhook-signature": "v1," * 20_000}, "bad_signature"),
    ],
)
def test_message_with_another_header_is_not_genuine(change: dict[str, str], metric: str) -> None:
    headers = standard_webhooks.headers([SECRET], "msg_1", NOW, BODY) | change

    with pytest.raises(InvalidSignature) as raised:
        verify([SECRET], headers, BODY, NOW)

    assert raised.value.metric == metric


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_message_with_one_byte_changed_is_not_genuine(index: int, mask: int) -> None:
    headers = standard_webhooks.headers([SECRET], "msg_1", NOW, BODY)
    forged = bytearray(BODY)
    forged[index] ^= mask

    with pytest.raises(InvalidSignature):
        verify([SECRET], headers, bytes(forged), NOW)


@pytest.mark.parametrize(
    ("late_seconds", "accepted"), [(-61, False), (-60, True), (0, True), (300, True), (301, False)]
)
def test_window_of_time_is_two_sided_and_narrower_ahead(late_seconds: int, accepted: bool) -> None:
    headers = standard_webhooks.headers([SECRET], "msg_1", NOW, BODY)
    read_at = NOW + late_seconds * times.SECOND

    if accepted:
        assert verify([SECRET], headers, BODY, read_at) == "msg_1"
    else:
        with pytest.raises(InvalidSignature) as raised:
            verify([SECRET], headers, BODY, read_at)
        assert raised.value.metric == "replay_window"


def test_replaced_secret_signs_along_for_a_day() -> None:
    stored = rotated([{"secret": "old"}], "new", NOW)

    assert in_force(stored, NOW) == ["new", "old"]
    assert in_force(stored, NOW + times.DAY - 1) == ["new", "old"]
    assert in_force(stored, NOW + times.DAY) == ["new"]


def test_rotating_again_lengthens_no_life_and_forgets_what_has_ended() -> None:
    once = rotated([{"secret": "first"}], "second", NOW)
    soon = rotated(once, "third", NOW + times.HOUR)
    late = rotated(soon, "fourth", NOW + times.DAY)

    assert in_force(soon, NOW + times.DAY - 1) == ["third", "second", "first"]
    assert in_force(soon, NOW + times.DAY) == ["third", "second"]
    assert [each["secret"] for each in late] == ["fourth", "third", "second"]


def test_only_so_many_secrets_are_kept_however_often_they_rotate() -> None:
    stored = rotated([], "0", NOW)

    for number in range(1, 10):
        stored = rotated(stored, str(number), NOW + number)

    assert [each["secret"] for each in stored] == ["9", "8", "7", "6"]


def test_rotating_to_the_same_secret_changes_nothing() -> None:
    assert rotated([{"secret": "only"}], "only", NOW) == [{"secret": "only"}]
