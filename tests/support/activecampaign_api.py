"""ActiveCampaign's API v3 as documented, on loopback: an account's contacts, page by page."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from infra.samples.activecampaign import Account
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

TOKEN = "api-token-of-a-test"


class ActiveCampaignStandIn:
    """Serves an account; `replies` are given first, in order, instead of its own."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.replies: list[Reply] = []
        self.asked: list[str] = []
        self._server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _answer(self, request: Received) -> Reply:
        method, target, _ = request.first_line.split(" ")
        self.asked.append(target)
        assert method == "GET"
        if self.replies:
            return self.replies.pop(0)
        if request.headers.get("api-token") != TOKEN:
            return http(403, {"message": "You are not allowed"})
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query.get("include") == "contactTags.tag,contactLists.list"
        if parts.path == "/api/3/contacts":
            assert query["orders[id]"] == "ASC"
            assert int(query["limit"]) <= 100
            return http(200, self.account.page(int(query["id_greater"]), int(query["limit"])))
        found = self.account.one(int(parts.path.rpartition("/")[2]))
        return http(404, {"message": "No Result found"}) if found is None else http(200, found)
