"""The directory: what connections are to each other, in one document."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import directory
from shared.domain.directory import Directory, directory_of


def _connection(name: str, **about: Any) -> dict[str, Any]:
    return {"connection_id": name, "provider": "stripe", "mode": "live", **about}


def _directory(*connections: dict[str, Any]) -> Directory:
    return directory_of(connections)


def test_nobody_reports_twice_where_nobody_is_connected() -> None:
    assert not Directory(None).doubles("shop")


@pytest.mark.parametrize(
    ("other", "doubles"),
    [
        ({"provider": "paykickstart"}, True),
        ({"provider": "stripe"}, True),
        ({"mode": "test"}, False),
        ({"role": "mirror"}, False),
        ({"provider": "activecampaign"}, False),
    ],
)
def test_two_sources_of_one_mode_may_report_one_sale(other: dict[str, Any], doubles: bool) -> None:
    known = _directory(_connection("shop"), _connection("other", **other))

    assert known.doubles("shop") is doubles


def test_a_mirror_is_compared_with_two_sources() -> None:
    mirror = _connection("copy", role="mirror")
    known = _directory(_connection("shop"), _connection("kick", provider="paykickstart"), mirror)

    assert known.doubles("copy")
    assert known.peers("shop") == ["copy", "kick"]
    assert known.peers("copy") == ["kick", "shop"]


@pytest.mark.parametrize(
    ("owner", "mirror"),
    [
        ({"role": "source", "authority": 0}, {"role": "mirror", "authority": 99}),
        ({"authority": 51, "provider": "woocommerce"}, {"authority": 50, "provider": "stripe"}),
        ({"provider": "paypal"}, {"provider": "paykickstart", "connection_id": "a"}),
        ({"connection_id": "a"}, {"connection_id": "b"}),
    ],
)
def test_of_two_connections_one_owns_what_both_report(
    owner: dict[str, Any], mirror: dict[str, Any]
) -> None:
    one, other = _connection("m", **owner), _connection("n", **mirror)
    known = _directory(one, other)

    assert known.rank(one["connection_id"]) < known.rank(other["connection_id"])


def test_a_deleted_connection_keeps_its_rank_and_reports_no_more() -> None:
    book = directory.entered(None, _connection("shop"))
    book = directory.entered(book, _connection("kick", authority=80))

    known = Directory(directory.left(book, "kick"))

    assert not known.doubles("shop")
    assert known.rank("kick") < known.rank("shop")


def test_a_connection_that_was_deleted_can_be_made_again() -> None:
    book = directory.entered(None, _connection("shop"))
    book = directory.left(directory.entered(book, _connection("kick")), "kick")

    book = directory.entered(book, _connection("kick"))

    assert Directory(book).doubles("shop")
    assert book["version"] == 4


def test_leaving_a_directory_one_was_never_in_changes_nothing_of_it() -> None:
    book = directory.entered(None, _connection("shop"))

    assert directory.left(book, "kick")["connections"] == book["connections"]
