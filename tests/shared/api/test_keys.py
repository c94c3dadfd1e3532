"""API keys: hashed at rest, cached briefly, expired on time."""

from __future__ import annotations

import itertools
from base64 import b64encode
from dataclasses import FrozenInstanceError
from hashlib import sha256
from typing import Any

import pytest

from shared.adapters.table import Table
from shared.api.access import SCOPES
from shared.api.keys import KeyRing, create_key, revoke_key
from shared.domain.errors import Forbidden, Invalid, NotFound, Unauthorized
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB

NOW = 1_790_000_000_000
DAY = 86_400_000
NAME_RULE = ("name", "has to be 1 to 200 characters")
SCOPES_RULE = ("scopes", f"has to be one or more of {', '.join(SCOPES)}")
FUTURE_RULE = ("expires_date", "has to lie in the future")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryStore()
    fake = FakeDynamoDB()
    return Table(fake.schema.name, fake)


def make(store: Any, *scopes: str, expires_date: int | None = None, **options: Any) -> Any:
    numbers = itertools.count(options.pop("first", 1))
    return create_key(
        store, "CRM", scopes, expires_date, NOW, lambda: f"{next(numbers):064x}", **options
    )


def test_a_new_key_opens_what_its_scopes_say_and_nothing_else(store: Any) -> None:
    made = make(store, "contacts:read")

    caller = KeyRing(store, cache_seconds=60, now=Clock()).caller(f"Bearer {made['key']}")

    assert caller.key_id == made["key_id"]
    caller.check("contacts:read")
    with pytest.raises(Forbidden):
        caller.check("contacts:write")
    with pytest.raises(Forbidden):
        caller.check(None)


def test_the_table_holds_the_hash_of_a_key_and_never_the_key() -> None:
    store = MemoryStore()

    made = make(store, "config:read")

    assert made["key"].startswith(f"ps_{made['key_id']}_")
    assert ("secret", sha256(made["key"].encode()).hexdigest()) in store.documents
    assert made["key"] not in repr(store.documents)
    assert made["key"].rpartition("_")[2] not in repr(store.documents)


def test_what_is_stored_of_a_key_is_its_terms_under_its_hash_and_its_id() -> None:
    store, secret = MemoryStore(), "0" * 64

    made = create_key(store, " CRM ", ["config:read"] * 2, NOW + DAY, NOW, lambda: secret)

    key_id = sha256(f"key_id {secret}".encode()).hexdigest()[:12]
    digest = sha256(f"ps_{key_id}_{secret}".encode()).hexdigest()
    terms = {
        "version": 1,
        "key_id": key_id,
        "scopes": ["config:read"],
        "expires_date": NOW + DAY,
    }
    described = {**terms, "name": "CRM", "created_date": NOW, "hash": digest}
    kept = {name: store.read([name])[name] for name in (("secret", digest), ("key", key_id))}
    assert kept == {("secret", digest): terms, ("key", key_id): described}
    assert made == {**described, "key": f"ps_{key_id}_{secret}"}


def test_a_key_may_have_every_scope_and_a_name_of_200_characters() -> None:
    made = create_key(MemoryStore(), "x" * 200, SCOPES, None, NOW, lambda: "0" * 64)

    assert made["scopes"] == list(SCOPES)
    assert made["name"] == "x" * 200


def test_a_caller_cannot_be_given_more_than_the_key_has(store: Any) -> None:
    made = make(store, "config:read")
    caller = KeyRing(store, cache_seconds=60, now=Clock()).caller(f"Bearer {made['key']}")

    with pytest.raises(FrozenInstanceError):
        caller.scopes = frozenset(SCOPES)  # type: ignore[misc]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {key} {key}",
        "Bearer ps_000000000000_" + "0" * 64,
        "Bearer " + "a" * 70_000,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "Bearer \u00e4\u00f6\u00fc",
    ],
)
def test_whatever_is_no_valid_key_is_refused_in_the_same_words(
    store: Any, header: str | None
) -> None:
    made = make(store, "config:read")
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    with pytest.raises(Unauthorized) as refused:
        ring.caller(header.replace("{key}", made["key"]) if header else header)

    assert refused.value.detail == "A valid API key is needed: Authorization: Bearer <key>."


def test_the_scheme_is_read_in_any_case(store: Any) -> None:
    made = make(store, "config:read")

    caller = KeyRing(store, cache_seconds=0, now=Clock()).caller(f"bEARER  {made['key']} ")

    assert caller.key_id == made["key_id"]


