"""Which conditions speak of one and the same recurring payment: the rules, applied once.

A contact has any number of recurring payments, and a change any number of fields. `bind` marks in
a segment where one of them is chosen, so that everything below speaks of that same one:

- an `all` that speaks of one chooses it, for all its members and whatever they contain;
- an `any` or `none` outside such an `all` chooses nothing: each of its members chooses for itself.
  So the branches of an `any` may each find another, and a `none` finds that there is none at all;
- a group speaks of one if a condition in it does, itself or in a nested `all` or `any`. A nested
  `none` does not count: it asks for the lack of one, not for one.

Choosing means: one of them meets what is below. Where there is none to choose, what is below is
asked of nothing, which meets no condition, `is_not` no more than `is`. Inside a trigger there is
only the recurring payment at hand to choose. SQL says the same by a semi-join.

Line items are values of a recurring payment and not chosen: two conditions on them may be met by
two items.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.segments.fields import Entity
from shared.domain.segments.tree import Condition, Match, Node

CHOSEN = (Entity.RECURRING_PAYMENT, Entity.CHANGE)


@dataclass(frozen=True, slots=True)
class Some:
    """One of the subject's `entity`, for everything in `below`."""

    entity: Entity
    below: Bound


@dataclass(frozen=True, slots=True)
class Together:
    """A group whose members are bound."""

    match: Match
    members: tuple[Bound, ...]


Bound = Condition | Together | Some


def bind(node: Node, chosen: frozenset[Entity] = frozenset()) -> Bound:
    """Return the tree with its choices marked; `chosen` is what is chosen already."""
    choices = [
        entity
        for entity in CHOSEN
        if entity not in chosen and _chooses(node) and _speaks(node, entity)
    ]
    inside = chosen.union(choices)
    bound: Bound = (
        node
        if isinstance(node, Condition)
        else Together(node.match, tuple(bind(member, inside) for member in node.members))
    )
    for entity in choices:
        bound = Some(entity, bound)
    return bound


def _chooses(node: Node) -> bool:
    return isinstance(node, Condition) or node.match is Match.ALL


def _speaks(node: Node, entity: Entity) -> bool:
    if isinstance(node, Condition):
        return node.field.entity is entity
    return node.match is not Match.NONE and any(_speaks(each, entity) for each in node.members)
