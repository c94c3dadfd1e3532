"""The reports there are; a new one is added here and to the Lambda that answers it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.reports.definition import Definition
from shared.domain.reports.definitions.acquisition import ACQUISITION
from shared.domain.reports.definitions.automations import AUTOMATIONS
from shared.domain.reports.definitions.campaigns import CAMPAIGNS
from shared.domain.reports.definitions.cohorts import COHORTS
from shared.domain.reports.definitions.customers import CUSTOMERS
from shared.domain.reports.definitions.engagement import ENGAGEMENT
from shared.domain.reports.definitions.nurture import NURTURE
from shared.domain.reports.definitions.orders import ORDERS
from shared.domain.reports.definitions.subscriptions import SUBSCRIPTIONS

REPORTS: Mapping[str, Definition] = {
    each.name: each
    for each in (
        ACQUISITION,
        NURTURE,
        ENGAGEMENT,
        ORDERS,
        SUBSCRIPTIONS,
        CUSTOMERS,
        CAMPAIGNS,
        AUTOMATIONS,
        COHORTS,
    )
}
