"""Tells of handlers that still run after a while: a hanging one says nothing itself until its limit has passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

__all__ = ["LongRuns", "step_after"]

_FIRST_S: Final = (10.0, 60.0, 300.0)
_EVERY_S: Final = 600.0


def step_after(age_s: float) -> float:
    """The age, in seconds, at which a run of this age is told of next."""
    for step in _FIRST_S:
        if age_s < step:
            return step
    return (age_s // _EVERY_S + 1) * _EVERY_S


class _Run(NamedTuple):
    where: str
    limit_s: float
    began: float


class LongRuns:
    """The runs of one session. One timer for all of them, and none while nothing runs.

    Args:
        clock: seconds of a monotonic clock.
        later: calls a function after some seconds, as ``loop.call_later``; what it returns can be cancelled.
        tell: gets each sentence.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        later: Callable[[float, Callable[[], None]], Any],
        tell: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._later = later
        self._tell = tell
        self._runs: dict[str, _Run] = {}
        # The age, in seconds, at which a run is told of next; of those that were told of before.
        self._steps: dict[str, float] = {}
        self._timer: Any = None

    def begin(self, task_id: str, where: str, limit_s: float) -> None:
        """A handler begins to run.

        Args:
            task_id: of its task.
            where: ``Class.method``.
            limit_s: seconds that it may take.
        """
        self._runs[task_id] = _Run(where, limit_s, self._clock())
        if self._timer is None:
            self._timer = self._later(_FIRST_S[0], self._look)

    def end(self, task_id: str) -> None:
        """The task has ended, whether it had begun or not."""
        self._runs.pop(task_id, None)
        if self._steps:
            self._steps.pop(task_id, None)

    def close(self) -> None:
        """Tell nothing more."""
        self._runs.clear()
        self._steps.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def describe(self, task_id: str) -> str:
        """A task, its handler and how long that has run, for people; the id alone if none has begun."""
        run = self._runs.get(task_id)
        return task_id if run is None else f"{task_id} {run.where} ({self._clock() - run.began:.0f} s so far)"

    def _look(self) -> None:
        self._timer = None
        now, soonest = self._clock(), float("inf")
        for task_id, run in self._runs.items():
            step = self._steps.get(task_id, _FIRST_S[0])
            if run.began + step <= now:
                age = now - run.began
                step = self._steps[task_id] = step_after(max(age, step))
                self._tell(f"still running: {task_id} handler {run.where}, {age:.0f} s (limit {run.limit_s:g} s)")
            soonest = min(soonest, run.began + step)
        if self._runs:
            # Ends before the next one is due leave a look that finds nothing, and that is cheaper than to cancel it.
            self._timer = self._later(max(soonest - now, 0.0), self._look)
