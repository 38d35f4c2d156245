"""What a list can be filtered, ordered and searched by: properties and where their values lie.

Which lookups a property allows is declared per list, in the notation of ``reference/devops-api.md`` section 8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement

__all__ = ["Field", "Fields", "Kind", "column_field", "document_fields"]

Kind: TypeAlias = Literal["text", "number", "boolean"]

_TEXT: Final = frozenset({"eq", "ne", "like", "ilike", "in", "out", "empty"})
_NUMBER: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "in", "out"})
_BOOLEAN: Final = frozenset({"eq", "ne"})
_LOOKUPS: Final[Mapping[Kind, frozenset[str]]] = {"text": _TEXT, "number": _NUMBER, "boolean": _BOOLEAN}
_SHORT: Final[Mapping[str, Kind]] = {"str": "text", "num": "number", "bool": "boolean"}
_DECLARATION: Final = re.compile(
    r"(?P<path>[\w.\-\[\]]+)(?:=(?P<at>[\w.\-\[\]]+))?:(?P<lookups>[\w,]+)(?P<flags>[?^~]*)"
)


@dataclass(frozen=True, eq=False)
class Field:
    """One property of a list.

    Attributes:
        expression: a column, or the JSON document that holds the value.
        kind: text; number (also moments in time); boolean.
        lookups: the operators allowed, plus ``null`` and ``empty`` for tests against ``null()`` and ``empty()``.
        orderable: may stand in ``ordering``.
        searchable: looked through by ``search``.
        steps: None for a column. Else the way into the document: names, and one group for each list on the way,
            so ``(("asset", "params"), ("id",))`` is the ``id`` of the elements of ``asset.params``.
    """

    expression: ColumnElement[Any]
    kind: Kind = "text"
    lookups: frozenset[str] = _TEXT
    orderable: bool = False
    searchable: bool = False
    steps: tuple[tuple[str, ...], ...] | None = None


Fields: TypeAlias = Mapping[str, Field]


def column_field(
    column: ColumnElement[Any],
    kind: Kind = "text",
    *,
    null: bool = False,
    orderable: bool = False,
    searchable: bool = False,
    lookups: frozenset[str] | None = None,
) -> Field:
    """Make the field of a plain column.

    Args:
        column: any SQL expression. For the kind number its SQLAlchemy type tells how a value is read: numbers for
            numeric types, aware UTC datetimes for ``DateTime`` and types made of it, ISO text in UTC otherwise.
        kind: how the column is compared.
        null: ``null()`` tests are allowed.
        orderable: may stand in ``ordering``.
        searchable: looked through by ``search``.
        lookups: the operators allowed, when they are not the kind's usual ones.
    """
    allowed = (lookups or _LOOKUPS[kind]) | (frozenset({"null"}) if null else frozenset())
    return Field(column, kind, allowed, orderable, searchable)


def document_fields(document: ColumnElement[Any], declarations: str) -> dict[str, Field]:
    """Make fields for values inside a JSON document.

    Args:
        document: the column of the document.
        declarations: words ``path:lookups[flags]``. A path walks objects by dots; ``[]`` after a name marks a list
            whose elements are looked at, and is no part of the property's name; ``property=path`` gives another
            place than the name says. Lookups are ``str``, ``num``, ``bool`` or operators joined by commas. Flags:
            ``?`` null() tests allowed, ``^`` orderable, ``~`` searched.

    Raises:
        ValueError: a declaration is malformed.
    """
    fields = {}
    for word in declarations.split():
        match = _DECLARATION.fullmatch(word)
        if match is None:
            raise ValueError(f"malformed field declaration {word!r}")
        kind, lookups = _lookups(match["lookups"])
        flags = match["flags"]
        if "?" in flags:
            lookups |= {"null"}
        steps = tuple(
            tuple(name for name in group.split(".") if name) for group in (match["at"] or match["path"]).split("[]")
        )
        fields[match["path"].replace("[]", "")] = Field(
            document, kind, lookups, orderable="^" in flags, searchable="~" in flags, steps=steps
        )
    return fields


def _lookups(text: str) -> tuple[Kind, frozenset[str]]:
    if text in _SHORT:
        kind = _SHORT[text]
        return kind, _LOOKUPS[kind]
    operators = frozenset(text.split(","))
    unknown = operators - _TEXT - _NUMBER - {"null"}
    if unknown:
        raise ValueError(f"unknown lookups {sorted(unknown)}")
    kind = "number" if operators & {"gt", "ge", "lt", "le"} else "text"
    return kind, operators
