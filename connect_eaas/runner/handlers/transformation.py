"""Transformation tasks: a spreadsheet comes in, each row goes through the author's method, a spreadsheet goes out.

Rows stream through: what is in memory does not depend on the size of the file. Facts:
``reference/websocket-protocol.md`` section 6.4.
"""

from __future__ import annotations

import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from connect_eaas.runner.handlers.transformation_request import RequestCalls, TransformationRequest
from connect_eaas.runner.handlers.transformation_rows import DELETE_ROW, OutputRow, RowError, RowMethod, Rows
from connect_eaas.runner.sheets import CellValueError, InputRow, SheetReader, SheetWriter, StyleBook, WorkbookWriter
from connect_eaas.runner.threads import ThreadPool

__all__ = ["TransformationFailedError", "transform"]

_DATA: Final = "Data"
_COLUMNS: Final = ("Name", "Type", "Nullable", "Description", "Precision")
_NULL: Final = "#N/A"
_BLOCK: Final = 2_000
_PENDING: Final = 20
_log = logging.getLogger("connect.eaas.runner.transformations")


class TransformationFailedError(Exception):
    """The rows cannot be what the request says; the text tells why."""


async def transform(
    request: TransformationRequest,
    method: RowMethod,
    calls: RequestCalls,
    *,
    pool: ThreadPool,
    concurrency: int,
    row_limit_s: float,
    clock: Callable[[], float],
) -> int:
    """Carry out a request: download, transform, upload, process.

    Args:
        request: what is asked for.
        method: the author's method.
        calls: REST calls about the request.
        pool: threads for plain methods.
        concurrency: rows in hand at once, at most.
        row_limit_s: seconds that one row may take.
        clock: seconds of a monotonic clock.

    Returns:
        How many rows there were.

    Raises:
        RowError: a row failed; SheetError: the file is no such workbook; TransformationFailedError: its rows are not
        as many as the request says; ApiCallError, RequestError: a call failed.
    """
    with tempfile.TemporaryDirectory(prefix="connect-transformation-") as folder:
        source, target = Path(folder, "in.xlsx"), Path(folder, "out.xlsx")
        await calls.download(request.input_path, source)
        rows = Rows(method, pool=pool, concurrency=concurrency, limit_s=row_limit_s, clock=clock)
        count = await _stream(request, method, rows, calls, source, target)
        await calls.hand_in(target, request.batch_id)
        return count


async def _stream(
    request: TransformationRequest, method: RowMethod, rows: Rows, calls: RequestCalls, source: Path, target: Path
) -> int:
    reader = await anyio.to_thread.run_sync(lambda: SheetReader(source, _DATA, styles=method.takes_styles))
    with reader, WorkbookWriter(target, styles=reader.styles if method.takes_styles else None) as workbook:
        names = [column.name for column in request.columns]
        sheet = workbook.sheet(_DATA, names, null=_NULL)
        output = _Output(sheet, workbook.styles, names, method)
        source_rows = _Source(reader, request.total)
        async with _Progress(calls, request) as progress:

            async def write(results: Sequence[OutputRow]) -> None:
                await output.write(results)
                progress.processed(len(results))

            count = await rows.transform(source_rows.read, write)
            await output.flush()
        sheet.close()
        _describe_columns(workbook, request)
    return count


class _Source:
    """Blocks of input rows, as many rows in all as the request says."""

    def __init__(self, reader: SheetReader, total: int | None) -> None:
        self._reader = reader
        self._total = total
        self._blocks: Iterator[list[InputRow]] = reader.blocks(_BLOCK)
        self._count = 0
        self._ended = False

    async def read(self) -> list[InputRow] | None:
        if self._ended:
            return None
        block = await anyio.to_thread.run_sync(lambda: next(self._blocks, None))
        if block is None:
            self._ended = True
            block = self._blank_rows()
        self._count += len(block)
        if self._total is not None and (self._count > self._total or (self._ended and self._count < self._total)):
            found = f"more than {self._total}" if not self._ended else str(self._count)
            raise TransformationFailedError(
                f"the sheet {_DATA!r} has {found} rows, but the request says {self._total} (stats.rows.total)"
            )
        return block

    def _blank_rows(self) -> list[InputRow]:
        """Blank rows at the end count if the platform counted them too."""
        missing = (self._total or 0) - self._count
        if 0 < missing <= self._reader.trailing_blank:
            return [self._reader.blank() for _ in range(missing)]
        return []


