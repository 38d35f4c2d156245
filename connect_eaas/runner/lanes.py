"""Where tasks run: a lane for each category, so that none of them takes another's threads and permits."""

from __future__ import annotations

from connect_eaas.runner.execution import CoroutineRun, Execution
from connect_eaas.runner.permits import Permits
from connect_eaas.runner.settings import Limits
from connect_eaas.runner.threads import ThreadPool

__all__ = ["Lane", "give_back"]


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
        self.in_threads = Permits(size)
        """Permits of plain methods; those of coroutines too where tasks are not interactive."""
        # Coroutines of interactive tasks need no thread, and their callers wait.
        self.coroutines = Permits(limits.interactive_coroutines) if category == "interactive" else self.in_threads
        """Permits of coroutines."""
        self.one_kind = self.coroutines is self.in_threads
        """True if both share them."""


def give_back(permits: Permits, run: Execution | CoroutineRun | None) -> None:
    """Give a permit back once nothing runs in it any more."""
    if type(run) is Execution and run.running and not run.replaced:
        run.when_done(permits.give_back)
    else:
        permits.give_back()
