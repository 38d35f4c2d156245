"""What a dialog of a transformation might save, made from the OpenAPI schema of the endpoint that checks it.

Values that the schema gives (``const``, ``examples``, ``enum``) are taken as they are. Texts are made: the name of a
column of the stream, of a new one, or just a word, by what the field is called. The endpoint has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Draft", "NoDraftError", "drafts_for", "endpoint_of"]

_WORDS: Final = re.compile(r"[a-z]+")
_OF_NEW_COLUMNS: Final = frozenset({"target", "targets", "output", "outputs", "new", "to", "destination", "result"})
_OF_COLUMNS: Final = frozenset(
    {"column", "columns", "source", "sources", "input", "inputs", "from", "field", "fields", "key", "id"}
)
_FORMATS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-31T08:00:00+00:00",
    "date": "2026-01-31",
    "time": "08:00:00",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
}
_TEXT: Final = "sample"
_DEEPEST: Final = 20


class NoDraftError(Exception):
    """Nothing can be made from this schema; the text says why."""


@dataclass(frozen=True)
class Draft:
    """The body for an endpoint, and what of it the transformation gets."""

    body: Mapping[str, Any]
    settings: Any
    columns: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def endpoint_of(spec: Mapping[str, Any], method: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return path and body schema of the endpoint that checks a transformation's settings; None if there is none.

    It is a POST whose path ends with the name of the method, as in projects of the template
    (``reference/generated-project.md``), one below ``/validate/`` before others.

    Args:
        spec: the web application's OpenAPI document.
        method: of the transformation.
    """
    found = []
    paths = spec.get("paths")
    for path, operations in paths.items() if isinstance(paths, Mapping) else ():
        if path.rpartition("/")[2] == method and isinstance(operations, Mapping):
            schema = _at(operations, "post", "requestBody", "content", "application/json", "schema")
            if isinstance(schema, Mapping):
                found.append((path, schema))
    return min(found, key=lambda item: ("/validate/" not in item[0], item[0])) if found else None


