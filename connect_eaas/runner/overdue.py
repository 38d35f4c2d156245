"""Handlers that outlived their time limit and could not be stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from connect_eaas.runner.execution import Execution
from connect_eaas.runner.metrics import Meter

__all__ = ["OverdueRun", "OverdueRuns"]

_log = logging.getLogger("connect.eaas.runner.tasks")


@dataclass
class OverdueRun:
    """A run that goes on after its limit; its task is not run beside it."""

    execution: Execution
    where: str
    """``Class.method``."""
    limits_passed: int = field(default=1)


class OverdueRuns:
    """Those of one session, by task id.

    Args:
        meter: told how many there are.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._runs: dict[str, OverdueRun] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def of(self, task_id: str) -> OverdueRun | None:
        """The one of this task, None if there is none."""
        return self._runs.get(task_id)

    def add(self, task_id: str, where: str, execution: Execution) -> None:
        """Keep it until it ends; another thread takes the place of one that hangs."""
        if execution.replace_thread():
            _log.warning("%s: another thread takes the place of the one that hangs", task_id)
        self._runs[task_id] = OverdueRun(execution, where)
        self._meter.stuck(len(self._runs))
        execution.when_done(lambda: self._ended(task_id, where))

    def _ended(self, task_id: str, where: str) -> None:
        self._runs.pop(task_id, None)
        self._meter.stuck(len(self._runs))
        _log.warning("%s: %s has ended now", task_id, where)
