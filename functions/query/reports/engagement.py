"""The reports `engagement` and `campaigns`: what people did, and what they are worth."""

from __future__ import annotations

from functions.query.reports.scope import Scope
from functions.query.reports.touched_sql import ADDRESSES
from functions.query.reports.touches import Touched
from shared.domain.reports.definitions.campaigns import CAMPAIGNS
from shared.domain.reports.definitions.engagement import ENGAGEMENT
from shared.domain.reports.sql import Sql, compose

_ACTIVITY = """
SELECT p.who, a.occurred_date AS at, a.id, a.kind, a.connection_id, TRUE AS touch,
  nullif(a.campaign, '') AS campaign, nullif(a.subject, '') AS subject,
  CAST(a.kind = 'visit' AS INTEGER) AS visits, CAST(a.kind = 'sent' AS INTEGER) AS sent,
  CAST(a.kind = 'open' AS INTEGER) AS opens, CAST(a.kind = 'click' AS INTEGER) AS clicks,
  CAST(a.kind = 'reply' AS INTEGER) AS replies
FROM activity a JOIN ({people}) p ON p.address = a.email WHERE {wanted}
"""
_ENGAGED = Sql("a.kind IN ('visit', 'open', 'click', 'reply')")
_OF_CAMPAIGNS = Sql(
    "a.kind IN ('sent', 'open', 'click', 'reply') AND coalesce(a.campaign, a.subject, '') <> ''"
)


def _engaged(scope: Scope) -> Sql:
    del scope
    return compose(_ACTIVITY, people=ADDRESSES, wanted=_ENGAGED)


def _sent(scope: Scope) -> Sql:
    del scope
    return compose(_ACTIVITY, people=ADDRESSES, wanted=_OF_CAMPAIGNS)


ENGAGEMENT_REPORT = Touched(
    ENGAGEMENT, _engaged, ("visits", "opens", "clicks", "replies"), limited=False, based=True
)
CAMPAIGNS_REPORT = Touched(
    CAMPAIGNS,
    _sent,
    ("sent", "opens", "clicks", "replies"),
    own_groups={
        "campaign": Sql("m.campaign"),
        "subject": Sql("m.subject"),
    },
)
