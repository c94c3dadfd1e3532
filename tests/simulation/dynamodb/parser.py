"""Reads the parts all expressions share (paths, operands) and conditions, by DynamoDB's grammar.

Parsed conditions are cached by text and names: expressions are static strings, so each is read
once.
"""

from __future__ import annotations

from functools import lru_cache

from tests.simulation.dynamodb.syntax import (
    RESERVED,
    AllOf,
    AnyOf,
    Attribute,
    Between,
    Call,
    Compare,
    Condition,
    Cursor,
    In,
    Not,
    Operand,
    Parsed,
    Path,
    Placeholder,
    Size,
)

Names = tuple[tuple[str, str], ...]

OPTIONS_MAX = 100
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_ARGUMENTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
_ELSEWHERE = ("if_not_exists", "list_append")


@lru_cache(maxsize=2048)
def parse_condition(kind: str, text: str, names: Names) -> Parsed[Condition]:
    """Return the tree of a condition; `kind` is the request's parameter, as ConditionExpression."""
    cursor = Cursor(kind, text, dict(names))
    return cursor.finish(_any_of(cursor))


def read_path(cursor: Cursor) -> Path:
    """Read a document path, with its name placeholders resolved."""
    steps: list[str | int] = [_read_name(cursor)]
    while True:
        if cursor.take("."):
            steps.append(_read_name(cursor))
        elif cursor.take("["):
            index = cursor.take_kind("index")
            if index is None:
                cursor.unexpected()
            steps.append(int(index))
            cursor.expect("]")
        else:
            return tuple(steps)


def _read_name(cursor: Cursor) -> str:
    placeholder = cursor.take_kind("name")
    if placeholder is not None:
        if placeholder not in cursor.names:
            cursor.refuse(
                "An expression attribute name used in the document path is not defined; "
                f"attribute name: {placeholder}"
            )
        cursor.used_names.add(placeholder)
        return cursor.names[placeholder]
    word = cursor.take_kind("word")
    if word is None:
        cursor.unexpected()
    if word.upper() in RESERVED:
        cursor.refuse(f"Attribute name is a reserved keyword; reserved keyword: {word}")
    return word


def read_placeholder(cursor: Cursor) -> Placeholder | None:
    """Read a value placeholder if one comes next."""
    name = cursor.take_kind("value")
    if name is None:
        return None
    cursor.used_values.add(name)
    return Placeholder(name)


def _read_operand(cursor: Cursor) -> Operand:
    if cursor.calls_function() and cursor.peek("SIZE"):
        cursor.at += 2
        path = read_path(cursor)
        cursor.expect(")")
        return Size(path)
    return read_placeholder(cursor) or Attribute(read_path(cursor))


def _any_of(cursor: Cursor) -> Condition:
    branches = [_all_of(cursor)]
    while cursor.take("OR"):
        branches.append(_all_of(cursor))
    return branches[0] if len(branches) == 1 else AnyOf(tuple(branches))


def _all_of(cursor: Cursor) -> Condition:
    branches = [_negation(cursor)]
    while cursor.take("AND"):
        branches.append(_negation(cursor))
    return branches[0] if len(branches) == 1 else AllOf(tuple(branches))


def _negation(cursor: Cursor) -> Condition:
    if cursor.take("NOT"):
        return Not(_negation(cursor))
    if cursor.peek("("):
        return _group(cursor)
    if cursor.calls_function() and not cursor.peek("SIZE"):
        return _call(cursor)
    return _comparison(cursor)


def _group(cursor: Cursor) -> Condition:
    """Read a parenthesised condition; a group that holds nothing but a group is refused."""
    opening = cursor.at
    cursor.expect("(")
    condition = _any_of(cursor)
    if cursor.last_group == (opening + 1, cursor.at):
        cursor.refuse("The expression has redundant parentheses;")
    cursor.expect(")")
    cursor.last_group = (opening, cursor.at)
    return condition


def _call(cursor: Cursor) -> Condition:
    function = cursor.tokens[cursor.at].text
    if function in _ELSEWHERE:
        cursor.refuse(
            f"The function is not allowed in a condition expression; function: {function}"
        )
    if function not in _ARGUMENTS:
        cursor.refuse(f"Invalid function name; function: {function}")
    cursor.at += 2
    operands = _operands(cursor)
    if len(operands) != _ARGUMENTS[function]:
        cursor.refuse(
            "Incorrect number of operands for operator or function; operator or function: "
            f"{function}, number of operands: {len(operands)}"
        )
    subject = operands[0]
    if not isinstance(subject, Attribute):
        cursor.refuse(
            "Operator or function requires a document path; operator or function: " + function
        )
    if operands[1:] == [subject]:
        cursor.refuse(
            "The first operand must be distinct from the remaining operands for this operator or "
            f"function; operator: {function}, first operand: {list(subject.path)}"
        )
    return Call(function, subject.path, operands[1] if len(operands) > 1 else None)


def _operands(cursor: Cursor) -> list[Operand]:
    """Read operands up to and including the closing parenthesis."""
    operands = [_read_operand(cursor)]
    while cursor.take(","):
        operands.append(_read_operand(cursor))
    cursor.expect(")")
    return operands


def _comparison(cursor: Cursor) -> Condition:
    left = _read_operand(cursor)
    if cursor.take("BETWEEN"):
        low = _read_operand(cursor)
        cursor.expect("AND")
        return Between(left, low, _read_operand(cursor))
    if cursor.take("IN"):
        cursor.expect("(")
        options = _operands(cursor)
        if len(options) > OPTIONS_MAX:
            cursor.refuse(f"The IN operator is provided with too many operands; {len(options)}")
        return In(left, tuple(options))
    operator = cursor.take(*_COMPARATORS)
    if operator is None:
        cursor.unexpected()
    right = _read_operand(cursor)
    if left == right and isinstance(left, Attribute):
        cursor.refuse(
            "The first operand must be distinct from the remaining operands for this operator or "
            f"function; operator: {operator}, first operand: {list(left.path)}"
        )
    return Compare(operator, left, right)
