"""Data on standard output: a table for people, JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

__all__ = ["output_option", "print_rows", "sign"]

F = TypeVar("F", bound=Callable[..., Any])

_USEFUL_PIECE = 20


def output_option(function: F) -> F:
    """Give a command the option ``-o json|table``, as its argument ``output``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print the data.",
    )(function)


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], output: str, spare: Sequence[str] = ()
) -> None:
    """Print ``rows``: all their keys as JSON, or the ``columns`` (key to heading) as a table.

    Args:
        rows: what to print.
        columns: keys and headings of the table, in order.
        output: ``json`` or ``table``.
        spare: columns that a narrow terminal can do without, in this order. If any are named, the last column is cut
            at the terminal's edge. Nothing is left out of what goes to a file or a pipe.
    """
    if output == "json":
        click.echo(json.dumps(list(rows), indent=2))
        return
    room = shutil.get_terminal_size().columns if spare and sys.stdout.isatty() else None
    shown = dict(columns)
    lines = _aligned(rows, shown)
    for key in spare:
        if room is None or _least(lines, shown) <= room:
            break
        del shown[key]
        lines = _aligned(rows, shown)
    for number, line in enumerate(lines):
        text = line if room is None or len(line) <= room else line[: room - 1] + sign("…", "~")
        click.echo(click.style(text, bold=True) if number == 0 else text)


def _aligned(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    table = [list(columns.values())]
    table += [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]


def _least(lines: Sequence[str], columns: Mapping[str, str]) -> int:
    """Return the width at which all columns but the last are whole, and of that one a useful piece."""
    last = lines[0].rindex(list(columns.values())[-1])
    return min(max(map(len, lines)), last + _USEFUL_PIECE)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return sign("✓", "*") if value else ""
    return "" if value is None else str(value)


def sign(symbol: str, plain: str) -> str:
    """Return ``symbol``, or ``plain`` where standard output cannot print it."""
    try:
        symbol.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return symbol
