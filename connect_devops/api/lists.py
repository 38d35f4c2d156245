"""Filters, order and search of short lists, whose items are at hand as documents.

Which property allows what comes from ``reference/devops-api.md`` section 8, in its own notation (see `fields`).
Long lists (tasks) are filtered by the database instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final, Literal

from starlette.responses import JSONResponse

from connect_devops.api.paging import Page, list_response
from connect_devops.rql.errors import RqlError
from connect_devops.rql.request import ListRequest
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
    SignedProperty,
    Special,
    Value,
)

__all__ = ["Field", "Fields", "fields", "list_documents", "select_documents"]

Kind = Literal["str", "num", "bool"]
Document = Mapping[str, Any]

_LOOKUPS: Final[Mapping[Kind, frozenset[str]]] = {
    "str": frozenset({"eq", "ne", "like", "ilike", "in", "out"}),
    "num": frozenset({"eq", "ne", "ge", "gt", "le", "lt", "in", "out"}),
    "bool": frozenset({"eq", "ne"}),
}
_NOTATION: Final = re.compile(r"([\w.]+):(str|num|bool)(\??)(\^?)(~?)")


@dataclass(frozen=True)
class Field:
    """What a property of a list allows."""

    kind: Kind
    nullable: bool = False
    orderable: bool = False
    searchable: bool = False


Fields = Mapping[str, Field]


def fields(notation: str) -> Fields:
    """Read the notation of section 8, with ``^`` for «can be ordered by» and ``~`` for «is looked through»."""
    table: dict[str, Field] = {}
    for word in notation.split():
        match = _NOTATION.fullmatch(word)
        if match is None:
            raise ValueError(f"not the notation of a field: {word!r}")
        name, kind, nullable, orderable, searchable = match.groups()
        table[name] = Field(kind, bool(nullable), bool(orderable), bool(searchable))  # type: ignore[arg-type]
    return table


def list_documents(wanted: ListRequest, documents: Iterable[Document], allowed: Fields) -> JSONResponse:
    """Answer a list call from complete documents."""
    chosen = select_documents(documents, wanted.query, allowed, search=wanted.search)
    page = Page(limit=wanted.limit, offset=wanted.offset)
    return list_response(page.cut(chosen), len(chosen), page)


def select_documents(
    documents: Iterable[Document], query: Query, allowed: Fields, *, search: str | None = None
) -> list[Document]:
    """Filter and order documents.

    Raises:
        RqlError: a property is unknown, or does not allow what is asked of it.
    """
    test = _compile(query.where, allowed) if query.where is not None else None
    chosen = [item for item in documents if test is None or test(item)]
    if search:
        names = [name for name, field in allowed.items() if field.searchable]
        needle = search.casefold()
        chosen = [item for item in chosen if any(needle in text for name in names for text in _texts(item, name))]
    for term in reversed(query.ordering):
        _check_order(term, allowed)
        chosen = _ordered(chosen, term)
    return chosen


def _ordered(documents: list[Document], term: SignedProperty) -> list[Document]:
    """Order by one property; what has no value comes last in either direction."""
    present: list[tuple[tuple[int, Any], Document]] = []
    absent: list[Document] = []
    for item in documents:
        value = _values(item, term.property)[0]
        if value is None:
            absent.append(item)
        else:
            present.append((_order_key(value), item))
    present.sort(key=lambda pair: pair[0], reverse=term.negative)
    return [item for _, item in present] + absent


def _check_order(term: SignedProperty, allowed: Fields) -> None:
    if not _field(term.property, allowed).orderable:
        raise RqlError("the list cannot be ordered by it", property=term.property)


def _field(name: str, allowed: Fields) -> Field:
    try:
        return allowed[name]
    except KeyError:
        raise RqlError("the list cannot be filtered by it", property=name) from None


def _compile(node: Node, allowed: Fields) -> Callable[[Document], bool]:
    if isinstance(node, And):
        parts = [_compile(child, allowed) for child in node.children]
        return lambda item: all(part(item) for part in parts)
    if isinstance(node, Or):
        parts = [_compile(child, allowed) for child in node.children]
        return lambda item: any(part(item) for part in parts)
    if isinstance(node, Not):
        inner = _compile(node.child, allowed)
        return lambda item: not inner(item)
    if isinstance(node, ElementMatch):
        raise RqlError("the list has no such nested list", property=node.property)
    field = _field(node.property, allowed)
    if node.operator not in _LOOKUPS[field.kind]:
        raise RqlError(f"{node.operator} is not allowed for it", property=node.property)
    if isinstance(node, Pattern):
        return _pattern(node)
    if isinstance(node, Membership):
        tests = [_equals(node.property, field, value) for value in node.values]
        wanted = node.operator == "in"
        return lambda item: any(test(item) for test in tests) is wanted
    return _comparison(node, field)


def _comparison(node: Comparison, field: Field) -> Callable[[Document], bool]:
    if node.operator in ("eq", "ne"):
        test = _equals(node.property, field, node.value)
        wanted = node.operator == "eq"
        return lambda item: test(item) is wanted
    bound = _convert(node.property, field, node.value)
    compare = _ORDERED[node.operator]
    return lambda item: any(
        value is not None and type(value) is type(bound) and compare(value, bound)
        for value in map(_comparable, _values(item, node.property))
    )


_ORDERED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}


def _equals(name: str, field: Field, value: Value) -> Callable[[Document], bool]:
    if value is Special.NULL:
        if not field.nullable:
            raise RqlError("null() is not allowed for it", property=name)
        return lambda item: all(found is None for found in _values(item, name))
    if value is Special.EMPTY:
        return lambda item: any(found == "" for found in _values(item, name))
    bound = _convert(name, field, value)
    if field.kind == "str":
        return lambda item: any(found == bound for found in _values(item, name))
    return lambda item: any(_comparable(found) == bound for found in _values(item, name))


def _convert(name: str, field: Field, value: Value) -> Any:
    if isinstance(value, Special):
        raise RqlError(f"{value.value} is not allowed here", property=name)
    if field.kind == "str":
        return value
    if field.kind == "bool":
        if value not in ("true", "false"):
            raise RqlError("expected true or false", property=name)
        return value == "true"
    comparable = _comparable(value)
    if comparable is None:
        raise RqlError("expected a number or a date", property=name)
    return comparable


def _pattern(node: Pattern) -> Callable[[Document], bool]:
    flags = re.DOTALL | (re.IGNORECASE if node.operator == "ilike" else 0)
    expression = re.compile(_regex(node.pattern), flags)
    return lambda item: any(
        isinstance(found, str) and expression.fullmatch(found) for found in _values(item, node.property)
    )


def _regex(pattern: str) -> str:
    parts = re.split(r"(\\\*|\*)", pattern)
    return "".join(".*" if part == "*" else re.escape("*") if part == r"\*" else re.escape(part) for part in parts)


def _values(item: object, name: str) -> Sequence[Any]:
    """Everything at a dotted path; lists on the way are walked through, a missing end is None."""
    found: list[Any] = [item]
    for key in name.split("."):
        following: list[Any] = []
        for value in found:
            parts = value if isinstance(value, list) else [value]
            following.extend(part.get(key) if isinstance(part, Mapping) else None for part in parts)
        found = following
    return found


def _texts(item: Document, name: str) -> Iterable[str]:
    return (value.casefold() for value in _values(item, name) if isinstance(value, str))


def _comparable(value: object) -> bool | float | datetime | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return _moment(value)
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _order_key(value: object) -> tuple[int, Any]:
    moment = _moment(value) if isinstance(value, str) else None
    if moment is not None:
        return (1, moment.astimezone(timezone.utc).isoformat())
    if isinstance(value, (bool, int, float)):
        return (2, float(value))
    return (3, str(value))
