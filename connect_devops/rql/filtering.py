"""Puts a parsed query onto a SQLAlchemy select.

Semantics: a missing value and null are the same and equal nothing, so ``ne`` and ``out`` are the exact opposites of
``eq`` and ``in``. A property inside a list matches when any element does; conditions on the same list that stand side
by side in one ``and`` speak of the same element (``and(eq(params.id,a),eq(params.value,b))`` is the parameter a with
the value b), as the joins of the vendor's library do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.types import Integer, TypeDecorator

from connect_devops.rql.documents import elements, instant, matches_case, number, text_at
from connect_devops.rql.errors import RqlError
from connect_devops.rql.fields import Field, Fields
from connect_devops.rql.syntax import (
    And,
    Comparison,
    ElementMatch,
    Membership,
    Node,
    Not,
    Or,
    Pattern,
    Query,
    Special,
    Value,
)

__all__ = ["apply", "condition", "count", "search_condition"]

_Leaf = Comparison | Membership | Pattern
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,2})?\Z", re.ASCII)
_COMPARE: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "eq": lambda left, right: left == right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}


def apply(statement: Select[Any], query: Query, fields: Fields, *, search: str | None = None) -> Select[Any]:
    """Filter and order ``statement``; ``select`` of the query is left to the caller, it shapes documents, not rows.

    Rows without a value come last in either direction. Add a unique last key when the order must be total.

    Raises:
        RqlError: a property is unknown, may not be looked up or ordered so, or a value is of the wrong type.
    """
    if query.where is not None:
        statement = statement.where(condition(query.where, fields))
    if search:
        statement = statement.where(search_condition(search, fields))
    for signed in query.ordering:
        field = _field(signed.property, fields)
        if not field.orderable:
            raise RqlError("this list cannot be ordered by it", property=signed.property)
        for key in _order_keys(field):
            statement = statement.order_by((key.desc() if signed.negative else key.asc()).nulls_last())
    return statement


def count(statement: Select[Any]) -> Select[Any]:
    """Turn a filtered select into one that counts its rows."""
    return select(func.count()).select_from(statement.order_by(None).limit(None).offset(None).subquery())


def condition(node: Node, fields: Fields) -> ColumnElement[bool]:
    """Turn a filter into SQL.

    Raises:
        RqlError: as ``apply``.
    """
    match node:
        case And(children):
            return and_(*_conjunction(children, fields))
        case Or(children):
            return or_(*(condition(child, fields) for child in children))
        case Not(child):
            return not_(_certain(condition(child, fields)))
        case ElementMatch():
            return _element_match(node, fields)
        case _:
            return _leaf(node, fields)


def search_condition(text: str, fields: Fields) -> ColumnElement[bool]:
    """Any searchable property contains ``text``, whatever the case; all rows where the list is not searchable."""
    pattern = "*" + text.replace("\\", "\\\\").replace("*", r"\*") + "*"
    tests = [
        _positive(field, lambda value: _like(value, pattern, ignore_case=True))
        for field in fields.values()
        if field.searchable
    ]
    return or_(*tests) if tests else true()


def _certain(test: ColumnElement[bool]) -> ColumnElement[bool]:
    """Make unknown false, so that a negation is the exact opposite."""
    return func.coalesce(test, false())


def _field(name: str, fields: Fields) -> Field:
    try:
        return fields[name]
    except KeyError:
        raise RqlError("this list has no such property to filter by", property=name) from None


def _conjunction(children: Iterable[Node], fields: Fields) -> list[ColumnElement[bool]]:
    tests: list[ColumnElement[bool]] = []
    same_list: dict[tuple[Any, tuple[str, ...]], list[_Leaf]] = {}
    for child in _flat(children):
        if isinstance(child, (Comparison, Membership, Pattern)) and _is_positive(child):
            field = _field(child.property, fields)
            if field.steps is not None and len(field.steps) == 2:
                same_list.setdefault((field.expression, field.steps[0]), []).append(child)
                continue
        tests.append(condition(child, fields))
    for (document, path), leaves in same_list.items():
        rows = elements(document, path)
        inner = [
            _test(leaf, _field(leaf.property, fields))(text_at(rows.c.value, _inside(_field(leaf.property, fields))))
            for leaf in leaves
        ]
        tests.append(exists(select(literal(1)).select_from(rows).where(*inner)))
    return tests


def _flat(children: Iterable[Node]) -> Iterable[Node]:
    for child in children:
        if isinstance(child, And):
            yield from _flat(child.children)
        else:
            yield child


def _inside(field: Field) -> tuple[str, ...]:
    return field.steps[1] if field.steps is not None else ()


def _is_positive(leaf: _Leaf) -> bool:
    if isinstance(leaf, Comparison):
        return leaf.operator != "ne" and leaf.value is not Special.NULL
    return not (isinstance(leaf, Membership) and leaf.operator == "out")


def _leaf(leaf: _Leaf, fields: Fields) -> ColumnElement[bool]:
    field = _field(leaf.property, fields)
    if isinstance(leaf, Comparison) and leaf.value is Special.NULL:
        _allow(field, "null", leaf.property)
        if leaf.operator not in ("eq", "ne"):
            raise RqlError(f"null() cannot be compared with {leaf.operator}", property=leaf.property)
        if field.steps is None or len(field.steps) == 1:
            value = field.expression if field.steps is None else text_at(field.expression, field.steps[0])
            return value.is_(None) if leaf.operator == "eq" else value.is_not(None)
        present = _positive(field, lambda value: value.is_not(None))
        return not_(present) if leaf.operator == "eq" else present
    if isinstance(leaf, Comparison) and leaf.operator == "ne":
        opposite: _Leaf = Comparison(leaf.property, "eq", leaf.value)
        _allow(field, "ne" if leaf.value is not Special.EMPTY else "empty", leaf.property)
        return not_(_certain(_positive(field, _test(opposite, field, allowed=True))))
    if isinstance(leaf, Membership) and leaf.operator == "out":
        opposite = Membership(leaf.property, "in", leaf.values)
        _allow(field, "out", leaf.property)
        return not_(_certain(_positive(field, _test(opposite, field, allowed=True))))
    return _positive(field, _test(leaf, field))


def _positive(field: Field, test: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Apply a test to the value; inside lists: to any element's."""
    if field.steps is None:
        return test(field.expression)
    return _any_element(field.expression, field.steps, test)


