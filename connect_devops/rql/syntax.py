"""The parsed query as typed values, and their canonical text.

The forms are those of ``reference/devops-api.md`` section 3. ``str(node)`` prints a node in the function form, so
that parsing the text gives an equal node again.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = [
    "And",
    "Comparison",
    "ComparisonOperator",
    "ElementMatch",
    "Membership",
    "Node",
    "Not",
    "Or",
    "Pattern",
    "Query",
    "SignedProperty",
    "Special",
    "Value",
]

ComparisonOperator: TypeAlias = Literal["eq", "ne", "gt", "ge", "lt", "le"]

# What the vendor's grammar accepts without quotes; everything else is printed in quotes.
_BARE: Final = re.compile(r"[\w\-*+\\][\w.\s\-:+@*\\]*\Z")


class Special(enum.Enum):
    """Values that are no text: the absent value and the empty text."""

    NULL = "null()"
    EMPTY = "empty()"


Value: TypeAlias = str | Special


def _value(value: Value) -> str:
    if isinstance(value, Special):
        return value.value
    if _BARE.match(value):
        return value
    for quote in "\"'":
        if quote not in value:
            return f"{quote}{value}{quote}"
    raise ValueError(f"a value with both kinds of quotes cannot be written in RQL: {value!r}")


@dataclass(frozen=True)
class Comparison:
    """``operator(property,value)``."""

    property: str
    operator: ComparisonOperator
    value: Value

    def __str__(self) -> str:
        return f"{self.operator}({self.property},{_value(self.value)})"


@dataclass(frozen=True)
class Membership:
    """``in(property,(a,b))`` and its negation ``out``."""

    property: str
    operator: Literal["in", "out"]
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.operator}({self.property},({','.join(map(_value, self.values))}))"


@dataclass(frozen=True)
class Pattern:
    """``like(property,*text*)``; a star stands for any text, backslash and star for a star."""

    property: str
    operator: Literal["like", "ilike"]
    pattern: str

    def __str__(self) -> str:
        return f"{self.operator}({self.property},{_value(self.pattern)})"


@dataclass(frozen=True)
class ElementMatch:
    """``eq(list,t(eq(a,1),eq(b,2)))``: one element of a list fulfils all conditions; ``ne``: no element does."""

    property: str
    operator: Literal["eq", "ne"]
    conditions: tuple[Comparison | Pattern, ...]

    def __str__(self) -> str:
        return f"{self.operator}({self.property},t({','.join(map(str, self.conditions))}))"


@dataclass(frozen=True)
class And:
    """All of two or more nodes."""

    children: tuple[Node, ...]

    def __str__(self) -> str:
        return f"and({','.join(map(str, self.children))})"


@dataclass(frozen=True)
class Or:
    """Any of two or more nodes."""

    children: tuple[Node, ...]

    def __str__(self) -> str:
        return f"or({','.join(map(str, self.children))})"


@dataclass(frozen=True)
class Not:
    """The opposite of a node."""

    child: Node

    def __str__(self) -> str:
        return f"not({self.child})"


Node: TypeAlias = Comparison | Membership | Pattern | ElementMatch | And | Or | Not


@dataclass(frozen=True)
class SignedProperty:
    """A property of ``ordering`` or ``select``; ``negative`` means descending, or left out."""

    property: str
    negative: bool = False

    def __str__(self) -> str:
        return f"-{self.property}" if self.negative else self.property


@dataclass(frozen=True)
class Query:
    """What a query string asks of a list, besides paging and search."""

    where: Node | None = None
    ordering: tuple[SignedProperty, ...] = ()
    select: tuple[SignedProperty, ...] = ()

    def __str__(self) -> str:
        parts = [f"select({','.join(map(str, self.select))})"] if self.select else []
        if self.where is not None:
            parts.append(str(self.where))
        if self.ordering:
            parts.append(f"ordering({','.join(map(str, self.ordering))})")
        return "&".join(parts)
