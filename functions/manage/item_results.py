"""What became of one item of a bulk body, as its sender is told."""

from __future__ import annotations

from shared.domain.rendering import Json

Fault = tuple[str, str]


def accepted(status: str) -> Json:
    """Return the result of an item that was created, updated or left unchanged."""
    return {"status": status, "errors": []}


def rejected(*errors: Fault) -> Json:
    """Return the result of an item that breaks rules; each fault is a path in it and a message."""
    return {
        "status": "rejected",
        "errors": [{"path": path, "message": message} for path, message in errors],
    }
