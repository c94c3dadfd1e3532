"""Uploads, over the wire; addresses against botocore's own."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared.adapters.aws import AwsError
from shared.adapters.uploads import ADDRESS_SECONDS, Uploads
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

_ENVIRON = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
}
NOW = 1_790_000_000_000


def _bucket() -> LoopbackServer:
    stored: dict[str, bytes] = {}

    def respond(request: Received) -> Reply:
        method, path, _ = request.first_line.split(" ")
        if method == "PUT":
            stored[path] = request.body
            return http(200, b"")
        if path not in stored:
            return http(404, b"<Error><Code>NoSuchKey</Code></Error>")
        first, last = map(int, request.headers["range"].removeprefix("bytes=").split("-"))
        content = stored[path]
        if first >= len(content):
            return http(416, b"<Error><Code>InvalidRange</Code></Error>")
        total = f"bytes {first}-{last}/{len(content)}"
        return http(206, content[first : last + 1], f"Content-Range: {total}")

    return LoopbackServer(respond)


def _uploads(server: LoopbackServer) -> Uploads:
    return Uploads.from_environment("bodies", {**_ENVIRON, "AWS_ENDPOINT_URL": server.url})


def test_a_file_is_read_part_by_part() -> None:
    with _bucket() as server:
        uploads = _uploads(server)
        uploads.put("imports/job 1", b"0123456789")

        parts = [uploads.part("imports/job 1", start, 4) for start in (0, 4, 8)]

    assert parts == [b"0123", b"4567", b"89"]
    assert server.received[0].first_line == "PUT /bodies/imports/job%201 HTTP/1.1"
    assert "range" in server.received[1].headers["authorization"]


def test_what_is_stored_for_readers_says_what_it_is() -> None:
    with _bucket() as server:
        _uploads(server).put("exports/1.csv", b"a", "text/csv; charset=utf-8")

    headers = server.received[0].headers
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert "content-type" in headers["authorization"]


def test_its_size_is_known_before_it_is_read() -> None:
    with _bucket() as server:
        uploads = _uploads(server)
        uploads.put("imports/full", b"0123456789")
        uploads.put("imports/empty", b"")

        sizes = [uploads.size(f"imports/{name}") for name in ("full", "empty", "gone")]

    assert sizes == [10, 0, None]


def test_what_is_gone_is_nothing_and_a_place_behind_the_end_an_error() -> None:
    with _bucket() as server:
        uploads = _uploads(server)
        uploads.put("imports/short", b"01")

        assert uploads.part("imports/gone", 0, 4) is None
        with pytest.raises(AwsError):
            uploads.part("imports/short", 2, 4)


@pytest.mark.parametrize(("status", "code"), [(404, "NoSuchKey"), (403, "AccessDenied")])
def test_what_is_missing_is_told_so_even_where_the_role_may_not_list(
    status: int, code: str
) -> None:
    answer = f"<Error><Code>{code}</Code></Error>".encode()
    with LoopbackServer(lambda _: http(status, answer)) as server:
        uploads = _uploads(server)

        assert uploads.part("imports/gone", 0, 4) is None
        assert uploads.size("imports/gone") is None


def test_a_signature_that_is_refused_is_no_missing_file() -> None:
    answer = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
    with LoopbackServer(lambda _: http(403, answer)) as server, pytest.raises(AwsError):
        _uploads(server).size("imports/job-1")


@pytest.mark.parametrize("token", ["", "FwoG/example+token=="])
@pytest.mark.parametrize("emulator", ["", "http://127.0.0.1:4566"])
def test_an_address_is_signed_byte_for_byte_as_botocore_signs_it(
    token: str, emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime.fromtimestamp(NOW / 1000, UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    base = f"{emulator}/bodies" if emulator else "https://bodies.s3.eu-central-1.amazonaws.com"
    credentials = Credentials("AKIDEXAMPLE", "example", token or None)
    signing = botocore.auth.S3SigV4QueryAuth(
        credentials, "s3", "eu-central-1", expires=ADDRESS_SECONDS
    )
    put, get = (AWSRequest(method=each, url=f"{base}/imports/job-1") for each in ("PUT", "GET"))
    signing.add_auth(put)
    signing.add_auth(get)
    environ = {**_ENVIRON, "AWS_ENDPOINT_URL": emulator, "AWS_SESSION_TOKEN": token}

    uploads = Uploads.from_environment("bodies", environ)

    assert _parts(uploads.address("imports/job-1", NOW)) == _parts(put.url or "")
    assert _parts(uploads.reading_address("imports/job-1", NOW)) == _parts(get.url or "")


def _parts(url: str) -> tuple[str, set[str]]:
    place, _, query = url.partition("?")
    return place, set(query.split("&"))
