"""Connections' and endpoints' secrets as `manage` keeps them: one SecureString each, whole.

The parameter is what opens a door: where it exists, events are accepted. It is read uncached
before it is replaced, so that secrets an operator did not repeat stay. They must never be logged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import AwsClient, AwsError
from shared.adapters.secrets import parameter_name, read_secrets

if TYPE_CHECKING:
    from shared.adapters.aws import Caller

_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class SecretWriter:
    """The secrets of all connections below `prefix`."""

    def __init__(self, client: Caller, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    @classmethod
    def from_environment(cls, prefix: str, environ: Mapping[str, str]) -> SecretWriter:
        """Return the secrets as the Lambda's own role may write them."""
        return cls(AwsClient.from_environment("ssm", environ), prefix)

    def read(self, connection_id: str) -> dict[str, Any] | None:
        """Return the connection's secrets, None where there are none, as `read_secrets` does."""
        return read_secrets(self._client, parameter_name(self._prefix, connection_id))

    def create(self, connection_id: str, secrets: Mapping[str, Any]) -> bool:
        """Write the first secrets; return whether there were none. Raise AwsError."""
        try:
            self._put(connection_id, secrets, overwrite=False)
        except AwsError as error:
            if error.code == "ParameterAlreadyExists":
                return False
            raise
        return True

    def write(self, connection_id: str, secrets: Mapping[str, Any]) -> None:
        """Replace the connection's secrets. Raise AwsError."""
        self._put(connection_id, secrets, overwrite=True)

    def delete(self, connection_id: str) -> None:
        """Remove the connection's secrets, if there are any. Raise AwsError."""
        try:
            self._client.call(
                "DeleteParameter", {"Name": parameter_name(self._prefix, connection_id)}
            )
        except AwsError as error:
            if error.code != "ParameterNotFound":
                raise

    def _put(self, connection_id: str, secrets: Mapping[str, Any], *, overwrite: bool) -> None:
        self._client.call(
            "PutParameter",
            {
                "Name": parameter_name(self._prefix, connection_id),
                "Value": _encode(secrets),
                "Type": "SecureString",
                "Overwrite": overwrite,
            },
        )
