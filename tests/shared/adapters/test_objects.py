"""One bucket over the wire: conditions, etags, pages of a list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.objects import Listed, Objects
from shared.domain.errors import Contended
from tests.support.loopback_bucket import ENVIRON, LoopbackBucket, etag
from tests.support.loopback_server import LoopbackServer, http


@pytest.fixture
def bucket() -> Iterator[LoopbackBucket]:
    bucket = LoopbackBucket()
    with bucket.server:
        yield bucket


@pytest.fixture
def objects(bucket: LoopbackBucket) -> Objects:
    return Objects.from_environment("log", bucket.environ)


def test_what_was_put_is_got_with_its_etag(objects: Objects) -> None:
    content = bytes(range(256)) * 4096

    put = objects.put("history/orders/1.parquet", content)

    assert objects.get("history/orders/1.parquet") == (content, put)
    assert put == etag(content)


def test_nothing_is_told_from_an_empty_object(objects: Objects) -> None:
    objects.put("empty", b"")

    assert objects.get("empty") == (b"", etag(b""))
    assert objects.get("nothing") is None


def test_what_has_not_changed_is_not_sent_again(objects: Objects) -> None:
    first = objects.put("manifest.json", b"1")

    unchanged = objects.get_unless("manifest.json", first)
    second = objects.put("manifest.json", b"2")

    assert unchanged is None
    assert objects.get_unless("manifest.json", first) == (b"2", second)
    with pytest.raises(AwsError) as raised:
        objects.get_unless("nothing", first)
    assert raised.value.status == 404


def test_of_two_writers_who_saw_the_same_one_replaces_it(objects: Objects) -> None:
    seen = objects.put("manifest.json", b"0")

    objects.put("manifest.json", b"1", if_match=seen)

    with pytest.raises(Contended):
        objects.put("manifest.json", b"2", if_match=seen)
    assert objects.get("manifest.json") == (b"1", etag(b"1"))


def test_of_two_writers_who_saw_nothing_one_creates_it(objects: Objects) -> None:
    objects.put("manifest.json", b"1", if_none_match=True)

    with pytest.raises(Contended):
        objects.put("manifest.json", b"2", if_none_match=True)


def test_a_condition_on_what_is_gone_or_being_written_is_contended(
    bucket: LoopbackBucket, objects: Objects
) -> None:
    with pytest.raises(Contended):
        objects.put("manifest.json", b"1", if_match='"x"')
    bucket.busy = True
    with pytest.raises(Contended):
        objects.put("manifest.json", b"1", if_none_match=True)
    with pytest.raises(AwsError):  # without a condition it is no race but a refusal
        objects.put("manifest.json", b"1")


def test_a_list_is_read_to_its_end(bucket: LoopbackBucket, objects: Objects) -> None:
    for name in "abcde":
        objects.put(f"tails/{name}", name.encode() * 3)
    objects.put("history/x", b"")

    found = objects.list("tails/")

    moment = 1_795_334_400_250
    assert found == [Listed(f"tails/{name}", 3, moment) for name in "abcde"]
    assert len([line for line in bucket.asked if "list-type=2" in line]) == 3


def test_a_keys_own_marks_survive_a_list(objects: Objects) -> None:
    objects.put("t/a&b+c=d é", b"")
    objects.put("t/e", b"")
    objects.put("t/f", b"")

    assert [each.key for each in objects.list("t/")] == ["t/a&b+c=d é", "t/e", "t/f"]


def test_what_is_deleted_is_gone_and_may_be_deleted_again(objects: Objects) -> None:
    objects.put("tails/a", b"1")

    objects.delete("tails/a")
    objects.delete("tails/a")

    assert objects.get("tails/a") is None


def test_other_refusals_are_raised_as_they_are() -> None:
    denied = http(403, b"<Error><Code>AccessDenied</Code></Error>")
    with LoopbackServer(lambda _: denied) as server:
        objects = Objects.from_environment("log", {**ENVIRON, "AWS_ENDPOINT_URL": server.url})

        for call in (lambda: objects.get("x"), lambda: objects.put("x", b"", if_match="y")):
            with pytest.raises(AwsError, match="AccessDenied"):
                call()
        with pytest.raises(AwsError, match="AccessDenied"):
            objects.get_unless("x", "y")


def test_the_bucket_is_named_by_its_host_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []
    monkeypatch.setattr("shared.adapters.aws.HttpConnection", lambda *values: made.append(values))

    Objects.from_environment("log", ENVIRON)

    assert made == [("https://log.s3.eu-central-1.amazonaws.com", 1.0, 60.0, None)]
