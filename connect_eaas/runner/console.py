"""What the runner shows: log lines, and the table of what the extension can do."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from connect_eaas.declarations import Declarations
from connect_eaas.runner.log_secrecy import HidingFormatter

__all__ = ["configure_logging", "print_features", "problem"]

_LOGGERS: Final = ("connect.eaas", "eaas")
_PLAIN: Final = "%(asctime)s %(name)s %(levelname)s PID_%(process)d %(message)s"


def configure_logging(*, debug: bool, rich: bool) -> None:
    """Give the runner's loggers and the extension's one handler on standard error.

    The root logger is left to the extension (``reference/runner-behaviour.md`` section 6).
    """
    handler = _rich_handler() if rich else logging.StreamHandler(sys.stderr)
    handler.setFormatter(HidingFormatter("%(message)s" if rich else _PLAIN))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False


def _rich_handler() -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    return RichHandler(
        console=Console(stderr=True),
        log_time_format=lambda moment: _text(moment.strftime("%H:%M:%S.%f")[:-3]),
        show_path=False,
        markup=False,
        rich_tracebacks=False,
    )


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)


def print_features(declarations: Declarations, *, rich: bool) -> None:
    """Show which events, schedules and variables the application declares."""
    tables: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        (
            "Event subscriptions",
            ("Method", "Event type", "Statuses"),
            [(item.method, item.event_type, ", ".join(item.statuses) or "-") for item in declarations.events],
        ),
        (
            "Schedulable methods",
            ("Method", "Name", "Description"),
            [(item.method, item.name, item.description) for item in declarations.schedulables],
        ),
        (
            "Variables",
            ("Name", "Secure"),
            [(item.name, "yes" if item.secure else "no") for item in declarations.variables],
        ),
    ]
    for title, columns, rows in tables:
        if rows:
            (_print_rich if rich else _print_plain)(title, columns, rows)


def problem(text: str) -> None:
    """Show what ended the runner."""
    sys.stderr.write(f"Error: {text}\n")
    sys.stderr.flush()


def _print_rich(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _print_plain(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    sys.stdout.write(f"{title}\n")
    widths = [max(len(row[index]) for row in [columns, *rows]) for index in range(len(columns))]
    for row in [columns, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"  {line.rstrip()}\n")
    sys.stdout.flush()
