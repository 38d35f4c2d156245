"""Reads RQL text into typed values, in one pass and with the position of every mistake.

It accepts what the vendor's grammar accepts (``reference/devops-api.md`` section 3), and a little more where the
platform's own client writes it: ``not`` around ``and``/``or``, and unquoted values with unusual characters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, cast

from connect_devops.rql.errors import RqlError
from connect_devops.rql.syntax import (
    And,
    Comparison,
    ComparisonOperator,
    ElementMatch,
    Membership,
    Node,
    Not,
    Or,
    Pattern,
    Query,
    SignedProperty,
    Special,
    Value,
)

__all__ = ["parse"]

_COMPARISONS: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_MEMBERSHIPS: Final = frozenset({"in", "out"})
_PATTERNS: Final = frozenset({"like", "ilike"})
_MAX_DEPTH: Final = 64

_NAME: Final = re.compile(r"[A-Za-z][\w\-.]*")
_INFIX: Final = re.compile(r"(eq|ne|gt|ge|lt|le)=")
_SPECIAL: Final = re.compile(r"(?:null|empty)\(\)")
_QUOTED: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_ARGUMENT: Final = re.compile(r"[^,()]+")
_RIGHT_SIDE: Final = re.compile(r"[^,()&|;]+")


@lru_cache(maxsize=1024)
def parse(text: str) -> Query:
    """Parse decoded RQL text (without ``limit``, ``offset`` and ``search``).

    Returns:
        The query; an empty text gives an empty one. Results are cached, texts repeat.

    Raises:
        RqlError: the text is not RQL; the error holds the position.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        filters: list[Node] = []
        ordering: tuple[SignedProperty, ...] = ()
        select: tuple[SignedProperty, ...] = ()
        self._skip_blanks()
        while self._at < len(self._text):
            if self._text[self._at] == "&":
                # Clients leave an ampersand behind when a part of the query is empty.
                self._at += 1
                continue
            clause = self._signed_clause()
            if clause is None:
                filters.append(self._term())
            elif clause[0] == "ordering":
                ordering += clause[1]
            else:
                select += clause[1]
            self._skip_blanks()
            if self._at < len(self._text) and self._text[self._at] not in "&,":
                raise self._error("expected '&' between expressions")
            self._at += 1
        where = None if not filters else filters[0] if len(filters) == 1 else And(tuple(filters))
        return Query(where, ordering, select)

    def _signed_clause(self) -> tuple[str, tuple[SignedProperty, ...]] | None:
        for keyword in ("ordering", "select"):
            if self._text.startswith(f"{keyword}(", self._at):
                self._at += len(keyword) + 1
                return keyword, self._signed_properties()
        return None

    def _signed_properties(self) -> tuple[SignedProperty, ...]:
        if self._take(")"):
            return ()
        properties: list[SignedProperty] = []
        while True:
            self._skip_blanks()
            negative = self._take("-")
            if not negative:
                self._take("+")
            properties.append(SignedProperty(self._name(), negative))
            if self._take(")"):
                return tuple(properties)
            self._expect(",")

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"more than {_MAX_DEPTH} nested expressions")
        try:
            self._skip_blanks()
            if self._take("("):
                return self._group()
            start = self._at
            name = self._name()
            if self._take("("):
                return self._call(name, start)
            return self._equation(name)
        finally:
            self._depth -= 1

    def _group(self) -> Node:
        children = [self._term()]
        separator = ""
        while not self._take(")"):
            if self._at >= len(self._text) or self._text[self._at] not in "&|;":
                raise self._error("expected ')', '&' or '|'")
            found = "|" if self._text[self._at] in "|;" else "&"
            if separator and found != separator:
                raise self._error("'&' and '|' side by side need brackets of their own")
            separator = found
            self._at += 1
            children.append(self._term())
        if len(children) == 1:
            return children[0]
        return Or(tuple(children)) if separator == "|" else And(tuple(children))

    def _call(self, name: str, start: int) -> Node:
        if name in ("and", "or"):
            children = self._terms()
            if len(children) == 1:
                return children[0]
            return And(children) if name == "and" else Or(children)
        if name == "not":
            child = self._term()
            self._expect(")")
            return Not(child)
        if name in _MEMBERSHIPS:
            return self._membership(name)
        if name in _COMPARISONS or name in _PATTERNS:
            return self._condition(name)
        if name in ("ordering", "select"):
            raise self._error(f"'{name}' belongs beside the filter, not into it", start)
        raise self._error(f"unknown operator '{name}'", start)

    def _terms(self) -> tuple[Node, ...]:
        children = [self._term()]
        while not self._take(")"):
            self._expect(",")
            children.append(self._term())
        return tuple(children)

    def _condition(self, operator: str) -> Comparison | Pattern | ElementMatch:
        name = self._name()
        self._expect(",")
        self._skip_blanks()
        if self._text.startswith("t(", self._at):
            conditions = self._tuple()
            self._expect(")")
            if operator not in ("eq", "ne"):
                raise self._error(f"a tuple can be compared with eq and ne only, not with {operator}")
            return ElementMatch(name, cast("Literal['eq', 'ne']", operator), conditions)
        start = self._at
        value = self._value(_ARGUMENT)
        self._expect(")")
        return self._node(name, operator, value, start)

    def _node(self, name: str, operator: str, value: Value, start: int) -> Comparison | Pattern:
        if operator in _COMPARISONS:
            return Comparison(name, cast("ComparisonOperator", operator), value)
        if isinstance(value, Special):
            raise self._error(f"{operator} needs a text", start)
        return Pattern(name, cast("Literal['like', 'ilike']", operator), value)

    def _membership(self, operator: str) -> Node:
        name = self._name()
        self._expect(",")
        self._skip_blanks()
        self._expect("(")
        self._skip_blanks()
        if self._text.startswith("t(", self._at):
            matches: list[Node] = [ElementMatch(name, "eq", self._tuple())]
            while not self._take(")"):
                self._expect(",")
                matches.append(ElementMatch(name, "eq", self._tuple()))
            self._expect(")")
            any_of = matches[0] if len(matches) == 1 else Or(tuple(matches))
            return any_of if operator == "in" else Not(any_of)
        values = [self._value(_ARGUMENT)]
        while not self._take(")"):
            self._expect(",")
            values.append(self._value(_ARGUMENT))
        self._expect(")")
        return Membership(name, cast("Literal['in', 'out']", operator), tuple(values))

    def _tuple(self) -> tuple[Comparison | Pattern, ...]:
        self._skip_blanks()
        self._expect("t")
        self._expect("(")
        conditions: list[Comparison | Pattern] = []
        while True:
            self._skip_blanks()
            start = self._at
            operator = self._name()
            if operator not in _COMPARISONS and operator not in _PATTERNS:
                raise self._error("a tuple holds comparisons only", start)
            self._expect("(")
            condition = self._condition(operator)
            if isinstance(condition, ElementMatch):
                raise self._error("a tuple inside a tuple", start)
            conditions.append(condition)
            if self._take(")"):
                return tuple(conditions)
            self._expect(",")

    def _equation(self, name: str) -> Node:
        self._expect("=")
        operator: ComparisonOperator = "eq"
        if infix := _INFIX.match(self._text, self._at):
            operator = cast("ComparisonOperator", infix[1])
            self._at = infix.end()
        return Comparison(name, operator, self._value(_RIGHT_SIDE))

    def _value(self, bare: re.Pattern[str]) -> Value:
        self._skip_blanks()
        if special := _SPECIAL.match(self._text, self._at):
            self._at = special.end()
            return Special(special[0])
        if quoted := _QUOTED.match(self._text, self._at):
            self._at = quoted.end()
            return quoted[1] if quoted[1] is not None else quoted[2]
        if match := bare.match(self._text, self._at):
            self._at = match.end()
            return match[0]
        raise self._error("expected a value")

    def _name(self) -> str:
        self._skip_blanks()
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise self._error("expected a property or an operator")
        self._at = match.end()
        return match[0]

    def _skip_blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _take(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise self._error(f"expected '{character}'")

    def _error(self, message: str, position: int | None = None) -> RqlError:
        at = self._at if position is None else position
        found = f"'{self._text[at]}'" if at < len(self._text) else "the end of the query"
        return RqlError(f"{message}, found {found}", position=at)
