"""The log's line about each task that ended."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from connect_eaas.protocol.messages import TaskOutput
from connect_eaas.runner.log_records import CURRENT_TASK, LineMaker, TaskIdentity

__all__ = ["EndedLines"]

_ENDED: Final = LineMaker(logging.getLogger("connect.eaas.runner.tasks"), logging.INFO, "%s %s %s: %s in %.3f s")


class EndedLines:
    """Lines that wait for the end of a turn of the loop: nobody waits for them, but for the results.

    Args:
        loop: whose turns count.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[TaskIdentity, TaskOutput]] = []

    def add(self, identity: TaskIdentity, output: TaskOutput, *, at_once: bool) -> None:
        """A task has ended; write its line, and those before it, now or after what has its turn already."""
        self._waiting.append((identity, output))
        if at_once:
            self._write()
        elif len(self._waiting) == 1:
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for identity, output in waiting:
            # Each line is to be found by its own task, not by the one whose end brought us here.
            CURRENT_TASK.set(identity)
            task_id, event_type, object_id = identity
            _ENDED.log(task_id, event_type, object_id, output.result, output.runtime)