def _any_element(
    document: ColumnElement[Any],
    steps: tuple[tuple[str, ...], ...],
    test: Callable[[ColumnElement[Any]], ColumnElement[bool]],
) -> ColumnElement[bool]:
    if len(steps) == 1:
        return test(text_at(document, steps[0]))
    rows = elements(document, steps[0])
    return exists(select(literal(1)).select_from(rows).where(_any_element(rows.c.value, steps[1:], test)))


def _element_match(node: ElementMatch, fields: Fields) -> ColumnElement[bool]:
    tests: list[Callable[[ColumnElement[Any]], ColumnElement[bool]]] = []
    document: ColumnElement[Any] | None = None
    path: tuple[str, ...] = ()
    for inner in node.conditions:
        name = f"{node.property}.{inner.property}"
        field = _field(name, fields)
        if field.steps is None or len(field.steps) != 2 or (document is not None and field.steps[0] != path):
            raise RqlError("a tuple needs a list", property=node.property)
        document, path = field.expression, field.steps[0]
        negative = isinstance(inner, Comparison) and inner.operator == "ne"
        positive = Comparison(name, "eq", inner.value) if isinstance(inner, Comparison) and negative else inner
        if isinstance(inner, Comparison) and inner.value is Special.NULL:
            raise RqlError("a tuple cannot hold null()", property=name)
        if negative:
            _allow(field, "ne", name)
        tests.append(_bind(_test(positive, field, name=name, allowed=negative), field, negative=negative))
    if document is None:
        raise RqlError("an empty tuple", property=node.property)
    rows = elements(document, path)
    found = exists(select(literal(1)).select_from(rows).where(*(test(rows.c.value) for test in tests)))
    return found if node.operator == "eq" else not_(found)


def _bind(
    test: Callable[[ColumnElement[Any]], ColumnElement[bool]], field: Field, *, negative: bool
) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    def bound(element: ColumnElement[Any]) -> ColumnElement[bool]:
        result = test(text_at(element, _inside(field)))
        return not_(_certain(result)) if negative else result

    return bound


