"""An erasure as it is noted: hashes and ids, never an address."""

from __future__ import annotations

import pytest

from shared.domain.erasure import Erasure, hash_of, read_object

ADA, LOVELACE = "ada@example.com", "lovelace@example.com"
AT = 1_790_000_000_000
TOLD = Erasure.of("contact-1", [LOVELACE, ADA], AT)


def test_an_address_has_one_hash_however_it_is_spelt() -> None:
    assert hash_of(" Ada@Example.COM ") == hash_of(ADA) != hash_of(LOVELACE)


def test_an_erasure_is_read_as_it_was_written_and_names_nobody() -> None:
    content = TOLD.to_object()

    assert read_object(content) == TOLD
    assert b"example" not in content


def test_objects_of_the_ledger_sort_by_the_time_of_erasure() -> None:
    later = Erasure.of(None, [ADA], AT + 1)

    assert TOLD.key < later.key
    assert TOLD.key == Erasure.of("contact-1", [ADA, LOVELACE], AT).key
    assert TOLD.key.startswith(f"erased/{AT:015d}-")


@pytest.mark.parametrize(
    ("contact_id", "email", "at", "covered"),
    [
        ("contact-1", None, AT, True),
        (None, " ADA@example.com", AT - 1, True),
        ("contact-1", ADA, AT + 1, False),
        ("contact-2", "byron@example.com", AT, False),
        (None, None, AT, False),
    ],
)
def test_it_covers_what_was_recorded_of_its_person_by_then(
    contact_id: str | None, email: str | None, at: int, covered: bool
) -> None:
    assert TOLD.covers(contact_id, email, at) is covered


def test_an_erasure_of_nobody_covers_nobody() -> None:
    assert not Erasure.of(None, [ADA], AT).covers(None, None, AT)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'{"version":2,"contact_id":null,"email_hashes":[],"erased_at":1}',
        b'{"version":1,"contact_id":7,"email_hashes":[],"erased_at":1}',
        b'{"version":1,"contact_id":null,"email_hashes":["ada@example.com"],"erased_at":1}',
        b'{"version":1,"contact_id":null,"email_hashes":[],"erased_at":true}',
        b"{",
    ],
)
def test_what_is_no_erasure_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_object(content)
