"""Who may call what: every route of the API beside the scope it needs.

This table alone grants access. A route that is not in it is answered 404, whatever its code says;
a test holds it equal to the routes the two Lambdas have. Scopes do not imply each other. Keys and
settings need `config:write` even to be read: they say who may do what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

SCOPES = (
    "reports:read",
    "contacts:read",
    "contacts:write",
    "payments:write",
    "activity:write",
    "config:read",
    "config:write",
)
_OF_ONE_SEGMENT = frozenset(
    {
        "connection_id",
        "automation_id",
        "endpoint_id",
        "delivery_id",
        "run_id",
        "job_id",
        "duplicate_id",
        "key_id",
        "segment_id",
        "report",
        "recipe",
        "token",
    }
)
# Open to everyone: what the API looks like is no secret, and an email's link is its own key.
PUBLIC = ""

ACCESS: Mapping[tuple[str, str], str] = {
    ("GET", "/docs"): PUBLIC,
    ("GET", "/v1/openapi.json"): PUBLIC,
    ("GET", "/v1/unsubscribe/{token}"): PUBLIC,
    ("POST", "/v1/unsubscribe/{token}"): PUBLIC,
    ("GET", "/v1/connections"): "config:read",
    ("GET", "/v1/connections/{connection_id}"): "config:read",
    ("PUT", "/v1/connections/{connection_id}"): "config:write",
    ("DELETE", "/v1/connections/{connection_id}"): "config:write",
    ("GET", "/v1/connections/{connection_id}/history"): "config:read",
    ("POST", "/v1/connections/{connection_id}/history"): "config:write",
    ("POST", "/v1/connections/{connection_id}/verify"): "config:write",
    ("GET", "/v1/contacts/{contact}"): "contacts:read",
    ("GET", "/v1/contacts/{contact}/export"): "contacts:read",
    ("PUT", "/v1/contacts"): "contacts:write",
    ("DELETE", "/v1/contacts/{contact}"): "contacts:write",
    ("POST", "/v1/contacts/import"): "contacts:write",
    # Jobs of several kinds are read here, and what came of some of them is people's data.
    ("GET", "/v1/jobs/{job_id}"): "contacts:read",
    ("POST", "/v1/jobs/{job_id}/start"): "contacts:write",
    (
        "GET",
        "/v1/recurring-payments/{connection_id}/{store_recurring_payment_id}",
    ): "contacts:read",
    ("PUT", "/v1/recurring-payments"): "payments:write",
    ("PUT", "/v1/orders"): "payments:write",
    ("POST", "/v1/activity"): "activity:write",
    ("PUT", "/v1/spend"): "activity:write",
    ("GET", "/v1/segments"): "config:read",
    ("GET", "/v1/segments/{segment_id}"): "config:read",
    ("PUT", "/v1/segments/{segment_id}"): "config:write",
    ("DELETE", "/v1/segments/{segment_id}"): "config:write",
    ("GET", "/v1/segments/{segment_id}/contacts"): "contacts:read",
    ("PUT", "/v1/segments/{segment_id}/contacts/{email}"): "contacts:write",
    ("DELETE", "/v1/segments/{segment_id}/contacts/{email}"): "contacts:write",
    # They ask by POST, and change nothing.
    ("POST", "/v1/segments/preview"): "contacts:read",
    ("POST", "/v1/contacts/search"): "contacts:read",
    ("GET", "/v1/automations"): "config:read",
    ("GET", "/v1/automations/{automation_id}"): "config:read",
    ("PUT", "/v1/automations/{automation_id}"): "config:write",
    ("DELETE", "/v1/automations/{automation_id}"): "config:write",
    # It asks by POST, and changes nothing; what it finds is people's data.
    ("POST", "/v1/automations/{automation_id}/backtest"): "contacts:read",
    ("GET", "/v1/automations/{automation_id}/why"): "contacts:read",
    ("GET", "/v1/recipes"): "config:read",
    ("POST", "/v1/recipes/{recipe}"): "config:write",
    # Whom an automation acted for, and what was said of them, is people's data.
    ("GET", "/v1/automations/{automation_id}/firings"): "contacts:read",
    ("GET", "/v1/runs"): "contacts:read",
    ("POST", "/v1/runs/{run_id}/resume"): "config:write",
    ("DELETE", "/v1/runs/{run_id}"): "config:write",
    ("GET", "/v1/endpoints"): "config:read",
    ("GET", "/v1/endpoints/{endpoint_id}"): "config:read",
    ("PUT", "/v1/endpoints/{endpoint_id}"): "config:write",
    ("DELETE", "/v1/endpoints/{endpoint_id}"): "config:write",
    ("POST", "/v1/endpoints/{endpoint_id}/rotate"): "config:write",
    ("GET", "/v1/deliveries"): "config:read",
    ("GET", "/v1/deliveries/{delivery_id}"): "contacts:read",
    ("POST", "/v1/deliveries/{delivery_id}/replay"): "config:write",
    # What happened to whose record is people's data.
    ("GET", "/v1/events"): "contacts:read",
    ("GET", "/v1/reports"): "reports:read",
    ("GET", "/v1/reports/{report}"): "reports:read",
    ("GET", "/v1/reports/{report}/ledger"): "reports:read",
    ("GET", "/v1/reports/{report}/definition"): "reports:read",
    # It asks by POST, and changes nothing; what says who somebody is needs contacts:read as well.
    ("POST", "/v1/reports/custom"): "reports:read",
    ("GET", "/v1/quarantine"): "config:read",
    ("POST", "/v1/quarantine/{quarantine_id}/retry"): "config:write",
    # Which orders look alike names who ordered.
    ("GET", "/v1/duplicates"): "contacts:read",
    # What is decided changes what orders count, as writing one does.
    ("POST", "/v1/duplicates/{duplicate_id}"): "payments:write",
    ("GET", "/v1/keys"): "config:write",
    ("POST", "/v1/keys"): "config:write",
    ("DELETE", "/v1/keys/{key_id}"): "config:write",
    ("GET", "/v1/settings"): "config:write",
    ("PUT", "/v1/settings"): "config:write",
}


@lru_cache(maxsize=256)
def pattern(path: str) -> re.Pattern[str]:
    """Return what a decoded request path must match to be the route `path`.

    A parameter is one segment; one that ends the route takes all the rest, because ids from
    outside may hold anything, slashes included. Ids that are made here hold none.
    """
    parts = re.split(r"\{(\w+)\}", path)
    greedy = path.endswith("}") and parts[-2] not in _OF_ONE_SEGMENT
    last = len(parts) - 2 if greedy else None
    written = [
        (rf"(?P<{part}>.+)" if index == last else rf"(?P<{part}>[^/]+)")
        if index % 2
        else re.escape(part)
        for index, part in enumerate(parts)
    ]
    return re.compile("".join(written) + r"\Z", re.DOTALL)


def methods_of(path: str) -> list[str]:
    """Return the methods some route has for this decoded request path."""
    return sorted({method for method, route in ACCESS if pattern(route).match(path)})
