"""The words and the tree of DynamoDB's expressions: tokens in, frozen nodes out of the parsers.

Trees hold resolved attribute names but only the names of value placeholders, so a tree is parsed
once and serves every call that uses the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Generic, NoReturn, TypeVar

from tests.simulation.aws_errors import invalid

EXPRESSION_BYTES_MAX = 4096

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"\s*(?:(?P<value>:[A-Za-z0-9_]+)|(?P<name>\#[A-Za-z0-9_]+)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<index>[0-9]+)|(?P<mark><>|<=|>=|[=<>()\[\].,+\-]))"
)
RESERVED = frozenset(
    File(__file__).with_name("reserved_words.txt").read_text(encoding="utf-8").split()
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A document path: attribute name, then map keys and list positions."""

    path: Path


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value given beside the expression, such as `:status`."""

    name: str


@dataclass(frozen=True, slots=True)
class Size:
    path: Path


Operand = Attribute | Placeholder | Size


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions that are true or false, on a path."""

    function: str
    path: Path
    argument: Operand | None


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


Condition = Compare | Between | In | Call | Not | AllOf | AnyOf

Tree = TypeVar("Tree")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Tree]):
    """A tree, and the placeholders its text uses."""

    tree: Tree
    names: frozenset[str]
    values: frozenset[str]


@dataclass(slots=True)
class Cursor:
    """The tokens of one expression being read, and the placeholders met on the way."""

    kind: str
    text: str
    names: Mapping[str, str]
    tokens: list[Token] = field(default_factory=list)
    at: int = 0
    used_names: set[str] = field(default_factory=set)
    used_values: set[str] = field(default_factory=set)
    last_group: tuple[int, int] = (-1, -1)

    def __post_init__(self) -> None:
        if not self.text.strip():
            self.refuse("The expression can not be empty;")
        if len(self.text.encode()) > EXPRESSION_BYTES_MAX:
            self.refuse("Expression size has exceeded the maximum allowed size;")
        position = 0
        while self.text[position:].strip():
            match = _TOKEN.match(self.text, position)
            if match is None:
                self.refuse(f'Syntax error; token: "{self.text[position:].strip()[0]}"')
            assert match.lastgroup is not None
            self.tokens.append(Token(match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def refuse(self, why: str) -> NoReturn:
        """Raise the ValidationException DynamoDB gives for a fault of this expression."""
        raise invalid(f"Invalid {self.kind}: {why}")

    def unexpected(self) -> NoReturn:
        """Raise the syntax error at the token under the cursor."""
        near = " ".join(token.text for token in self.tokens[max(0, self.at - 1) : self.at + 2])
        text = self.tokens[self.at].text if self.at < len(self.tokens) else "<EOF>"
        self.refuse(f'Syntax error; token: "{text}", near: "{near}"')

    def peek(self, *texts: str) -> bool:
        """Say whether the next token is one of `texts`; words compare without case."""
        if self.at >= len(self.tokens):
            return False
        return self.tokens[self.at].text.upper() in texts

    def take(self, *texts: str) -> str | None:
        """Return the next token's text and step over it if it is one of `texts`, else None."""
        if not self.peek(*texts):
            return None
        self.at += 1
        return self.tokens[self.at - 1].text.upper()

    def expect(self, text: str) -> None:
        """Step over `text`, or raise the syntax error."""
        if self.take(text) is None:
            self.unexpected()

    def take_kind(self, kind: str) -> str | None:
        """Return the next token's text and step over it if it is of this kind, else None."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind != kind:
            return None
        self.at += 1
        return self.tokens[self.at - 1].text

    def calls_function(self) -> bool:
        """Say whether a word with an opening parenthesis comes next."""
        following = self.tokens[self.at : self.at + 2]
        return len(following) == 2 and following[0].kind == "word" and following[1].text == "("

    def finish(self, tree: Tree) -> Parsed[Tree]:
        """Return the tree with its placeholders; raise the syntax error unless all is read."""
        if self.at < len(self.tokens):
            self.unexpected()
        return Parsed(tree, frozenset(self.used_names), frozenset(self.used_values))
