"""A report as text for people, as JSON for programs, and as commands that GitHub shows beside the code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from connect_eaas.validation.report import Item, Report
from connect_eaas.validation.rule import ERROR

__all__ = ["as_github", "as_json", "as_text", "item_as_line", "item_as_text", "summary"]

Style = Callable[[str, str], str]


def _plain(text: str, _: str) -> str:
    return text


def as_text(report: Report, style: Style = _plain) -> str:
    """Return the report for people.

    Args:
        report: what to show.
        style: gives a text one of the looks ``error``, ``warning``, ``place``, ``code`` and ``fix``.
    """
    lines = [line for item in report.items for line in [*_item(item, style), ""]]
    return "\n".join([*lines, summary(report)])


def item_as_line(item: Item) -> str:
    """Return an item as one line for a log: place, what is wrong, and what to do."""
    return " ".join(f"{item}. Fix: {item.fix}".split())


def item_as_text(item: Item) -> str:
    """Return an item for a message: place and what is wrong in the first line, then the code there, and what to do."""
    return "\n".join([str(item), *_frame(item), *_indented(f"Fix: {item.fix}")])


def summary(report: Report) -> str:
    """Return how many errors and warnings there are, as one sentence."""
    errors, warnings = len(report.errors), len(report.warnings)
    if not report.items:
        return f"{report.project}: nothing to complain about."
    return f"{report.project}: {errors} error{'s'[: errors != 1]}, {warnings} warning{'s'[: warnings != 1]}."


def _item(item: Item, style: Style) -> Iterator[str]:
    place = ":".join(str(part) for part in (item.file, item.line) if part is not None)
    yield f"{style(f'{item.level} {item.rule}', item.level)}  {style(place, 'place')}".rstrip()
    # The rule in general, and what is so here.
    yield from _indented(f"{item.heading}: {item.message}")
    yield from (style(line, "code") for line in _frame(item))
    yield from (style(line, "fix") for line in _indented(f"Fix: {item.fix}"))


def _frame(item: Item) -> Iterator[str]:
    if item.frame is None:
        return
    width = len(str(item.frame.start_line + len(item.frame.lines)))
    for number, line in enumerate(item.frame.lines, item.frame.start_line):
        mark = ">" if number == item.line else " "
        yield f"  {mark} {number:>{width}} | {line}".rstrip()


def _indented(text: str) -> Iterator[str]:
    yield from (f"    {line}" for line in text.splitlines())


def as_json(report: Report) -> str:
    """Return the report as JSON, as ``REPORT_SCHEMA`` describes it."""
    return json.dumps(report.as_dict(), indent=2)


def as_github(report: Report, folder: str = "") -> str:
    """Return one workflow command for each item: GitHub Actions then shows it at its line.

    Args:
        report: what to show.
        folder: the project's directory as seen from the repository's, with ``/``; empty if it is the same.
    """
    prefix = f"{folder}/" if folder else ""
    lines = []
    for item in report.items:
        properties = {"title": f"{item.rule} {item.title}"}
        if item.file is not None:
            properties = {
                "file": f"{prefix}{item.file}",
                **({"line": str(item.line)} if item.line else {}),
                **properties,
            }
        shown = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
        level = "error" if item.level == ERROR else "warning"
        text = f"{item.message}\nFix: {item.fix}"
        lines.append(f"::{level} {shown}::{_escaped(text)}")
    return "\n".join([*lines, summary(report)])


def _escaped(text: str, also: str = "") -> str:
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
