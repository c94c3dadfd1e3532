"""The receivers: each manner as the product's own door out records it, and posts side by side."""

from __future__ import annotations

from typing import Any

import pytest

from functions.run_automations.deliver import Posting
from shared.adapters.outbound import Attempted
from tests.simulation.endpoint_servers import MANNERS, Internet, Server, Uplink
from tests.simulation.faults import Plan
from tests.simulation.world import World

HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
ANSWERS = {
    "ok": (204, "", 0),
    "body": (200, "", 0),
    "broken": (500, "", 0),
    "throttled": (429, "", 0),
    "moved": (302, "", 0),
    "gone": (410, "", 0),
    "slow": (200, "", 6_000),
    "hanging": (0, "timeout", 15_000),
    "refusing": (0, "connect_failed", 0),
    "hung_up": (0, "connection_lost", 0),
    "cut_off": (200, "", 0),
}


class Scene:
    """A world with a receiver of each manner given, and the product's own door out."""

    def __init__(self, *manners: str, plan: Plan = ()) -> None:
        self.world = World(0, plan, step_ms=0)
        self.servers = [Server(f"{manner}.example.com", (), manner) for manner in manners]
        self.uplink = Uplink(Internet(self.world, self.servers))
        self.outbound = self.uplink.outbound()

    def post(self, host: str, body: bytes = b"{}") -> Attempted:
        return self.outbound.post(f"https://{host}.example.com/hooks", HEADERS, body)


def test_every_manner_is_known() -> None:
    assert ANSWERS.keys() == MANNERS.keys()


@pytest.mark.parametrize("manner", MANNERS)
def test_a_manner_is_recorded_as_what_it_is(manner: str) -> None:
    scene = Scene(manner)

    told = scene.post(manner)

    assert (told.status, told.fault, told.duration_ms) == ANSWERS[manner]
    assert told.retry_after == ("120" if manner == "throttled" else "")
    assert len(scene.servers[0].requests) == (manner != "refusing")


def test_manners_change_from_request_to_request() -> None:
    scene = Scene("ok")
    scene.servers[0].manners = ("broken", "gone")

    assert [scene.post("ok").status for _ in range(3)] == [500, 410, 204]


def test_a_server_keeps_what_it_was_sent() -> None:
    scene = Scene("ok")

    scene.post("ok", b'{"type":"x"}')

    (request,) = scene.servers[0].requests
    assert request.body == b'{"type":"x"}'
    assert request.headers["webhook-signature"] == "v1,x"
    assert (request.message_id, request.at_ms) == ("msg_1", scene.world.clock())


def test_a_lost_reply_is_a_lost_connection_after_the_request_arrived() -> None:
    scene = Scene("ok", plan=[(0, "lost_reply", 0)])

    told = scene.post("ok")

    assert (told.status, told.fault) == (0, "connection_lost")
    assert len(scene.servers[0].requests) == 1


def test_an_unknown_host_is_not_found() -> None:
    assert Scene("ok").post("nowhere").fault == "dns_error"


def test_a_post_that_got_nowhere_is_known_to_have_begun() -> None:
    scene = Scene("refusing", "ok")

    def post(posting: Posting) -> Attempted:
        return scene.outbound.post(posting.url, HEADERS, b"{}")

    postings: Any = [
        Posting({}, f"https://{host}.example.com/", HEADERS, host) for host in ("refusing", "ok")
    ]
    list(scene.uplink.side_by_side(postings, post))

    tried = scene.uplink._internet.tried
    assert [each.host for each in tried] == ["refusing.example.com", "ok.example.com"]
    assert {each.message_id for each in tried} == {"msg_1"}
    assert [len(each.requests) for each in scene.servers] == [0, 1]


def test_posts_side_by_side_end_each_at_its_own_time_and_others_work_meanwhile() -> None:
    scene = Scene("hanging", "ok", "slow")
    began, seen = scene.world.clock(), []
    scene.world.schedule(7_000, lambda: seen.append("meanwhile"))

    def post(posting: Posting) -> Attempted:
        return scene.outbound.post(posting.url, HEADERS, b"{}")

    postings: Any = [
        Posting({}, f"https://{host}.example.com/", HEADERS, host)
        for host in ("hanging", "ok", "slow")
    ]
    for index, _ in scene.uplink.side_by_side(postings, post):
        seen.append(f"{postings[index].attempt_id} {scene.world.clock() - began}")

    assert seen == ["ok 0", "slow 6000", "meanwhile", "hanging 15000"]
