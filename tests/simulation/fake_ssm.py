"""An in-process SSM Parameter Store: String and SecureString parameters, by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.virtual_clock import VirtualClock

STANDARD_BYTES_MAX = 4096
_NAME = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+")
_TYPES = ("String", "StringList", "SecureString")
_TAKES = {
    "GetParameter": ("Name", "WithDecryption"),
    "PutParameter": ("Name", "Value", "Type", "Overwrite", "Description", "Tier", "KeyId"),
    "DeleteParameter": ("Name",),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: str
    value: str
    version: int
    modified_ms: int


class FakeSSM:
    """Parameters that answer `call` as Parameter Store would."""

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self._clock = clock or VirtualClock()
        self.parameters: dict[str, Parameter] = {}
        self.calls: Counter[str] = Counter()
        self._operations = {
            "GetParameter": self._get_parameter,
            "PutParameter": self._put_parameter,
            "DeleteParameter": self._delete_parameter,
        }

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation and return its answer; raise AwsError as the client would."""
        perform = self._operations.get(operation)
        if perform is None:
            raise aws_error("UnknownOperationException", f"not faked: {operation}")
        self.calls[operation] += 1
        unknown = set(payload) - set(_TAKES[operation])
        if unknown or not payload.get("Name"):
            raise invalid(f"{operation} takes {_TAKES[operation]}, not {sorted(unknown)}")
        return perform(payload)

    def _found(self, name: str) -> Parameter:
        if name not in self.parameters:
            raise aws_error("ParameterNotFound", f"Parameter {name} not found.")
        return self.parameters[name]

    def _get_parameter(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        found = self._found(payload["Name"])
        value = found.value
        if found.kind == "SecureString" and not payload.get("WithDecryption"):
            value = f"encrypted:{found.version}"
        return {
            "Parameter": {
                "Name": found.name,
                "Type": found.kind,
                "Value": value,
                "Version": found.version,
                "LastModifiedDate": found.modified_ms / 1000,
                "ARN": f"arn:aws:ssm:eu-central-1:000000000000:parameter{found.name}",
                "DataType": "text",
            }
        }

    def _put_parameter(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        name, value = payload["Name"], payload.get("Value")
        old = self.parameters.get(name)
        kind = payload.get("Type") or (old.kind if old else "")
        if not _NAME.fullmatch(name) or not value or kind not in _TYPES:
            raise invalid(f"{name} needs a valid name, a value and a type")
        if len(value.encode()) > STANDARD_BYTES_MAX:
            raise invalid("Standard tier parameters support a maximum value of 4096 characters.")
        if old and not payload.get("Overwrite"):
            raise aws_error("ParameterAlreadyExists", "The parameter already exists.")
        version = old.version + 1 if old else 1
        self.parameters[name] = Parameter(name, kind, value, version, self._clock())
        return {"Version": version, "Tier": "Standard"}

    def _delete_parameter(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        del self.parameters[self._found(payload["Name"]).name]
        return {}