def drafts_for(spec: Mapping[str, Any], schema: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> list[Draft]:
    """Return what to offer to an endpoint, the likeliest first.

    Args:
        spec: the OpenAPI document, for references.
        schema: of the endpoint's body: ``{settings, columns}``, or the settings themselves.
        columns: of the stream.

    Raises:
        NoDraftError: the schema does not say enough.
    """
    try:
        return _drafts(spec, schema, columns)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
        # A document that was written by hand may be no schema at all.
        raise NoDraftError(f"its description cannot be read: {error}") from error


def _drafts(spec: Mapping[str, Any], schema: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> list[Draft]:
    body = _resolved(spec, schema, 0)
    properties = body.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        raise NoDraftError("its body is not described")
    drafts = []
    for guess in (True, False):
        maker = _Maker(spec, columns, guess)
        if "settings" not in properties:
            settings = maker.made(body, "settings", 0)
            drafts.append(Draft(settings, settings, maker.columns()))
            continue
        described = _resolved(spec, properties["settings"], 0)
        if not any(name in described for name in ("properties", "examples", "example", "items")):
            raise NoDraftError("its settings are not described")
        settings = maker.made(described, "settings", 0)
        sent = {"settings": settings, "columns": maker.columns()}
        further = [name for name in body.get("required", ()) if name not in sent and name in properties]
        drafts.append(
            Draft(
                {**sent, **{name: maker.made(properties[name], name, 0) for name in further}}, settings, sent["columns"]
            )
        )
    return drafts[:1] if drafts[0].body == drafts[1].body else drafts


class _Maker:
    """Makes values of one draft, and notes which columns they name.

    Args:
        spec: the OpenAPI document, for references.
        columns: of the stream.
        guess: tell by the fields' names which texts are columns; otherwise every text is one.
    """

    def __init__(self, spec: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], guess: bool) -> None:
        self._spec = spec
        self._columns = {str(column["name"]): column for column in columns}
        self._guess = guess
        self._read: list[str] = []
        # The name of a new column, and the one that it is made from.
        self._written: dict[str, str] = {}

    def columns(self) -> dict[str, list[dict[str, Any]]]:
        """The columns that are read and written, as a dialog hands them to Connect."""
        read = [dict(self._columns[name]) for name in dict.fromkeys(self._read)]
        written = [
            {"name": name, "type": self._columns[source].get("type", "string"), "description": f"Made from {source}"}
            for name, source in self._written.items()
        ]
        every = [dict(column) for column in self._columns.values()]
        return {"input": read or every, "output": written or read or every}

    def made(self, schema: Any, name: str, depth: int) -> Any:
        """A value of a schema; ``name`` is what the field is called."""
        if depth > _DEEPEST:
            raise NoDraftError("it is described by itself")
        schema = _resolved(self._spec, schema, depth)
        for key in ("const", "example"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if isinstance(schema.get(key), list) and schema[key]:
                return schema[key][0]
        kind = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object":
            properties = schema.get("properties") or {}
            wanted = [one for one in properties if one in schema.get("required", ())]
            return {one: self.made(properties[one], one, depth + 1) for one in wanted}
        if kind == "array":
            count = max(1, int(schema.get("minItems", 1)))
            return [self.made(schema.get("items", {}), name, depth + 1) for _ in range(min(count, len(self._columns)))]
        if kind == "string":
            return self._text(schema, name)
        if kind in ("integer", "number"):
            return _number(schema, kind)
        if kind == "boolean":
            return False
        raise NoDraftError(f"nothing says what {name!r} is")

    def _text(self, schema: Mapping[str, Any], name: str) -> str:
        if "pattern" in schema:
            raise NoDraftError(f"{name!r} has to match {schema['pattern']}")
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        words = set(_WORDS.findall(name.lower()))
        if self._guess and words & _OF_NEW_COLUMNS:
            return self._new_column()
        named = next((column for column in self._columns if column in words - {"id"}), None)
        if named is None and self._guess and not words & _OF_COLUMNS:
            return _TEXT.ljust(int(schema.get("minLength", 0)), ".")[: int(schema.get("maxLength", 1000))]
        return self._column(named)

    def _column(self, named: str | None) -> str:
        """The column of this name, else the first that was not named yet."""
        free = (column for column in self._columns if column not in self._read)
        column = named or next(free, next(iter(self._columns)))
        self._read.append(column)
        return column

    def _new_column(self) -> str:
        source = self._read[-1] if self._read else next(iter(self._columns))
        name = next(one for one in _new_names(source) if one not in self._written and one not in self._columns)
        self._written[name] = source
        return name


def _new_names(source: str) -> Iterator[str]:
    yield f"new_{source}"
    number = 2
    while True:
        yield f"new_{source}_{number}"
        number += 1


def _number(schema: Mapping[str, Any], kind: str) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    number: int | float = max(1, least + 1) if "exclusiveMinimum" in schema else max(1, least)
    if most is not None and number > most:
        number = least
    return int(number) if kind == "integer" else number


def _resolved(spec: Mapping[str, Any], schema: Any, depth: int) -> Mapping[str, Any]:
    """A schema without references and choices: the first choice that is a value."""
    while isinstance(schema, Mapping):
        depth += 1
        if depth > _DEEPEST:
            raise NoDraftError("it is described by itself")
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            further = {key: value for key, value in schema.items() if key in ("examples", "example")}
            found = _at(spec, *reference[2:].split("/"))
            schema = {**found, **further} if isinstance(found, Mapping) else None
            continue
        choices = next((schema[key] for key in ("allOf", "anyOf", "oneOf") if schema.get(key)), None)
        if choices is None or any(key in schema for key in ("const", "enum", "examples", "example")):
            return schema
        schema = next((one for one in choices if isinstance(one, Mapping) and one.get("type") != "null"), None)
    raise NoDraftError("its description leads nowhere")


def _at(document: Any, *names: str) -> Any:
    for name in names:
        document = document.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(document, Mapping) else None
    return document
