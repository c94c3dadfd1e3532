"""What a conformance run may say: operations, expressions and values a backend is trusted with.

`FULL` is for the emulator. A few of its draws are tamed where the emulator is known to differ
from DynamoDB (paths below what is no map or list, arithmetic on what is no number, prefixes of
what is no string, parts of binary): the fake's unit tests hold those. `MOTO` leaves out what moto
gets wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.dynamodb.values import Value

SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
SINGLE_ITEM = ("GetItem", *SINGLE_WRITES)
ALL = (*SINGLE_ITEM, "BatchGetItem", "Query", "TransactWriteItems", "TransactGetItems")

_CONDITIONS = (
    "attribute_exists(pk)",
    "attribute_not_exists(pk)",
    "attribute_exists(#a)",
    "attribute_not_exists(#a) OR #a = :v",
    "#a = :v",
    "#a <> :v",
    "NOT #a = :v",
    "#a IN (:v, :o)",
    "attribute_type(#a, :y)",
    "begins_with(s, :t)",
    "attribute_exists(s) AND contains(s, :t)",
    "attribute_exists(s) AND size(s) > :k",
    "attribute_exists(n) AND n < :k",
    "attribute_exists(n) AND n BETWEEN :k AND :ten",
    "(#a = :v OR attribute_exists(#b)) AND NOT (#b = :v AND attribute_exists(#a))",
    # What the product's own writes say: a document has a version, or is not there.
    "v = :n",
    "attribute_not_exists(pk) OR v < :n",
)
# These compare what may be missing or of another type.
_MIXED_CONDITIONS = (
    "#a < :o",
    "#a >= :o AND attribute_exists(pk)",
    "#a BETWEEN :o AND :p",
    "contains(#a, :t)",
    "contains(#a, :c)",
    "size(#a) > :k",
    "#m.#a = :v",
    "#l[1] = :v",
)
# Updates that need a condition of their own carry it after a bar.
_UPDATES = (
    "SET #a = :v",
    "SET #a = :v, #b = :v REMOVE #c",
    "REMOVE #a, #b",
    "ADD n :k",
    "SET n = if_not_exists(n, :k) + :k",
    "SET n = n - :k",
    "SET #l = list_append(if_not_exists(#l, :e), :w) | attribute_not_exists(#l)",
    "SET #l = list_append(:w, #l) | attribute_type(#l, :list)",
    "SET #m = :x",
    "ADD #z :z",
    "DELETE #z :z",
    "SET gsi1pk = :g, gsi1sk = :h",
    "REMOVE gsi1pk",
    "SET #a = #b",
)
_NESTED_UPDATES = (
    "SET #m.#a = :v | attribute_type(#m, :map)",
    "REMOVE #m.#a | attribute_type(#m, :map)",
    "SET #l[1] = :v | attribute_type(#l, :list)",
    "REMOVE #l[0] | attribute_type(#l, :list)",
)
_VALUES: tuple[Value, ...] = (
    {"S": ""},
    {"S": "x"},
    {"S": "xy"},
    {"N": "0"},
    {"N": "1"},
    {"N": "-2"},
    {"N": "2.5"},
    {"B": "eA=="},
    {"SS": ["x"]},
    {"SS": ["x", "y"]},
    {"NS": ["1", "2"]},
    {"L": [{"S": "x"}, {"N": "1"}]},
    {"M": {"n": {"N": "1"}, "s": {"S": "x"}}},
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What to draw from; `capacity` compares the write units of single writes too.

    `product` has some operations drawn as the product's own adapter asks for them.
    """

    operations: tuple[str, ...]
    conditions: tuple[str, ...]
    updates: tuple[str, ...]
    projections: tuple[str, ...]
    values: tuple[Value, ...]
    capacity: bool
    product: bool


FULL = Dialect(
    operations=ALL,
    conditions=_CONDITIONS + _MIXED_CONDITIONS,
    updates=_UPDATES + _NESTED_UPDATES,
    projections=("", "pk, #a", "#m.#a, #b", "#l[1], #c"),
    values=(*_VALUES, {"NULL": True}, {"BOOL": True}, {"BOOL": False}),
    capacity=True,
    product=True,
)
MOTO = Dialect(
    operations=SINGLE_ITEM,
    conditions=_CONDITIONS,
    updates=_UPDATES,
    projections=("", "pk, #a"),
    values=_VALUES,
    capacity=False,
    product=False,
)
