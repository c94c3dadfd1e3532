"""The reports there are; a new one is added here and to the Lambda that answers it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.reports.definition import Definition
from shared.domain.reports.definitions.customers import CUSTOMERS
from shared.domain.reports.definitions.orders import ORDERS
from shared.domain.reports.definitions.subscriptions import SUBSCRIPTIONS

REPORTS: Mapping[str, Definition] = {each.name: each for each in (ORDERS, SUBSCRIPTIONS, CUSTOMERS)}
