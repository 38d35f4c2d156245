"""Where tasks run: a lane for each category, so that none of them takes another's threads and turns."""

from __future__ import annotations

import asyncio

from connect_eaas.runner.execution import CoroutineRun, Execution
from connect_eaas.runner.settings import Limits
from connect_eaas.runner.threads import ThreadPool

__all__ = ["Lane", "give_back", "take"]


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
        self._slots = asyncio.Semaphore(size)
        # Coroutines of interactive tasks need no thread, and their callers wait.
        self._coroutines = asyncio.Semaphore(limits.interactive_coroutines) if category == "interactive" else None

    def slots(self, *, in_thread: bool) -> asyncio.Semaphore:
        """The turns of methods of this kind."""
        return self._slots if in_thread or self._coroutines is None else self._coroutines


async def take(slots: asyncio.Semaphore, limit_s: float | None) -> bool:
    """Take a slot, and wait for one if need be; False if that took longer than ``limit_s`` seconds."""
    if limit_s is None:
        await slots.acquire()
        return True
    try:
        await asyncio.wait_for(slots.acquire(), limit_s)
    except asyncio.TimeoutError:
        return False
    return True


def give_back(slots: asyncio.Semaphore, run: Execution | CoroutineRun | None) -> None:
    """Free the slot once nothing runs in it any more."""
    if isinstance(run, Execution) and run.running and not run.replaced:
        run.when_done(slots.release)
    else:
        slots.release()
