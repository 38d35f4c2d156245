"""Hands the rows of a spreadsheet to the author's method, many at once, and gives the results back in their order.

Workers take runs of rows: one row while the method is slow, many while it is quick, so that neither waiting nor handing
over costs much. A further worker is added whenever the present ones are all busy for a moment. The distance between
the first row that is not written yet and the last one taken is bounded, so memory is too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio

from connect_eaas.errors import SdkError
from connect_eaas.events import TRANSFORMATION
from connect_eaas.responses import RowTransformationResponse, as_response
from connect_eaas.runner import outcome
from connect_eaas.runner.sheets import InputRow
from connect_eaas.runner.threads import ThreadPool

__all__ = ["DELETE_ROW", "SKIPPED", "OutputRow", "RowError", "RowMethod", "Rows"]

DELETE_ROW: Final = "#INSTRUCTION/DELETE_ROW"
"""In any cell of an input row, and in all cells of an output row: this row is deleted."""
OutputRow = tuple[Mapping[str, Any], Mapping[str, Any]] | None
"""Values and styles by column; None for a deleted row. A skipped row has no values."""

SKIPPED: Final[OutputRow] = ({}, {})
"""What stands for a skipped row; compare by identity."""
_WINDOW: Final = 4_000
_LONGEST_RUN: Final = 128
_QUICK_S: Final = 0.002
_SLOW_S: Final = 0.01


class RowError(Exception):
    """A row could not be transformed; the text names the method and the row."""


@dataclass(frozen=True)
class RowMethod:
    """The author's method.

    Attributes:
        call: the bound method.
        name: for messages.
        is_async: it is a coroutine function.
        takes_styles: it wants ``row_styles``.
    """

    call: Callable[..., Any]
    name: str
    is_async: bool
    takes_styles: bool


@dataclass
class _Run:
    """A few rows in the hands of one worker."""

    first: int
    rows: list[InputRow]
    results: list[OutputRow] = field(default_factory=list)
    # When the present row began, by the engine's clock.
    since: float = 0.0
    # Set when nobody wants the results any more.
    dropped: bool = False
    # Gives the pool another thread for one that a method does not let go of.
    replace_thread: Callable[[], object] | None = None

    @property
    def present(self) -> int:
        """Number of the row in hand, counted from 1."""
        return self.first + len(self.results) + 1


class Rows:
    """Transforms all rows of one sheet.

    Args:
        method: what is called for each row.
        pool: threads for plain methods.
        concurrency: rows in hand at once, at most.
        limit_s: seconds that one row may take.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        method: RowMethod,
        *,
        pool: ThreadPool,
        concurrency: int,
        limit_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._method = method
        self._pool = pool
        self._concurrency = concurrency
        self._limit_s = limit_s
        self._clock = clock
        self._taking = asyncio.Lock()
        self._waiting: deque[InputRow] = deque()
        self._taken = 0
        self._written = 0
        self._ended = False
        self._room = asyncio.Event()
        # Finished runs by their first row, and the news that there is one more.
        self._done: dict[int, _Run] = {}
        self._news = asyncio.Event()
        self._runs: list[_Run] = []
        self._workers = 0
        self._idle = 0
        self._group: anyio.abc.TaskGroup | None = None
        self._error: Exception | None = None

    async def transform(
        self,
        read: Callable[[], Awaitable[list[InputRow] | None]],
        write: Callable[[Sequence[OutputRow]], Awaitable[None]],
    ) -> int:
        """Read, transform and write all rows.

        Args:
            read: the next rows, None after the last ones.
            write: takes results, in the order of the rows.

        Returns:
            How many rows there were.

        Raises:
            RowError: a row failed, or took too long.
            Exception: whatever ``read`` and ``write`` raise.
        """
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                self._add_worker(read)
                group.start_soon(self._guarded, self._write, write)
        finally:
            self._group = None
            for run in self._runs:
                run.dropped = True
        if self._error is not None:
            raise self._error
        return self._written

    def _add_worker(self, read: Callable[[], Awaitable[list[InputRow] | None]]) -> None:
        if self._group is not None and self._workers < self._concurrency and not self._ended:
            self._workers += 1
            self._group.start_soon(self._guarded, self._work, read)

    async def _guarded(self, work: Callable[[Any], Awaitable[None]], argument: Any) -> None:
        """Let the first error end everything, as itself and not as a group of one."""
        try:
            await work(argument)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        if self._group is not None:
            self._group.cancel_scope.cancel()

    async def _work(self, read: Callable[[], Awaitable[list[InputRow] | None]]) -> None:
        loop = asyncio.get_running_loop()
        size = 1
        while True:
            self._idle += 1
            run = await self._take(size, read)
            self._idle -= 1
            if run is None:
                break
            begun = run.since = self._clock()
            self._runs.append(run)
            more = loop.call_later(_SLOW_S, self._help_out, read)
            late = loop.call_later(self._limit_s, self._look_after, run)
            try:
                await (self._execute(run) if self._method.is_async else self._execute_in_thread(run))
            finally:
                more.cancel()
                late.cancel()
                # The watch may have planned its next look meanwhile; it sees by this that there is nothing to watch.
                run.dropped = True
                self._runs.remove(run)
            self._done[run.first] = run
            self._news.set()
            took = self._clock() - begun
            if took < _QUICK_S:
                size = min(size * 2, _LONGEST_RUN)
            elif took > _SLOW_S:
                size = max(size // 2, 1)
            # Methods that never wait must not keep the loop from everything else.
            await asyncio.sleep(0)
        self._workers -= 1
        self._news.set()

    def _help_out(self, read: Callable[[], Awaitable[list[InputRow] | None]]) -> None:
        """A run takes its time: if nobody is free for the next rows, add a worker."""
        if not self._idle:
            self._add_worker(read)

    def _look_after(self, run: _Run) -> None:
        """See whether the present row of a run takes too long."""
        if run.dropped:
            return
        left = run.since + self._limit_s - self._clock()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._look_after, run)
            return
        text = f"{self._method.name} took longer than {self._limit_s:g} s for row {run.present}: timed out"
        if run.replace_thread is not None:
            run.replace_thread()
        self._fail(RowError(text if self._method.is_async else f"{text}; it is still running"))

    async def _take(self, size: int, read: Callable[[], Awaitable[list[InputRow] | None]]) -> _Run | None:
        async with self._taking:
            while not self._ended and self._taken - self._written >= _WINDOW:
                self._room.clear()
                await self._room.wait()
            while not self._waiting and not self._ended:
                block = await read()
                if block is None:
                    self._ended = True
                    self._news.set()
                else:
                    self._waiting.extend(block)
            if not self._waiting:
                return None
            rows = [self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]
            run = _Run(self._taken, rows)
            self._taken += len(rows)
            return run

    async def _write(self, write: Callable[[Sequence[OutputRow]], Awaitable[None]]) -> None:
        while not (self._ended and self._written == self._taken):
            self._news.clear()
            results = self._finished()
            if results:
                await write(results)
                self._written += len(results)
                self._room.set()
            elif not (self._ended and self._written == self._taken):
                await self._news.wait()

    def _finished(self) -> list[OutputRow]:
        """Results that follow those written so far."""
        results: list[OutputRow] = []
        while run := self._done.pop(self._written + len(results), None):
            results += run.results
        return results

    async def _execute(self, run: _Run) -> None:
        call, styles, clock = self._method.call, self._method.takes_styles, self._clock
        for row in run.rows:
            if DELETE_ROW in row.values.values():
                run.results.append(None)
                continue
            run.since = clock()
            try:
                value = await (call(row.values, row_styles=row.styles or {}) if styles else call(row.values))
            except Exception as error:  # The border of the author's code.
                raise self._failed(run, error) from error
            run.results.append(self._checked(run, value))

    async def _execute_in_thread(self, run: _Run) -> None:
        job = self._pool.submit(lambda: self._execute_plain(run))
        run.replace_thread = lambda: self._pool.replace(job)
        await asyncio.wrap_future(job.future)

    def _execute_plain(self, run: _Run) -> None:
        call, styles, clock = self._method.call, self._method.takes_styles, self._clock
        for row in run.rows:
            if run.dropped:
                return
            if DELETE_ROW in row.values.values():
                run.results.append(None)
                continue
            run.since = clock()
            try:
                value = call(row.values, row_styles=row.styles or {}) if styles else call(row.values)
            except BaseException as error:  # The border of the author's code.
                raise self._failed(run, error) from error
            run.results.append(self._checked(run, value))

    def _failed(self, run: _Run, error: BaseException) -> RowError:
        text = f"{self._method.name} failed at row {run.present}: {type(error).__name__}: {error}".rstrip(": ")
        return RowError(f"{text}\n{outcome.trace_of(error)}")

    def _checked(self, run: _Run, value: object) -> OutputRow:
        """What becomes of a row, by the response to it."""
        if type(value) is RowTransformationResponse and value.status == "success":
            # By far the most frequent one, without what the others need.
            row = value.transformed_row
            if type(row) is dict:
                return row, value.transformed_row_styles
        try:
            response = as_response(value, TRANSFORMATION, self._method.name)
        except SdkError as error:
            raise RowError(f"{error} (row {run.present})") from error
        if not isinstance(response, RowTransformationResponse):
            raise RowError(f"{self._method.name}, row {run.present}: this is no answer to a row")
        if response.status == "success":
            if not isinstance(response.transformed_row, Mapping):
                kind = type(response.transformed_row).__name__
                text = f"{self._method.name}, row {run.present}: the transformed row is a dict, not a {kind}"
                raise RowError(text)
            return response.transformed_row, response.transformed_row_styles
        if response.status == "skip":
            return SKIPPED
        if response.status == "delete":
            return None
        raise RowError(f"{self._method.name} failed at row {run.present}: {response.output or 'no reason was given'}")
