"""Makes mutants of a module: the same source with one small mistake in it.

The mistakes are those people make: a comparison the other way round, a bound off by one, a check
left out, a constant changed. What only a reader sees is left alone: docstrings, annotations, the
wording of errors. A mutant's name says where it is by function and text, not by line, so that it
stays the same while other code changes.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
}
_TEXT = " "


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: its name, and what stands in the place of which node of the tree."""

    name: str
    _tree: ast.Module
    _number: int
    _changed: ast.AST

    @property
    def source(self) -> str:
        """The module's source with the mistake, made only when somebody wants it."""
        copied = copy.deepcopy(self._tree)
        _put(copied, self._number, self._changed)
        return ast.unparse(ast.fix_missing_locations(copied))


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's source, in the order of the source."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    left_out = _left_out(tree)
    owners = _owners(tree)
    for number, node in enumerate(ast.walk(tree)):
        if node in left_out:
            continue
        for changed in _changed(node):
            before, after = ast.unparse(node), ast.unparse(changed) or "pass"
            name = f"{owners.get(node, '')}: {_short(before)} -> {_short(after)}"
            seen[name] += 1
            again = f" ({seen[name]})" if seen[name] > 1 else ""
            yield Mutant(name + again, tree, number, changed)


def _short(text: str) -> str:
    return " ".join(text.split())


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    if isinstance(node, ast.Compare):
        yield from _other_comparisons(node)
    elif isinstance(node, ast.BoolOp):
        yield from _other_conditions(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        yield from _other_arithmetic(node)
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    else:
        yield from _other_statements(node)


def _other_comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _other_conditions(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _other_arithmetic(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = _OPERATORS.get(type(node.op))
    if other is None:
        return
    if isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, other(), node.right)
    else:
        yield ast.AugAssign(node.target, other(), node.value)


def _other_statements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()
    elif isinstance(node, ast.Return) and not _is_nothing(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Continue | ast.Break):
        yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    elif isinstance(node, ast.If):
        for truth in (True, False):
            yield ast.If(ast.Constant(truth), node.body, node.orelse)


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, str) and value:
        yield ast.Constant(value + "X")
    elif isinstance(value, bytes) and value:
        yield ast.Constant(value + b"X")


def _left_out(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes that mean nothing when the module runs, or only to a reader."""
    return {inner for node in ast.walk(tree) for each in _idle(node) for inner in ast.walk(each)}


def _idle(node: ast.AST) -> list[ast.AST]:
    """Return what of a node never runs, or is there for a reader alone."""
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
        return [node.annotation]
    if isinstance(node, ast.FunctionDef) and node.returns:
        return [node.returns]
    if isinstance(node, ast.Raise) and node.exc is not None:
        return [each for each in ast.walk(node.exc) if _is_wording(each)]
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    protocol = isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases)
    return [node] if docstring or protocol or _is_for_types(node) else []


def _is_for_types(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, ast.Assign) and "TYPE_CHECKING" in ast.unparse(node)


def _is_wording(node: ast.AST) -> bool:
    """Tell whether a part of an error is a sentence, and no code that somebody reads."""
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _TEXT in node.value


def _owners(tree: ast.Module) -> dict[ast.AST, str]:
    """Return the function or class each node stands in."""
    found: dict[ast.AST, str] = {}

    def visit(node: ast.AST, name: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{name}.{node.name}".lstrip(".")
        found[node] = name
        for child in ast.iter_child_nodes(node):
            visit(child, name)

    visit(tree, "")
    return found


def _put(tree: ast.AST, number: int, changed: ast.AST) -> None:
    """Put a node in the place of the `number`-th one of a tree."""
    target = next(node for place, node in enumerate(ast.walk(tree)) if place == number)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, copy.deepcopy(changed))
                return
            if isinstance(value, list) and any(each is target for each in value):
                place = next(at for at, each in enumerate(value) if each is target)
                value[place] = copy.deepcopy(changed)
                return
