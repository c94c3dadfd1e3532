"""The report `automations`: what fired, whether it arrived, and what came after it."""

from __future__ import annotations

from functions.query.reports.scope import Scope
from functions.query.reports.touched_sql import ADDRESSES
from functions.query.reports.touches import Touched
from shared.domain.reports.definitions.automations import AUTOMATIONS
from shared.domain.reports.sql import Sql, compose

# Deliveries count at the time of their firing's change; what people did, at its own.
_ROWS = """
WITH fired AS (
  SELECT f.*, p.who FROM firings f JOIN people p ON p.contact_id = f.contact_id WHERE {counts}
)
SELECT f.who, f.at, f.firing_id AS id, 'firing' AS kind, f.connection_id,
  TRUE AS touch, f.automation_id, 1 AS fired, 0 AS delivered, 0 AS failed, 0 AS opens, 0 AS clicks,
  0 AS replies
FROM fired f
UNION ALL
SELECT f.who, f.at, d.delivery_id, 'delivery', f.connection_id, FALSE,
  f.automation_id, 0, CAST(d.state = 'delivered' AS INTEGER),
  CAST(d.state IN ('dead', 'gone') AS INTEGER), 0, 0, 0
FROM fired f JOIN deliveries d ON d.firing_id = f.firing_id AND d.automation_id = f.automation_id
UNION ALL
SELECT p.who, a.occurred_date, a.id, a.kind, a.connection_id, FALSE,
  a.automation_id, 0, 0, 0, CAST(a.kind = 'open' AS INTEGER), CAST(a.kind = 'click' AS INTEGER),
  CAST(a.kind = 'reply' AS INTEGER)
FROM activity a JOIN ({people}) p ON p.address = a.email
WHERE a.automation_id IS NOT NULL AND a.kind IN ('open', 'click', 'reply')
"""


def _rows(scope: Scope) -> Sql:
    return compose(_ROWS, counts=scope.of_connections(Sql("f")), people=ADDRESSES)


AUTOMATIONS_REPORT = Touched(
    AUTOMATIONS,
    _rows,
    ("fired", "delivered", "failed", "opens", "clicks", "replies"),
    own_groups={"automation": Sql("m.automation_id")},
)