def test_a_key_expires_even_while_it_is_remembered(store: Any) -> None:
    clock = Clock()
    made = make(store, "config:read", expires_date=NOW + 1000)
    ring = KeyRing(store, cache_seconds=60, now=clock)
    ring.caller(f"Bearer {made['key']}")

    clock.now += 1000

    with pytest.raises(Unauthorized):
        ring.caller(f"Bearer {made['key']}")


def test_a_key_is_read_once_per_cache_time() -> None:
    clock, store = Clock(), MemoryStore()
    header = f"Bearer {make(store, 'config:read')['key']}"
    ring = KeyRing(store, cache_seconds=60, now=clock)
    ring.caller(header)
    reads = store.reads

    clock.now += 59_999
    ring.caller(header)
    remembered = store.reads
    clock.now += 1
    ring.caller(header)

    assert (remembered, store.reads) == (reads, reads + 1)


def test_unknown_keys_are_remembered_too_but_never_without_end() -> None:
    store = MemoryStore()
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    for number in [0, 0, *range(1, 3000)]:
        with pytest.raises(Unauthorized):
            ring.caller(f"Bearer ps_0_{number:030d}")

    assert store.reads == 3000
    assert len(ring._remembered) <= 1000


def test_a_thousand_keys_are_remembered_before_all_are_forgotten() -> None:
    store = MemoryStore()
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    reads = []
    for number in [*range(1_000), 0, 1_000, 0]:
        with pytest.raises(Unauthorized):
            ring.caller(f"Bearer ps_0_{number:030d}")
        reads.append(store.reads)

    assert reads[999:] == [1_000, 1_000, 1_001, 1_002]


def test_what_cannot_be_a_key_is_not_looked_up() -> None:
    store = MemoryStore()
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    for sent in ("", "ps_0_short", "x" * 70_000):
        with pytest.raises(Unauthorized):
            ring.caller(f"Bearer {sent}")

    assert store.reads == 0


def test_a_revoked_key_stops_working_when_caches_have_forgotten_it(store: Any) -> None:
    clock = Clock()
    made = make(store, "config:read")
    ring = KeyRing(store, cache_seconds=60, now=clock)
    ring.caller(f"Bearer {made['key']}")

    revoke_key(store, made["key_id"])
    clock.now += 60_000

    with pytest.raises(Unauthorized):
        ring.caller(f"Bearer {made['key']}")
    with pytest.raises(NotFound):
        revoke_key(store, made["key_id"])


@pytest.mark.parametrize(
    ("name", "scopes", "expires_date", "error"),
    [
        (" ", ("config:read",), None, NAME_RULE),
        ("x" * 201, ("config:read",), None, NAME_RULE),
        ("x", (), None, SCOPES_RULE),
        ("x", ("config:read", "admin"), None, SCOPES_RULE),
        ("x", ("config:read",), NOW, FUTURE_RULE),
        ("x", ("config:read",), NOW - DAY, FUTURE_RULE),
    ],
)
def test_a_key_that_breaks_a_rule_is_not_made(
    name: str, scopes: tuple[str, ...], expires_date: int | None, error: tuple[str, str]
) -> None:
    store = MemoryStore()

    with pytest.raises(Invalid) as refused:
        create_key(store, name, scopes, expires_date, NOW, lambda: "0" * 64)

    assert refused.value.errors == (error,)
    assert not store.documents


def test_a_secret_no_header_could_carry_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no request could carry"):
        create_key(MemoryStore(), "x", ["config:read"], None, NOW, lambda: "too short")


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


def test_a_spreadsheet_may_send_the_key_as_the_password_of_any_user(store: Any) -> None:
    made = make(store, "reports:read")
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    for user in ("", "sheet", "ada@example.com"):
        caller = ring.caller(basic(f"{user}:{made['key']}"))
        assert caller.key_id == made["key_id"]
        assert caller.scopes == {"reports:read"}


def test_what_is_no_password_opens_nothing(store: Any) -> None:
    key = make(store, "reports:read")["key"]
    ring = KeyRing(store, cache_seconds=60, now=Clock())

    for header in (
        basic(key),
        basic(f"{key}:"),
        basic(f"sheet:{key}:"),
        f"Basic sheet:{key}",
        "Basic",
        "Basic /w==",
        f"Digest {key}",
        basic(f"sheet:{key}").replace("Basic", "Digest"),
        basic(f"sheet:{key}").replace("Basic ", "Basic !"),
    ):
        with pytest.raises(Unauthorized):
            ring.caller(header)
