"""What a validation found: typed items that a program can read, each with its place and a piece of the code there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connect_eaas.validation.rule import ERROR, WARNING, Finding, Level
from connect_eaas.validation.text_file import TextFiles

__all__ = ["REPORT_SCHEMA", "Frame", "Item", "Report", "make_report"]

_AROUND: Final = 2
_WIDEST: Final = 200


@dataclass(frozen=True)
class Frame:
    """Lines of a file around an item's line; ``start_line`` is the number of the first, from 1."""

    start_line: int
    lines: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The frame as JSON."""
        return {"start_line": self.start_line, "lines": list(self.lines)}


@dataclass(frozen=True)
class Item:
    """One finding, ready to be shown.

    Args:
        rule: the rule's id.
        level: error or warning.
        title: the rule in a few words.
        message: what is wrong here.
        file: relative to the project with ``/`` if it is inside, else absolute; None if it concerns no file.
        line: from 1, None if it concerns the whole file.
        frame: the code there.
        fix: what to do.
        doc: where the rule is explained.
        blocks: whether it keeps ``cextrun`` from starting.
    """

    rule: str
    level: Level
    title: str
    message: str
    file: str | None
    line: int | None
    frame: Frame | None
    fix: str
    doc: str
    blocks: bool

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{self.rule} {place}: {self.message}" if place else f"{self.rule} {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The item as JSON."""
        frame = self.frame.as_dict() if self.frame is not None else None
        return {**{name: getattr(self, name) for name in REPORT_SCHEMA["$defs"]["item"]["required"]}, "frame": frame}

    @property
    def heading(self) -> str:
        """The title as the beginning of a sentence; the name of a file stays as it is written."""
        keeps = "." in self.title.partition(" ")[0]
        return self.title if keeps else f"{self.title[0].upper()}{self.title[1:]}"


@dataclass(frozen=True)
class Report:
    """The items of one project: errors first, then by place."""

    project: str
    items: tuple[Item, ...]

    @property
    def errors(self) -> tuple[Item, ...]:
        """Items of the level error."""
        return tuple(item for item in self.items if item.level == ERROR)

    @property
    def warnings(self) -> tuple[Item, ...]:
        """Items of the level warning."""
        return tuple(item for item in self.items if item.level == WARNING)

    @property
    def blocking(self) -> tuple[Item, ...]:
        """Items that keep ``cextrun`` from starting."""
        return tuple(item for item in self.items if item.blocks)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON, valid against ``REPORT_SCHEMA``."""
        return {
            "version": 1,
            "project": self.project,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "items": [item.as_dict() for item in self.items],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Report:
        """Read what ``as_dict`` wrote.

        Raises:
            KeyError, TypeError: it is something else.
        """
        items = []
        for item in document["items"]:
            frame = item["frame"]
            made = Frame(frame["start_line"], tuple(frame["lines"])) if frame is not None else None
            items.append(Item(**{**item, "frame": made}))
        return cls(document["project"], tuple(items))


def make_report(root: Path, findings: Iterable[Finding], files: TextFiles) -> Report:
    """Order the findings, leave out repeated ones, and show the code at their places."""
    items = {_item(root, finding, files): None for finding in findings}
    ordered = sorted(items, key=lambda item: (item.level != ERROR, item.file or "", item.line or 0, item.rule))
    return Report(_printable(str(root)), tuple(ordered))


def _item(root: Path, finding: Finding, files: TextFiles) -> Item:
    rule, place = finding.rule, finding.place
    file = line = frame = None
    if place is not None:
        inside = place.file.is_relative_to(root)
        file = place.file.relative_to(root).as_posix() if inside else str(place.file)
        lines = files.lines(place.file) if place.line is not None else ()
        if place.line is not None and place.line >= 1 and lines:
            # A parser may name the line after the last one: the end of the file.
            line = min(place.line, len(lines))
            start = max(line - _AROUND, 1)
            shown = lines[start - 1 : line + _AROUND]
            frame = Frame(start, tuple(_printable(text.expandtabs(4))[:_WIDEST] for text in shown))
    return Item(
        rule=rule.id,
        level=finding.level,
        title=rule.title,
        message=_printable(finding.message),
        file=_printable(file) if file is not None else None,
        line=line,
        frame=frame,
        fix=_printable(finding.fix),
        doc=rule.doc,
        blocks=finding.level == ERROR and rule.blocks,
    )


def _printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey, or a file could not hold."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer", "minimum": 1}

REPORT_SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report on an extension project",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "project", "errors", "warnings", "items"],
    "properties": {
        "version": {"const": 1},
        "project": {**_TEXT, "description": "the project's directory"},
        "errors": {"type": "integer", "minimum": 0, "description": "how many items have the level error"},
        "warnings": {"type": "integer", "minimum": 0, "description": "how many items have the level warning"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {
        "item": {
            "type": "object",
            "additionalProperties": False,
            "required": [
                "rule",
                "level",
                "title",
                "message",
                "file",
                "line",
                "frame",
                "fix",
                "doc",
                "blocks",
            ],
            "properties": {
                "rule": {**_TEXT, "pattern": "^[A-Z]{3}[0-9]{3}$", "description": "the rule's id"},
                "level": {"enum": [ERROR, WARNING]},
                "title": {**_TEXT, "description": "the rule in a few words"},
                "message": {**_TEXT, "description": "what is wrong at this place"},
                "file": {"type": ["string", "null"], "description": "relative to the project if it is inside"},
                "line": {"anyOf": [_NUMBER, {"type": "null"}], "description": "from 1"},
                "frame": {"anyOf": [{"$ref": "#/$defs/frame"}, {"type": "null"}]},
                "fix": {**_TEXT, "description": "what to do"},
                "doc": {**_TEXT, "description": "where the rule is explained"},
                "blocks": {"type": "boolean", "description": "whether it keeps the runner from starting"},
            },
        },
        "frame": {
            "type": "object",
            "additionalProperties": False,
            "required": ["start_line", "lines"],
            "properties": {"start_line": _NUMBER, "lines": {"type": "array", "items": _TEXT}},
        },
    },
}
"""JSON schema of ``Report.as_dict``."""
