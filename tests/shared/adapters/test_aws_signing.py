"""The hand-written signer against botocore's own: every byte of what goes out must be equal."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.aws_signing import Signer
from shared.adapters.objects import list_path

_PRINTABLE_ALPHABET = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_PRINTABLE = st.text(_PRINTABLE_ALPHABET, min_size=1, max_size=60)
_SECONDS = st.integers(min_value=0, max_value=4_102_444_800)


def _by_botocore(
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    body: bytes,
    seconds: float,
    monkeypatch: pytest.MonkeyPatch,
    *,
    signer: tuple[str, str, str, str, str],
) -> dict[str, str]:
    service, region, access_key, secret_key, token = signer
    moment = datetime.fromtimestamp(seconds, UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
    scheme = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    credentials = Credentials(access_key, secret_key, token or None)
    scheme(credentials, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    service=st.sampled_from(["sqs", "dynamodb", "ssm"]),
    region=st.sampled_from(["us-east-1", "eu-central-1", "ap-southeast-7", "cn-north-1"]),
    access_key=_PRINTABLE,
    secret_key=_PRINTABLE,
    token=st.one_of(st.just(""), _PRINTABLE),
    target=_PRINTABLE,
    body=st.binary(max_size=2_000),
    seconds=_SECONDS,
)
def test_json_calls_are_signed_byte_for_byte_as_botocore_signs_them(
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    region: str,
    access_key: str,
    secret_key: str,
    token: str,
    target: str,
    body: bytes,
    seconds: int,
) -> None:
    host = f"{service}.{region}.amazonaws.com"
    headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)]
    signer = (service, region, access_key, secret_key, token)

    ours = Signer(*signer).sign(
        "POST", "/", [*headers, ("host", host)], hashlib.sha256(body).hexdigest(), seconds
    )

    theirs = _by_botocore(
        "POST", f"https://{host}/", headers, body, seconds, monkeypatch, signer=signer
    )
    assert dict(ours) == {**theirs, "host": host}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(["PUT", "GET"]),
    key=st.from_regex(r"[A-Za-z0-9_-]{1,64}/[0-9a-f]{64}", fullmatch=True),
    token=st.one_of(st.just(""), _PRINTABLE),
    body=st.binary(max_size=2_000),
    seconds=_SECONDS,
)
def test_bucket_requests_are_signed_byte_for_byte_as_botocore_signs_them(
    monkeypatch: pytest.MonkeyPatch, method: str, key: str, token: str, body: bytes, seconds: int
) -> None:
    host = "bodies.s3.eu-central-1.amazonaws.com"
    body_hash = hashlib.sha256(body).hexdigest()
    signer = ("s3", "eu-central-1", "AKIDEXAMPLE", "example/secret+key", token)

    ours = Signer(*signer).sign(
        method, f"/{key}", [("x-amz-content-sha256", body_hash), ("host", host)], body_hash, seconds
    )

    theirs = _by_botocore(
        method, f"https://{host}/{key}", [], body, seconds, monkeypatch, signer=signer
    )
    assert dict(ours) == {**theirs, "host": host}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    prefix=st.text(max_size=40),
    continuation=st.one_of(st.none(), st.text(_PRINTABLE_ALPHABET, min_size=1, max_size=80)),
    seconds=_SECONDS,
)
def test_lists_are_signed_byte_for_byte_as_botocore_signs_them(
    monkeypatch: pytest.MonkeyPatch, prefix: str, continuation: str | None, seconds: int
) -> None:
    host = "log.s3.eu-central-1.amazonaws.com"
    signer = ("s3", "eu-central-1", "AKIDEXAMPLE", "example/secret+key", "")
    empty = hashlib.sha256(b"").hexdigest()
    path = list_path("", prefix, continuation or "")

    ours = Signer(*signer).sign(
        "GET", path, [("x-amz-content-sha256", empty), ("host", host)], empty, seconds
    )

    theirs = _by_botocore(
        "GET", f"https://{host}{path}", [], b"", seconds, monkeypatch, signer=signer
    )
    assert dict(ours) == {**theirs, "host": host}


def test_day_key_is_derived_anew_when_the_utc_day_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cached key that outlived its day would have every call refused from midnight on."""
    credentials = ("sqs", "us-east-1", "AKIDEXAMPLE", "secret", "")
    signer = Signer(*credentials)
    body_hash = hashlib.sha256(b"{}").hexdigest()
    midnight = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
    host = "sqs.us-east-1.amazonaws.com"

    for seconds in (midnight - 1, midnight, midnight + 1, midnight - 1):
        ours = signer.sign("POST", "/", [("host", host)], body_hash, seconds)
        theirs = _by_botocore(
            "POST", f"https://{host}/", [], b"{}", seconds, monkeypatch, signer=credentials
        )
        assert dict(ours)["authorization"] == theirs["authorization"]


def test_missing_credentials_are_named() -> None:
    with pytest.raises(KeyError, match="AWS_ACCESS_KEY_ID"):
        Signer.from_environment("sqs", {"AWS_REGION": "us-east-1"})
