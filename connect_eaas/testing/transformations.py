"""Runs a transformation over rows or a spreadsheet as the runner does, without a platform."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from connect_eaas.applications import TransformationsApplicationBase, make_application
from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError, Problem
from connect_eaas.runner.handlers.transformation_rows import DELETE_ROW, SKIPPED, OutputRow, RowMethod, Rows
from connect_eaas.runner.sheets import InputRow, SheetReader, WorkbookWriter
from connect_eaas.runner.threads import ThreadPool
from connect_eaas.testing.tasks import CONTEXT

__all__ = ["TransformedRow", "read_sheet", "transform_rows", "transform_sheet", "write_sheet"]

_DATA: Final = "Data"
_NULL: Final = "#N/A"
_AT_ONCE: Final = 20
_T = TypeVar("_T")


@dataclass(frozen=True)
class TransformedRow:
    """What became of a row: ``success``, ``skip`` or ``delete``; of a success the values, and the styles if given."""

    status: str
    values: Mapping[str, Any] | None = None
    styles: Mapping[str, Any] | None = None


def transform_rows(
    cls: type[TransformationsApplicationBase],
    method: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    styles: Sequence[Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    row_limit_s: float = 90.0,
    **application: Any,
) -> list[TransformedRow]:
    """Hand rows to a transformation as the runner does: several at once, deleted ones passed over, answers checked.

    Not for use inside a running event loop. The rows given are left as they are.

    Args:
        cls: the author's application.
        method: name of the method, one with ``@transformation``.
        rows: values by column.
        styles: the styles of each row by column, for methods with ``row_styles``.
        settings: what ``self.transformation_request["transformation"]["settings"]`` is.
        row_limit_s: seconds that one row may take.
        application: ``client``, ``config``, ``logger``, ``installation``, ``installation_client``, ``context`` and
            ``transformation_request``, where the defaults will not do.

    Returns:
        What became of each row, in the order of the rows.

    Raises:
        DeclarationError: there is no such transformation.
        RowError: a row failed; the whole request would. The text names the method and the row.
    """
    if styles is not None and len(styles) != len(rows):
        raise ValueError(f"styles: expected as many as there are rows, {len(rows)}, got {len(styles)}")
    row_method = _method(cls, method, settings, application)
    given = [
        InputRow(copy.deepcopy(dict(row)), dict(styles[index]) if styles is not None else {})
        for index, row in enumerate(rows)
    ]
    return _in_loop(lambda: _run(row_method, given, row_limit_s))


def transform_sheet(
    cls: type[TransformationsApplicationBase],
    method: str,
    source: Path,
    target: Path,
    *,
    columns: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    row_limit_s: float = 90.0,
    **application: Any,
) -> int:
    """Transform the sheet ``Data`` of a workbook into another workbook, with markers and styles as the runner writes.

    The rows are held in memory: it is meant for the small files of tests.

    Args:
        cls: the author's application.
        method: name of the method.
        source: the workbook to read.
        target: the workbook to write.
        columns: the output's columns; by default those of the input.
        settings: as for ``transform_rows``.
        row_limit_s: seconds that one row may take.
        application: as for ``transform_rows``.

    Returns:
        How many rows there were.

    Raises:
        DeclarationError; RowError; SheetError: the file is no workbook with a sheet ``Data``.
    """
    row_method = _method(cls, method, settings, application)
    with SheetReader(source, _DATA, styles=row_method.takes_styles) as reader:
        given = [row for block in reader.blocks(500) for row in block]
        results = _in_loop(lambda: _run(row_method, given, row_limit_s))
        names = list(columns) if columns is not None else reader.names
        book = reader.styles if row_method.takes_styles else None
        with WorkbookWriter(target, styles=book) as workbook:
            sheet = workbook.sheet(_DATA, names, null=_NULL)
            for row in results:
                sheet.write([_cells(row, names, workbook)])
            sheet.close()
    return len(results)


def write_sheet(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Write a workbook for tests: a sheet ``Data`` with a header and these rows.

    Args:
        path: the file.
        rows: values by column; missing ones are left empty.
        columns: the header; by default the columns in the order in which the rows bring them.
    """
    names = list(columns) if columns is not None else list(dict.fromkeys(name for row in rows for name in row))
    with WorkbookWriter(path) as workbook:
        sheet = workbook.sheet(_DATA, names)
        sheet.write(([row.get(name) for name in names], None) for row in rows)
        sheet.close()


def read_sheet(path: Path) -> list[dict[str, Any]]:
    """The rows of the sheet ``Data`` as the runner hands them out, values by column.

    Raises:
        SheetError: it is no workbook with such a sheet.
    """
    with SheetReader(path, _DATA) as reader:
        return [row.values for block in reader.blocks(500) for row in block]


def _method(
    cls: type[TransformationsApplicationBase], name: str, settings: Mapping[str, Any] | None, given: dict[str, Any]
) -> RowMethod:
    declarations = Declarations.of(cls)
    declared = declarations.transformation_of(name)
    if declared is None:
        known = ", ".join(item.method for item in declarations.transformations) or "none"
        problem = Problem(f"declares no transformation {name!r} (declared: {known})", class_name=cls.__qualname__)
        raise DeclarationError(problem)
    request = {"id": "TFR-0000-0000-0000", "transformation": {"settings": dict(settings or {})}}
    arguments: dict[str, Any] = {
        "client": None,
        "config": {},
        "logger": logging.getLogger("eaas.tfnapp"),
        "installation_client": None,
        "installation": None,
        "context": CONTEXT,
        "transformation_request": request,
        **given,
    }
    if arguments["client"] is None:
        from connect_eaas.testing.clients import make_async_client, make_client

        arguments["client"] = make_async_client() if declared.is_async else make_client()
    application = make_application(cls, **arguments)
    where = f"{cls.__name__}.{declared.method}"
    return RowMethod(getattr(application, declared.method), where, declared.is_async, declared.takes_styles)


async def _run(method: RowMethod, given: list[InputRow], limit_s: float) -> list[TransformedRow]:
    results: list[TransformedRow] = []
    blocks = [given] if given else []

    async def read() -> list[InputRow] | None:
        return blocks.pop() if blocks else None

    async def write(rows: Sequence[OutputRow]) -> None:
        results.extend(map(_told, rows))

    pool = ThreadPool(_AT_ONCE, name="transformation-test")
    try:
        rows = Rows(method, pool=pool, concurrency=_AT_ONCE, limit_s=limit_s, clock=time.monotonic)
        await rows.transform(read, write)
    finally:
        pool.close()
    return results


def _told(row: OutputRow) -> TransformedRow:
    if row is None:
        return TransformedRow("delete")
    if row is SKIPPED:
        return TransformedRow("skip")
    values, styles = row
    return TransformedRow("success", values, styles or None)


def _cells(
    row: TransformedRow, names: list[str], workbook: WorkbookWriter
) -> tuple[Sequence[Any], Sequence[int] | None]:
    if row.status == "delete":
        return [DELETE_ROW] * len(names), None
    values, styles = row.values or {}, row.styles
    numbers = [workbook.styles.index_of(styles.get(name)) for name in names] if styles else None
    return [values.get(name) for name in names], numbers


def _in_loop(run: Callable[[], Awaitable[_T]]) -> _T:
    async def main() -> _T:
        return await run()

    return asyncio.run(main())
