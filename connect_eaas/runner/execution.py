"""Runs one of the author's functions, coroutine or plain, and says how it ended.

Nothing that the author's code raises gets out of here as an exception, `SystemExit` and other `BaseException` included:
the outcome is a value. What runs longer than its limit is reported as such; a plain function cannot be stopped, so its
`Execution` goes on, and whoever wants to run the same task again can see that.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, NamedTuple

from connect_eaas.runner.deadlines import Deadlines
from connect_eaas.runner.threads import ThreadPool

__all__ = ["CoroutineRun", "Ended", "Execution", "Raised", "Returned", "TimeLimit", "TimedOut", "start"]

_TO_END_S: Final = 1.0
"""Seconds that a cancelled coroutine has to end; one that swallows its cancellation counts as still running."""


class Returned(NamedTuple):
    """The function returned."""

    value: Any


class Raised(NamedTuple):
    """The function raised."""

    error: BaseException


class TimedOut(NamedTuple):
    """The time limit passed; ``still_running`` if the function could not be stopped."""

    still_running: bool


Ended = Returned | Raised | TimedOut


class Execution:
    """One run of a function; made by `start`."""

    def __init__(self, ending: asyncio.Future[Returned | Raised], replace_thread: Callable[[], bool]) -> None:
        self._ending = ending
        self._replace_thread = replace_thread
        # True once another thread has taken the place of the one that this run occupies.
        self.replaced = False

    @property
    def running(self) -> bool:
        """True until the function has ended."""
        return not self._ending.done()

    async def wait(self, limit_s: float) -> Ended:
        """Wait for the end, at most ``limit_s`` seconds; then a coroutine is cancelled, a thread is left running."""
        done, _ = await asyncio.wait({self._ending}, timeout=limit_s)
        if not done:
            if isinstance(self._ending, asyncio.Task):
                self._ending.cancel()
                await asyncio.wait({self._ending}, timeout=_TO_END_S)
            return TimedOut(still_running=self.running)
        if self._ending.cancelled():
            return Raised(asyncio.CancelledError("the handler was cancelled"))
        return self._ending.result()

    def cancel(self) -> None:
        """Stop a coroutine; a thread cannot be stopped."""
        if isinstance(self._ending, asyncio.Task):
            self._ending.cancel()

    def replace_thread(self) -> bool:
        """Let another thread take the place of a plain function that hangs; see ``ThreadPool.replace``."""
        self.replaced = self._replace_thread()
        return self.replaced

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back on the loop once the function has ended."""
        self._ending.add_done_callback(lambda _: callback())


class CoroutineRun:
    """A coroutine that runs in the task of whoever awaits `ended`: no task and no timer of its own.

    Args:
        limit_s: seconds after which it is cancelled.
        overran: called if it goes on nevertheless, with what can be waited for.
        task: that task; found out if not given.
        deadlines: those of the loop; made if not given.
    """

    __slots__ = ("_deadlines", "_ending", "_limit_s", "_overran", "_passed", "_task", "given_up")

    def __init__(
        self,
        limit_s: float,
        overran: Callable[[Execution], None],
        task: asyncio.Task[Any] | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._task = task
        self._limit_s = limit_s
        self._overran = overran
        self._deadlines = deadlines or Deadlines(asyncio.get_running_loop())
        self._passed = False
        # Set once `overran` was called.
        self._ending: asyncio.Future[Returned | Raised] | None = None
        # True once nobody waits for the outcome any more.
        self.given_up = False

    async def ended(self, coroutine: Coroutine[Any, Any, Any]) -> Ended:
        """Run the coroutine.

        Raises:
            CancelledError: the task was cancelled from outside.
        """
        if self._task is None:
            self._task = asyncio.current_task()
        self._deadlines.add(self, self._limit_s)
        ending: Returned | Raised
        try:
            ending = Returned(await coroutine)
        except asyncio.CancelledError:
            if not self._passed and (self.given_up or _cancelled_from_outside(self._task)):
                raise
            ending = Raised(asyncio.CancelledError("the handler was cancelled"))
        except BaseException as error:  # The border of the author's code.
            ending = Raised(error)
        finally:
            self._deadlines.remove(self)
            # Whoever made this is known to `overran`: without the cycle all of it goes at once, without the collector.
            self._overran = _nobody
            self._task = None
        if self._ending is not None:
            self._ending.set_result(ending)
        return TimedOut(still_running=False) if self._passed else ending

    def give_up(self) -> None:
        """Cancel it; nobody waits for the outcome."""
        self.given_up = True
        if self._task is not None:
            self._task.cancel()

    def limit_passed(self) -> None:
        """Its time is over: cancel it. Its time to end is over too: go on without it."""
        if self._passed:
            self._ending = asyncio.get_running_loop().create_future()
            self._overran(Execution(self._ending, lambda: False))
            return
        self._passed = True
        self._deadlines.add(self, _TO_END_S)
        if self._task is not None:
            self._task.cancel()


class TimeLimit:
    """Ends the block with ``TimeoutError`` after some seconds.

    For code of ours: it must not swallow its cancellation.

    Args:
        seconds: as long as it may take.
        deadlines: those of the loop.
    """

    __slots__ = ("_deadlines", "_passed", "_seconds", "_task")

    def __init__(self, seconds: float, deadlines: Deadlines) -> None:
        self._seconds = seconds
        self._deadlines = deadlines
        self._passed = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit needs a task that it can cancel")
        self._task = task
        self._deadlines.add(self, self._seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        if not self._passed:
            return
        if sys.version_info >= (3, 11):
            self._task.uncancel()
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def limit_passed(self) -> None:
        """Its time is over: cancel the task, which the block then ends with."""
        self._passed = True
        self._task.cancel()


def _nobody(_: Execution) -> None:
    """Takes the place of what is not called any more."""


def _cancelled_from_outside(task: asyncio.Task[Any] | None) -> bool:
    # Before Python 3.11 nobody knows.
    return sys.version_info >= (3, 11) and task is not None and task.cancelling() > 0


def start(function: Callable[..., Any], *arguments: Any, pool: ThreadPool) -> Execution:
    """Start a coroutine function on the running loop, any other one in a thread of the pool."""
    if inspect.iscoroutinefunction(function):
        task = asyncio.get_running_loop().create_task(_guard_coroutine(function(*arguments)))
        return Execution(task, lambda: False)
    job = pool.submit(lambda: _guard(function, arguments))
    return Execution(asyncio.wrap_future(job.future), lambda: pool.replace(job))


def _guard(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Returned | Raised:
    try:
        return Returned(function(*arguments))
    except BaseException as error:  # The border of the author's code.
        return Raised(error)


async def _guard_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Returned | Raised:
    try:
        return Returned(await coroutine)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # The border of the author's code.
        return Raised(error)
