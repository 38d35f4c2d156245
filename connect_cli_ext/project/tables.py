"""Tables of Markdown, known by their headings: rows are brought into them wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["escaped", "row_of", "with_new_rows", "with_row"]


def row_of(cells: Sequence[str]) -> str:
    """Return the line of a row; whatever is in its cells is text."""
    return f"| {' | '.join(map(escaped, cells))} |"


def escaped(text: str) -> str:
    """Return a text as it stands in a cell."""
    return text.replace("|", "\\|")


def with_row(text: str, heading: Sequence[str], row: str, after: str | None = None) -> str | None:
    """Return a text with one row more in a table; as it was if the row is there; None if there is no such table.

    Args:
        text: Markdown.
        heading: of the table.
        row: the whole line.
        after: the row behind which it goes, empty for the first place; by default, or if that is not there, the last.
    """
    table = next((one for one in _tables(text) if one.heading == tuple(heading)), None)
    if table is None:
        return None
    if row in table.rows:
        return text
    lines = text.split("\n")
    place = table.rows.index(after) + 1 if after in table.rows else 0 if after == "" else len(table.rows)
    lines.insert(table.first + place, row)
    return "\n".join(lines)


@dataclass(frozen=True)
class _Table:
    heading: tuple[str, ...]
    rows: list[str]
    first: int
    """The line of the first row."""


def _tables(text: str) -> Iterator[_Table]:
    lines = text.split("\n")
    number = 0
    while number + 1 < len(lines):
        if lines[number].startswith("|") and re.fullmatch(r"\|[\s:|-]+", lines[number + 1]):
            first = end = number + 2
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            heading = tuple(cell.strip() for cell in lines[number].strip().strip("|").split("|"))
            yield _Table(heading, lines[first:end], first)
            number = end
        else:
            number += 1


def with_new_rows(text: str, before: str, after: str) -> str:
    """Return a text with the rows that the tables of ``after`` have more than those of ``before``.

    Each goes behind the row that it has before it there. What else differs is left out, and so are tables that the text
    does not have.
    """
    old = {table.heading: table.rows for table in _tables(before)}
    for table in _tables(after):
        known = old.get(table.heading)
        for position, row in enumerate(table.rows if known is not None else ()):
            if row not in (known or ()):
                previous = table.rows[position - 1] if position else ""
                text = with_row(text, table.heading, row, previous) or text
    return text
