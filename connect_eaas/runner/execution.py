"""Runs one of the author's functions, coroutine or plain, and says how it ended.

Nothing that the author's code raises gets out of here as an exception, `SystemExit` and other `BaseException` included:
the outcome is a value. What runs longer than its limit is reported as such; a plain function cannot be stopped, so its
`Execution` goes on, and whoever wants to run the same task again can see that.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from connect_eaas.runner.threads import ThreadPool

__all__ = ["Ended", "Execution", "Raised", "Returned", "TimedOut", "start"]


@dataclass(frozen=True)
class Returned:
    """The function returned."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """The function raised."""

    error: BaseException


@dataclass(frozen=True)
class TimedOut:
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
                # A coroutine gets a moment to end; one that swallows its cancellation counts as still running.
                await asyncio.wait({self._ending}, timeout=1.0)
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
