"""One deployment's SSM, SQS and bucket on loopback, for doors that run as their Lambda does."""

from __future__ import annotations

import json
from typing import Any

from tests.support.loopback_server import LoopbackServer, Received, Reply, http


class LoopbackAws:
    """Answers what a door asks of AWS, and keeps what it was sent."""

    def __init__(self, provider: str, signing_secret: str) -> None:
        secrets = {"provider": provider, "signing_secrets": [signing_secret], "disabled": False}
        self.parameters = {"/paysignal/connections/shop/secrets": json.dumps(secrets)}
        self.messages: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}
        self.server = LoopbackServer(self._respond)

    @property
    def environ(self) -> dict[str, str]:
        """The variables a door's Lambda is given."""
        return {
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_ENDPOINT_URL": self.server.url,
            "EVENTS_QUEUE_URL": f"{self.server.url}/000000000000/events.fifo",
            "HISTORY_QUEUE_URL": f"{self.server.url}/000000000000/history",
            "BODIES_BUCKET": "bodies",
            "PARAMETER_PREFIX": "/paysignal/connections",
            "CONFIG_CACHE_SECONDS": "60",
        }

    def _respond(self, request: Received) -> Reply:
        if request.operation == "GetParameter":
            value = self.parameters.get(request.json()["Name"])
            if value is None:
                return http(400, {"__type": "ParameterNotFound"})
            return http(200, {"Parameter": {"Value": value}})
        if request.operation == "SendMessage":
            self.messages.append(request.json())
            return http(200, {"MessageId": "1"})
        assert request.first_line.startswith("PUT /bodies/")
        self.objects[request.first_line.split(" ")[1]] = request.body
        return http(200, b"")
