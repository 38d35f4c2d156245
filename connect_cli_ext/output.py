"""Data on standard output: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

__all__ = ["output_option", "print_rows", "sign"]

F = TypeVar("F", bound=Callable[..., Any])


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


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], output: str) -> None:
    """Print ``rows``: all their keys as JSON, or the ``columns`` (key to heading) as a table."""
    if output == "json":
        click.echo(json.dumps(list(rows), indent=2))
        return
    table = [list(columns.values())]
    table += [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for number, line in enumerate(table):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)


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
