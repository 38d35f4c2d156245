"""What the runner shows: log lines, and tables of what the extension can do."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from connect_eaas.runner.features import FeatureTable
from connect_eaas.runner.folded_traces import FoldingFormatter
from connect_eaas.runner.log_records import JsonFormatter, LineHandler, PlainFormatter

__all__ = ["LogStyle", "configure_logging", "print_tables", "problem"]

_LOGGERS: Final = ("connect.eaas", "eaas")


@dataclass(frozen=True)
class LogStyle:
    """How log lines look. JSON wins over ``rich``, which needs a terminal."""

    debug: bool = False
    rich: bool = False
    json: bool = False
    fold: bool = False
    """Whether tracebacks show frames of the API client's libraries as one line; those of JSON are whole."""


def configure_logging(style: LogStyle, *, worker: str | None = None) -> None:
    """Give the runner's loggers and the extension's one handler on standard error.

    The root logger is left to the extension (``reference/runner-behaviour.md`` section 6).

    Args:
        style: how lines look, and whether those of level DEBUG are shown.
        worker: kind of this process's session; None for the supervisor.
    """
    handler = _rich_handler(style) if style.rich and not style.json else LineHandler(sys.stderr)
    if style.json:
        handler.setFormatter(JsonFormatter(worker))
    elif not style.rich:
        handler.setFormatter(FoldingFormatter() if style.fold else PlainFormatter())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if style.debug else logging.INFO)
        logger.propagate = False


def _rich_handler(style: LogStyle) -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    handler = RichHandler(
        console=Console(stderr=True),
        log_time_format=lambda moment: _text(moment.strftime("%H:%M:%S.%f")[:-3]),
        show_path=False,
        markup=False,
        rich_tracebacks=False,
    )
    handler.setFormatter((FoldingFormatter if style.fold else PlainFormatter)("%(message)s"))
    return handler


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)


def print_tables(tables: Iterable[FeatureTable], *, rich: bool) -> None:
    """Show tables on standard output; as log lines where those are for programs."""
    show = _log_table if _for_programs() else _print_rich if rich else _print_plain
    for table in tables:
        show(table)


def problem(text: str) -> None:
    """Show what ended the runner, or keeps it from loading new code; as a log line where those are for programs."""
    if _for_programs():
        logging.getLogger("connect.eaas.runner").error("%s", text)
        return
    sys.stderr.write(f"Error: {text}\n")
    sys.stderr.flush()


def _for_programs() -> bool:
    handlers = logging.getLogger("connect.eaas").handlers
    return any(isinstance(handler.formatter, JsonFormatter) for handler in handlers)


def _log_table(table: FeatureTable) -> None:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    logging.getLogger("connect.eaas.runner").info("%s", table.title, extra={"rows": rows})


def _print_rich(table: FeatureTable) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=table.title, title_justify="left")
    for column in table.columns:
        shown.add_column(column, overflow="fold")
    for row in table.rows:
        shown.add_row(*map(Text, row))
    Console().print(shown)


def _print_plain(table: FeatureTable) -> None:
    sys.stdout.write(f"{table.title}\n")
    widths = [max(len(row[index]) for row in [table.columns, *table.rows]) for index in range(len(table.columns))]
    for row in [table.columns, *table.rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"  {line.rstrip()}\n")
    sys.stdout.flush()