class _Output:
    """Brings results into the order of the columns and writes them in blocks."""

    def __init__(self, sheet: SheetWriter, styles: StyleBook, names: list[str], method: RowMethod) -> None:
        self._sheet = sheet
        self._styles = styles
        self._names = names
        self._known = frozenset(names)
        self._pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] = (
            itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)
        )
        self._method = method
        self._deleted = [DELETE_ROW] * len(names)
        self._rows: list[tuple[Sequence[Any], Sequence[int] | None]] = []
        self._warned = False

    async def write(self, results: Sequence[OutputRow]) -> None:
        names, styled, add, pick = self._names, self._method.takes_styles, self._rows.append, self._pick
        for result in results:
            if result is None:
                add((self._deleted, None))
                continue
            values, styles = result
            numbers = self._numbers(styles) if styled and styles else None
            if len(values) == len(names):
                try:
                    add((pick(values), numbers))
                    continue
                except KeyError:
                    pass  # As many columns, but other ones.
            if not self._warned and not values.keys() <= self._known:
                self._warn(values.keys() - self._known)
            add(([values.get(name) for name in names], numbers))
        if len(self._rows) >= _BLOCK:
            await self.flush()

    async def flush(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            await anyio.to_thread.run_sync(self._sheet.write, rows)
        except CellValueError as error:
            raise RowError(f"{self._method.name} failed at row {self._sheet.rows - 1}: {error}") from error

    def _numbers(self, styles: Any) -> list[int]:
        return [self._styles.index_of(styles.get(name)) for name in self._names]

    def _warn(self, unknown: Any) -> None:
        self._warned = True
        _log.warning(
            "%s returns columns that the output does not have: %s", self._method.name, ", ".join(map(repr, unknown))
        )


class _Progress:
    """Tells the platform how far the work is, beside the work itself."""

    def __init__(self, calls: RequestCalls, request: TransformationRequest) -> None:
        self._calls = calls
        self._total = request.total
        self._step = request.progress_step
        self._count = 0
        # Numbers to be told; if the platform is slower than the rows, the oldest are left out.
        self._pending: deque[int] = deque(maxlen=_PENDING)
        self._news = anyio.Event()
        self._ended = False
        self._group = anyio.create_task_group()

    async def __aenter__(self) -> _Progress:
        await self._group.__aenter__()
        self._group.start_soon(self._tell)
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            # The call under way is let finish: cut in the middle it would cost the connection.
            self._pending.clear()
        elif not self._pending or self._pending[-1] != self._count:
            self._pending.append(self._count)
        self._ended = True
        self._news.set()
        # The error passes on as itself.
        await self._group.__aexit__(None, None, None)

    def processed(self, rows: int) -> None:
        before, self._count = self._count, self._count + rows
        steps = range((before // self._step + 1) * self._step, self._count + 1, self._step)
        if steps:
            self._pending.extend(steps)
            self._news.set()

    async def _tell(self) -> None:
        while True:
            while self._pending:
                number = self._pending.popleft()
                await self._calls.progress(number if self._total is None else self._total, number)
            if self._ended:
                return
            self._news = anyio.Event()
            await self._news.wait()


def _describe_columns(workbook: WorkbookWriter, request: TransformationRequest) -> None:
    sheet = workbook.sheet("Columns", _COLUMNS)
    sheet.write(
        ([column.name, column.type, bool(column.nullable), column.description, column.precision], None)
        for column in request.columns
    )
    sheet.close()
