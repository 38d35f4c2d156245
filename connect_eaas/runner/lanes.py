"""Where tasks run: a lane for each category, so that none of them takes another's threads and turns."""

from __future__ import annotations

import asyncio
from collections import deque

from connect_eaas.runner.execution import CoroutineRun, Execution
from connect_eaas.runner.settings import Limits
from connect_eaas.runner.threads import ThreadPool

__all__ = ["Lane", "Turns"]


class Turns:
    """So many may run at once; the others get their turns in the order in which they came.

    A semaphore would do. But nearly always a turn is free, and to take it must then cost next to nothing.

    Args:
        size: how many.
    """

    __slots__ = ("_free", "_waiting")

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_now(self) -> bool:
        """Take a turn if one is free."""
        # While somebody waits none is: those that are given back go to them.
        if self._free:
            self._free -= 1
            return True
        return False

    async def take(self, limit_s: float | None = None) -> bool:
        """Take a turn, and wait for one if need be; False if that took longer than ``limit_s`` seconds."""
        if self.take_now():
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=limit_s)
        except asyncio.CancelledError:
            if turn.done():
                # It was given one, and cannot use it any more.
                self.give_back()
            else:
                self._waiting.remove(turn)
            raise
        if turn.done():
            return True
        self._waiting.remove(turn)
        return False

    def give_back(self) -> None:
        """A turn is over: the first of those who wait gets it."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1

    def give_back_after(self, run: Execution | CoroutineRun | None) -> None:
        """Give the turn back once nothing runs in it any more."""
        if type(run) is Execution and run.running and not run.replaced:
            run.when_done(self.give_back)
        else:
            self.give_back()


class Lane:
    """The handlers of one category that run at once.

    Args:
        category: of the tasks.
        name: prefix of the threads' names.
        limits: how many run at once.
    """

    def __init__(self, category: str, *, name: str, limits: Limits) -> None:
        size = limits.at_once(category)
        self.pool = ThreadPool(size, name=f"{name}-handler" if name == category else f"{name}-{category}-handler")
        """Threads for plain methods."""
        self.limit_s = float(limits.of(category))
        """Seconds that a task may take."""
        self.in_threads = Turns(size)
        """The turns of plain methods; those of coroutines too where tasks are not interactive."""
        # Coroutines of interactive tasks need no thread, and their callers wait.
        self.coroutines = Turns(limits.interactive_coroutines) if category == "interactive" else self.in_threads
        """The turns of coroutines."""
        self.one_kind = self.coroutines is self.in_threads
        """True if both share their turns."""
