"""The bucket of large bodies, over the wire."""

from __future__ import annotations

import hashlib

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.bodies import S3Objects
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

_ENVIRON = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
}


def _bucket_server() -> LoopbackServer:
    stored: dict[str, bytes] = {}

    def respond(request: Received) -> Reply:
        method, path, _ = request.first_line.split(" ")
        if method == "PUT":
            stored[path] = request.body
            return http(200, b"")
        if path not in stored:
            return http(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return http(200, stored[path])

    return LoopbackServer(respond)


def test_what_was_put_is_got_back() -> None:
    content = b"\x00\xff" * 50_000
    with _bucket_server() as server:
        bucket = S3Objects.from_environment("bodies", {**_ENVIRON, "AWS_ENDPOINT_URL": server.url})

        bucket.put("shop/abc", content)
        found = bucket.get("shop/abc")

    assert found == content
    assert server.received[0].first_line == "PUT /bodies/shop/abc HTTP/1.1"
    digest = hashlib.sha256(content).hexdigest()
    assert server.received[0].headers["x-amz-content-sha256"] == digest


def test_keys_are_percent_encoded_as_s3_signs_them() -> None:
    with _bucket_server() as server:
        bucket = S3Objects.from_environment("bodies", {**_ENVIRON, "AWS_ENDPOINT_URL": server.url})

        bucket.put("a b/é+~", b"x")

    assert server.received[0].first_line == "PUT /bodies/a%20b/%C3%A9%2B~ HTTP/1.1"


def test_missing_object_is_told_by_its_code() -> None:
    with _bucket_server() as server:
        bucket = S3Objects.from_environment("bodies", {**_ENVIRON, "AWS_ENDPOINT_URL": server.url})

        with pytest.raises(AwsError) as raised:
            bucket.get("shop/nothing")

    assert (raised.value.code, raised.value.status) == ("NoSuchKey", 404)
    assert not raised.value.retryable


def test_bucket_is_named_by_its_host_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[str] = []

    class Listed:
        def __init__(self, url: str, *_: object) -> None:
            urls.append(url)

    monkeypatch.setattr("shared.adapters.aws.HttpConnection", Listed)

    S3Objects.from_environment("bodies", _ENVIRON)

    assert urls == ["https://bodies.s3.eu-central-1.amazonaws.com"]