def _allow(field: Field, lookup: str, name: str) -> None:
    if lookup not in field.lookups:
        allowed = ", ".join(sorted(field.lookups))
        what = f"{lookup}()" if lookup in ("null", "empty") else lookup
        raise RqlError(f"'{what}' is not allowed here (allowed: {allowed})", property=name)


def _test(
    leaf: _Leaf, field: Field, *, name: str | None = None, allowed: bool = False
) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    """Make the test that a positive leaf means, for one value."""
    name = name or leaf.property
    if not allowed:
        empty = isinstance(leaf, Comparison) and leaf.value is Special.EMPTY
        _allow(field, "empty" if empty else leaf.operator, name)
    if isinstance(leaf, Pattern):
        pattern, ignore_case = leaf.pattern, leaf.operator == "ilike"
        return lambda value: _like(value, pattern, ignore_case=ignore_case)
    values = leaf.values if isinstance(leaf, Membership) else (leaf.value,)
    compare = _COMPARE["eq" if isinstance(leaf, Membership) else leaf.operator]
    parts = [_compare(field, compare, value, name) for value in values]
    return lambda value: or_(*(part(value) for part in parts)) if len(parts) > 1 else parts[0](value)


def _compare(
    field: Field, compare: Callable[[Any, Any], ColumnElement[bool]], value: Value, name: str
) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    if value is Special.NULL:
        _allow(field, "null", name)
        return lambda stored: stored.is_(None)
    text = "" if isinstance(value, Special) else value
    if field.kind == "boolean":
        return _boolean(field, compare, text, name)
    if field.kind == "number":
        return _number(field, compare, text, name)
    return lambda stored: compare(stored, text)


def _boolean(
    field: Field, compare: Callable[[Any, Any], ColumnElement[bool]], text: str, name: str
) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    if text.lower() not in ("true", "false"):
        raise RqlError(f"'{text}' is neither true nor false", property=name)
    wanted = text.lower() == "true"
    if field.steps is None:
        return lambda stored: compare(stored, true() if wanted else false())
    # SQLite gives booleans out of documents as 1 and 0, PostgreSQL as words.
    return lambda stored: stored.in_(("true", "1") if wanted else ("false", "0"))


def _number(
    field: Field, compare: Callable[[Any, Any], ColumnElement[bool]], text: str, name: str
) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    if field.steps is None:
        bound = _column_value(field, text, name)
        return lambda stored: compare(stored, bound)
    if _NUMBER.match(text):
        return lambda stored: compare(number(stored), float(text))
    moment = _moment(text, name).isoformat(timespec="milliseconds")
    return lambda stored: compare(instant(stored), instant(literal(moment)))


def _column_value(field: Field, text: str, name: str) -> Any:
    type_: Any = field.expression.type
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    if isinstance(type_, DateTime):
        return _moment(text, name)
    if isinstance(type_, (Integer, Numeric)):
        if not _NUMBER.match(text):
            raise RqlError(f"'{text}' is not a number", property=name)
        return float(text) if not text.lstrip("-").isdigit() else int(text)
    return _moment(text, name).isoformat()


def _moment(text: str, name: str) -> datetime:
    # A plus sign that a form encoder made of the offset's comes as a blank.
    plain = re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip())
    try:
        moment = datetime.fromisoformat(plain[:-1] + "+00:00" if plain.endswith(("Z", "z")) else plain)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise RqlError(f"'{text}' is neither a number nor an ISO date", property=name) from None


def _like(value: ColumnElement[Any], pattern: str, *, ignore_case: bool) -> ColumnElement[bool]:
    like: list[str] = []
    glob: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern) and pattern[position + 1] in "*\\":
            position += 1
            character = pattern[position]
        elif character == "*":
            like.append("%")
            glob.append("*")
            position += 1
            continue
        like.append("\\" + character if character in "\\%_" else character)
        glob.append(f"[{character}]" if character in "*?[" else character)
        position += 1
    if ignore_case:
        return value.ilike("".join(like), escape="\\")
    return matches_case(value, like="".join(like), glob="".join(glob))


def _order_keys(field: Field) -> list[ColumnElement[Any]]:
    if field.steps is None:
        return [field.expression]
    if len(field.steps) > 1:
        raise ValueError("a property inside a list cannot order the rows")
    text = text_at(field.expression, field.steps[0])
    return [number(text), instant(text)] if field.kind == "number" else [text]
