"""A connection's secrets, read from SSM and remembered for as long as configuration may be stale.

The parameter `<prefix>/<connection_id>/secrets` is a SecureString of JSON; nothing else says that
a connection exists, so a door needs one read to decide. Unknown connections are remembered too,
or guessing ids would become a flood of SSM calls. Secrets stay in this memory: they must never be
logged, queued or put into an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.adapters.aws import AwsClient, AwsError
from shared.domain.errors import Retryable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from shared.adapters.aws import Caller

# While SSM fails, what was last read still serves: some providers never send an event again.
STALE_SECONDS_MAX = 600
_REMEMBERED_MAX = 1_000


def parameter_name(prefix: str, connection_id: str) -> str:
    """Return the name of the parameter that holds the connection's secrets."""
    return f"{prefix}/{connection_id}/secrets"


def read_secrets(client: Caller, name: str) -> dict[str, Any] | None:
    """Return what a parameter of secrets holds now, None where there is no such parameter.

    Raise AwsError where SSM does not tell, and Retryable for what is no JSON object.
    """
    try:
        answer = client.call("GetParameter", {"Name": name, "WithDecryption": True})
    except AwsError as error:
        if error.code == "ParameterNotFound":
            return None
        raise
    try:
        secrets = json.loads(answer["Parameter"]["Value"])
    except (KeyError, TypeError, ValueError):
        secrets = None
    if not isinstance(secrets, dict):
        # `from None`: the decoder's message could quote what it read.
        raise Retryable("the connection's secrets are not a JSON object") from None
    return secrets


class ConnectionSecrets:
    """The secrets of all connections, one SSM read each per `cache_seconds`."""

    def __init__(self, client: Caller, prefix: str, cache_seconds: int) -> None:
        self._client = client
        self._prefix = prefix
        self._cache_seconds = cache_seconds
        self._remembered: dict[str, _Memory] = {}

    @classmethod
    def from_environment(
        cls, prefix: str, cache_seconds: int, environ: Mapping[str, str]
    ) -> ConnectionSecrets:
        """Return the secrets below `prefix` as the Lambda's own role may read them."""
        return cls(AwsClient.from_environment("ssm", environ), prefix, cache_seconds)

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        """Return the connection's secrets, None where there is no such connection.

        `now` is monotonic, in seconds. Raise AwsError or Retryable where SSM does not tell and
        memory does not serve.
        """
        memory = self._remembered.get(connection_id)
        if memory is not None and now < memory.fresh_until:
            return memory.secrets
        try:
            secrets = read_secrets(self._client, parameter_name(self._prefix, connection_id))
        except AwsError as error:
            if memory is None or not error.retryable or now >= memory.usable_until:
                raise
            memory.fresh_until = min(now + self._cache_seconds, memory.usable_until)
            return memory.secrets
        if len(self._remembered) >= _REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[connection_id] = _Memory(secrets, now, self._cache_seconds)
        return secrets


class _Memory:
    __slots__ = ("fresh_until", "secrets", "usable_until")

    def __init__(self, secrets: Mapping[str, Any] | None, now: float, cache_seconds: int) -> None:
        self.secrets = secrets
        self.fresh_until = now + cache_seconds
        self.usable_until = now + max(cache_seconds, STALE_SECONDS_MAX)
