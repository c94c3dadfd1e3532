"""A segment as SQL over the change log's views: the second compiler of the language.

It starts from the tree the evaluator starts from, with the same marks of where one recurring
payment is chosen, and must never give another answer: tests hold the two together. Expressions are
true or false, never NULL, so a `none` may negate them.

One recurring payment is chosen by a semi-join. Nothing in it refers to the query around it: where
conditions on the contact are mixed in, the contact is joined once more under the same alias.
"""

# ruff: noqa: S608  # The texts are words of our own; values are bound.

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.segments.fields import Entity
from shared.domain.segments.moments import Moment
from shared.domain.segments.scoping import Bound, Some, Together, bind
from shared.domain.segments.sql_conditions import FALSE, TRUE, Where, condition, negated
from shared.domain.segments.tree import Condition, Group, Match

__all__ = ["Where", "compile", "compile_at_hand"]

_THEIRS = "recurring_payments r"
_AND_CONTACT = f"{_THEIRS} JOIN contacts c ON c.contact_id = r.contact_id"
_HAVE_NONE = Where(
    "(c.contact_id NOT IN (SELECT r.contact_id FROM recurring_payments r"
    " WHERE r.contact_id IS NOT NULL AND r.mirror_of IS NULL))"
)
# A row of a left join that found nobody has no key.
_KEYS = {Entity.CONTACT: "c.contact_id", Entity.RECURRING_PAYMENT: "r.id"}


def compile(tree: Group, moment: Moment) -> Where:
    """Return who is in a segment at a moment, as an expression over `contacts c`.

    The query around it has to have the views `contacts`, `recurring_payments` and
    `recurring_payment_items`. Raise ValueError where the segment asks about a change.
    """
    return _compiled(bind(tree), _Members(moment))


def compile_at_hand(tree: Group, moment: Moment) -> Where:
    """Return the same of the recurring payment at hand, over `r` and, left-joined, `contacts c`.

    Line items are those of its newest version. Raise ValueError as `compile` does.
    """
    return _compiled(bind(tree), _AtHand(moment))


class _Members:
    """Conditions as asked of contacts; a recurring payment is one that was chosen, or `nobody`."""

    def __init__(self, moment: Moment, *, nobody: bool = False) -> None:
        self._moment = moment
        self._nobody = nobody

    def condition(self, asked: Condition) -> Where:
        if self._nobody and asked.field.entity is Entity.RECURRING_PAYMENT:
            return FALSE
        return condition(asked, self._moment)

    def some(self, below: Bound) -> Where:
        """Return that one of the contact's recurring payments meets what is below.

        What speaks of the contact alone needs no recurring payment, and is asked outside.
        """
        listed = below.members if isinstance(below, Together) else (below,)
        spoken: list[Bound] = []
        alone: list[Bound] = []
        for each in listed:
            (spoken if _speaks(each, Entity.RECURRING_PAYMENT) else alone).append(each)
        met = _all(_compiled(each, self) for each in spoken)
        lacking = _Members(self._moment, nobody=True)
        unmet = _all([_HAVE_NONE, *(_compiled(each, lacking) for each in spoken)])
        mixed = any(_speaks(each, Entity.CONTACT) for each in spoken)
        chosen = Where(
            f"(c.contact_id IN (SELECT r.contact_id FROM {_AND_CONTACT if mixed else _THEIRS}"
            f" WHERE r.contact_id IS NOT NULL AND r.mirror_of IS NULL AND {met.text}))",
            met.params,
        )
        outside = (_compiled(each, self) for each in alone)
        return _all([*outside, _any([FALSE if met == FALSE else chosen, unmet])])


class _AtHand:
    """Conditions as asked of a row that has a recurring payment and a contact, or lacks either."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def condition(self, asked: Condition) -> Where:
        found = condition(asked, self._moment)
        return _all([Where(f"{_KEYS[asked.field.entity]} IS NOT NULL"), found])

    def some(self, below: Bound) -> Where:
        return _compiled(below, self)


def _compiled(node: Bound, asking: _Members | _AtHand) -> Where:
    if isinstance(node, Condition):
        return asking.condition(node)
    if isinstance(node, Some):
        if node.entity is not Entity.RECURRING_PAYMENT:
            raise ValueError("a change cannot be asked of the change log's views")
        return asking.some(node.below)
    members = (_compiled(each, asking) for each in node.members)
    if node.match is Match.ALL:
        return _all(members)
    found = _any(members)
    return found if node.match is Match.ANY else negated(found)


def _speaks(node: Bound, entity: Entity) -> bool:
    """Tell whether a condition on the entity lies anywhere in a node."""
    if isinstance(node, Condition):
        return node.field.entity is entity
    if isinstance(node, Some):
        return _speaks(node.below, entity)
    return any(_speaks(each, entity) for each in node.members)


def _all(members: Iterable[Where]) -> Where:
    return _joined(members, " AND ", TRUE, FALSE)


def _any(members: Iterable[Where]) -> Where:
    return _joined(members, " OR ", FALSE, TRUE)


def _joined(members: Iterable[Where], word: str, empty: Where, settled: Where) -> Where:
    """Return the members joined by a word; those that say nothing stay out."""
    told = [each for each in members if each != empty]
    if settled in told:
        return settled
    if len(told) < 2:
        return told[0] if told else empty
    text = word.join(each.text for each in told)
    return Where(f"({text})", [param for each in told for param in each.params])
