"""The dated steps of recurring payments: what each was from when on, and what that moved.

One table for everything that speaks of recurring revenue. A recurring payment's states are kept in
the order they occurred, so a late event restates what follows from them. Amounts are rounded per
recurring payment, half to even, before anything is added.
"""

from __future__ import annotations

from functions.query.reports.scope import Scope
from shared.domain.reports.sql import Sql, compose

# A first state that was known so much later than the start is an estimate of what was before.
ESTIMATED_AFTER = 72 * 3_600_000
# An amount for 30 days, or a month, is `scaled` / `length`, both whole numbers; they are written
# for the state at hand and the one before it, as neither a lambda nor a window is as quick.
_SCALED = """CASE WHEN {state}.status = 'active' AND {state}.is_trial IS NOT TRUE
      AND {state}.currency = s.currency
    THEN coalesce({state}.payment_amount, 0) * CASE {state}.billing_interval {times} ELSE 0 END
    ELSE 0 END"""
_LENGTH = """CASE {state}.billing_interval {over} ELSE 1 END
    * greatest(coalesce({state}.billing_interval_count, 1), 1)"""
# What an amount is multiplied with and divided by, for each interval.
_FACTORS = {
    "30d": {"daily": (30, 1), "weekly": (30, 7), "monthly": (1, 1), "yearly": (30, 365)},
    "month": {"daily": (365, 12), "weekly": (52, 12), "monthly": (1, 1), "yearly": (1, 12)},
}
_ROUNDED = """{scaled} // {length} + CASE WHEN 2 * ({scaled} % {length}) > {length} THEN 1
    WHEN 2 * ({scaled} % {length}) = {length} THEN ({scaled} // {length}) % 2 ELSE 0 END"""
_PLANS = """
SELECT row_number() OVER () AS n, r.connection_id, r.id, r.id AS recurring_payment_id,
  r.contact_id, r.email, r.currency, r.payment_amount, r.start_date, r.states
FROM recurring_payments r WHERE r.currency = {currency} AND {counts}
"""
_STATED = """
SELECT s.n, s.ordinal, s.at, s.said.status AS status, {rounded} AS mrr, {was_rounded} AS was_mrr,
  CAST(s.said.status = 'active' AND s.said.is_trial IS NOT TRUE AS INTEGER) AS active,
  CAST(s.ordinal > 1 AND s.was.status = 'active' AND s.was.is_trial IS NOT TRUE AS INTEGER)
    AS was_active,
  CAST(s.said.status IN ('cancelled', 'expired') AS INTEGER) AS over,
  CAST(s.ordinal > 1 AND s.said.status IN ('cancelled', 'expired')
    AND s.was.status NOT IN ('cancelled', 'expired') AS INTEGER) AS cancelled,
  CAST(s.ordinal > 1 AND s.was.status = 'active' AND s.was.is_trial IS TRUE
    AND NOT (s.said.status = 'active' AND s.said.is_trial IS TRUE) AS INTEGER) AS trials_ended,
  CAST(s.ordinal = 1 AND s.at + {late} < s.said.date AS INTEGER) AS estimated
FROM (
  SELECT s.*, {scaled} AS scaled, {length} AS length, {was_scaled} AS was_scaled,
    {was_length} AS was_length,
    CASE WHEN s.ordinal = 1 THEN least(s.said.date, s.start_date) ELSE s.said.date END AS at
  FROM (
    SELECT r.n, r.currency, r.start_date, unnest(r.states) AS said,
      unnest(list_prepend(NULL, r.states[:-2])) AS was,
      generate_subscripts(r.states, 1) AS ordinal
    FROM plans r WHERE len(r.states) > 0
  ) s
) s
"""
# Few begin to bring something more than once; for them it matters which was the first time.
_TOLD = """
SELECT s.*, p.first_paid FROM stated s LEFT JOIN (
  SELECT s.n, min(s.ordinal) AS first_paid FROM stated s WHERE s.was_mrr = 0 AND s.mrr > 0
  GROUP BY s.n HAVING count(*) > 1
) p ON p.n = s.n
"""
# What a step moved: by what the recurring payment brought before and brings since.
MOVEMENTS = {
    "mrr_new": "s.was_mrr = 0 AND s.mrr > 0 AND s.ordinal = coalesce(s.first_paid, s.ordinal)",
    "mrr_reactivation": "s.was_mrr = 0 AND s.mrr > 0 AND s.ordinal > s.first_paid",
    "mrr_expansion": "s.was_mrr > 0 AND s.mrr > s.was_mrr",
    "mrr_contraction": "s.mrr > 0 AND s.mrr < s.was_mrr",
    "mrr_churn": "s.mrr = 0 AND s.was_mrr > 0",
}


def tables(scope: Scope) -> Sql:
    """Return the tables `plans`, each recurring payment that counts, and `steps`, for a WITH.

    A step is a row for each state, with what was before it: `n` is the recurring payment's number
    in `plans`, `at` when it began, in ms; flags are 0 or 1; `mrr` and `was_mrr` are minor units in
    30 days, or in a month, as the question asks.
    """
    return compose(
        "plans AS MATERIALIZED ({plans}), stated AS MATERIALIZED ({stated}),"
        " steps AS MATERIALIZED ({steps})",
        plans=_plans(scope),
        stated=_stated(scope.question.normalisation),
        steps=Sql(_TOLD),
    )


def _plans(scope: Scope) -> Sql:
    return compose(_PLANS, currency=scope.question.currency, counts=scope.counts(Sql("r")))


def _stated(normalisation: str) -> Sql:
    factors = _FACTORS[normalisation]
    times, over = (
        Sql(" ".join(f"WHEN '{each}' THEN {told[part]}" for each, told in factors.items()))
        for part in (0, 1)
    )
    said, was = (
        {"state": Sql(state), "times": times, "over": over} for state in ("s.said", "s.was")
    )
    parts = {"scaled": Sql("s.scaled"), "length": Sql("s.length")}
    before = {"scaled": Sql("s.was_scaled"), "length": Sql("s.was_length")}
    return compose(
        _STATED,
        late=ESTIMATED_AFTER,
        scaled=compose(_SCALED, **said),
        length=compose(_LENGTH, **said),
        was_scaled=compose(_SCALED, **was),
        was_length=compose(_LENGTH, **was),
        rounded=compose(_ROUNDED, **parts),
        was_rounded=compose(_ROUNDED, **before),
    )
