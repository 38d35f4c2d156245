"""What `ccli devops dev` shows of the tasks, in the order in which it happened.

The runner writes to the same terminal, and its lines do not come through the platform: a task that waits for nobody has
often run before the platform's word that it was made gets here. So a state that passes is shown only where it lasts.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

from connect_cli_ext.devops.timeline import task_lines

__all__ = ["Feed", "FeedPrinter"]

_PASSING: Final = frozenset({"scheduled", "processing"})
_LASTS_S: Final = 0.4

Task = Mapping[str, Any]


class Feed:
    """Decides which of the platform's words on tasks are shown, and when. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        # The newest word on tasks in a passing state, and when it is shown if no other comes; the oldest first.
        self._held: dict[str, tuple[float, Task]] = {}

    @property
    def due(self) -> float | None:
        """When `lasting` has something to return."""
        return next((due for due, _ in self._held.values()), None)

    def take(self, task: Task, now: float) -> list[Task]:
        """Take a task's newest document; return what is to be shown at once."""
        self._held.pop(task["id"], None)
        if task["status"] not in _PASSING:
            return [task]
        self._held[task["id"]] = (now + _LASTS_S, task)
        return []

    def lasting(self, now: float) -> list[Task]:
        """Return the tasks whose passing state has lasted."""
        found = [(name, task) for name, (due, task) in self._held.items() if due <= now]
        for name, _ in found:
            del self._held[name]
        return [task for _, task in found]


class FeedPrinter:
    """Prints a feed from a thread of its own, until the block ends.

    Args:
        show: prints lines.
        clock: seconds of a monotonic clock.
    """

    def __init__(self, show: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._feed = Feed()
        self._words: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tasks", daemon=True)

    def __enter__(self) -> FeedPrinter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._words.put(None)
        self._thread.join()

    def take(self, task: Task) -> None:
        """Take a task's newest document."""
        self._words.put(task)

    def _run(self) -> None:
        while True:
            due = self._feed.due
            try:
                task = self._words.get(timeout=None if due is None else max(due - self._clock(), 0.0))
            except queue.Empty:
                shown = self._feed.lasting(self._clock())
            else:
                if task is None:
                    return
                shown = self._feed.take(task, self._clock())
            for one in shown:
                self._show(task_lines(one))
