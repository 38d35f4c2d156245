"""SQL for values inside JSON documents, the same on SQLite and PostgreSQL.

The differences of the two databases (functions, casts that fail, patterns) are settled here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import JSON, Boolean, ColumnElement, Float, Text, cast, column, literal, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

__all__ = ["DOCUMENT", "elements", "instant", "matches_case", "number", "text_at"]

DOCUMENT: Final[TypeEngine[Any]] = JSON().with_variant(JSONB(), "postgresql")
"""Column type of a document: JSON text on SQLite, jsonb on PostgreSQL."""


def text_at(document: ColumnElement[Any], path: Sequence[str]) -> ColumnElement[str]:
    """The value at ``path`` as text; null where it is missing or null. An empty path is the document itself."""
    return cast(document[tuple(path)].as_string(), Text)


class _Elements(FunctionElement[Any]):
    name = "document_elements"
    inherit_cache = True


def elements(document: ColumnElement[Any], path: Sequence[str]) -> TableValuedAlias:
    """The elements of the list at ``path``, as rows with one column ``value``; none where there is no list."""
    names: list[ColumnElement[Any]] = [literal_column(name) for name in path]
    return _Elements(document, *names).table_valued(column("value", DOCUMENT))


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    document, *names = [compiler.process(clause, **kw) for clause in element.clauses]
    path = "$" + "".join(f'."{name}"' for name in names)
    # Scalars are quoted again, so that each element is a document itself.
    part = f"CASE WHEN json_type({document}, '{path}') = 'array' THEN json_extract({document}, '{path}') ELSE '[]' END"
    kinds = (
        "WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null' WHEN 'text' THEN json_quote(value)"
    )
    # The path is made of names that the program declares, never of what a client sent.
    return f"(SELECT CASE type {kinds} ELSE value END AS value FROM json_each({part}))"  # noqa: S608


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    document, *names = [compiler.process(clause, **kw) for clause in element.clauses]
    part = f"({document} #> '{{{','.join(names)}}}')"
    return f"jsonb_array_elements(CASE WHEN jsonb_typeof({part}) = 'array' THEN {part} ELSE '[]'::jsonb END)"


class number(FunctionElement[float]):  # noqa: N801  (used as a function, like SQLAlchemy's own)
    """A text as a number; null where it is none."""

    name = "document_number"
    inherit_cache = True
    type = Float()


@compiles(number, "sqlite")
def _number_sqlite(element: number, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    # A text that is a JSON number; CAST alone would read any text as 0.
    return f"CASE WHEN json_valid({text}) AND json_type({text}) IN ('integer', 'real') THEN CAST({text} AS REAL) END"


@compiles(number, "postgresql")
def _number_postgresql(element: number, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    pattern = r"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]{1,2})?$"
    return f"CASE WHEN {text} ~ '{pattern}' THEN CAST({text} AS double precision) END"


class instant(FunctionElement[Any]):  # noqa: N801
    """A text as a comparable moment, to the millisecond and UTC where it names no offset; null where it is none."""

    name = "document_instant"
    inherit_cache = True


@compiles(instant, "sqlite")
def _instant_sqlite(element: instant, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    # The guard keeps julianday from reading plain numbers and words such as 'now'.
    return f"CASE WHEN {text} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN julianday({text}) END"


@compiles(instant, "postgresql")
def _instant_postgresql(element: instant, compiler: SQLCompiler, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    day = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    time = r"([T ]([01][0-9]|2[0-3])[:][0-5][0-9]([:][0-5][0-9]([.][0-9]+)?)?)?"
    return (
        f"CASE WHEN {text} ~ '^{day}{time}(Z|[+-][0-9]{{2}}[:]?[0-9]{{2}})$'"
        f" THEN date_trunc('milliseconds', CAST({text} AS timestamptz))"
        f" WHEN {text} ~ '^{day}{time}$'"
        f" THEN date_trunc('milliseconds', CAST({text} AS timestamp) AT TIME ZONE 'UTC') END"
    )


class _MatchesCase(FunctionElement[bool]):
    name = "document_matches_case"
    inherit_cache = True
    type = Boolean()


def matches_case(text: ColumnElement[str], *, like: str, glob: str) -> ColumnElement[bool]:
    """Match a text against a pattern, minding case; the pattern is given in both databases' languages."""
    return _MatchesCase(text, literal(like), literal(glob))


@compiles(_MatchesCase, "sqlite")
def _matches_case_sqlite(element: _MatchesCase, compiler: SQLCompiler, **kw: Any) -> str:
    text, _, glob = element.clauses
    return f"({compiler.process(text, **kw)} GLOB {compiler.process(glob, **kw)})"


@compiles(_MatchesCase, "postgresql")
def _matches_case_postgresql(element: _MatchesCase, compiler: SQLCompiler, **kw: Any) -> str:
    text, like, _ = element.clauses
    return f"({compiler.process(text, **kw)} LIKE {compiler.process(like, **kw)} ESCAPE '\\')"
