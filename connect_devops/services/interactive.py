"""Calls to an extension that somebody waits for: validations, product actions, custom events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connect_devops.clock import Clock
from connect_devops.domain.errors import DevOpsError
from connect_devops.services.environments import Environments
from connect_devops.services.queue import NewTask, Queue
from connect_devops.services.signals import Signals, TaskSettled
from connect_eaas.events import INTERACTIVE
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["INTERACTIVE_LIMIT", "InteractiveCalls", "InteractiveResult", "NoAnswerError", "NotConnectedError"]

INTERACTIVE_LIMIT = timedelta(seconds=125)
"""How long a caller waits: the runner's own limit of 120 s (``websocket-protocol.md`` 6.8) and some travelling time."""


class NotConnectedError(DevOpsError):
    """No runner of the environment is connected, so nobody can answer. Start it and try again."""

    def __str__(self) -> str:
        return f"No runner of {self.args[0]} is connected."


class NoAnswerError(DevOpsError):
    """The extension did not answer in time."""

    def __str__(self) -> str:
        return f"{self.args[0]} was not answered within {self.args[1]:.0f} s."


@dataclass(frozen=True)
class InteractiveResult:
    """The extension's answer: ``output.result`` is ``success`` or ``fail``, ``output.data`` comes from the handler."""

    task_id: str
    output: TaskOutput


class InteractiveCalls:
    """Makes an interactive task and waits, without polling, until it is settled."""

    def __init__(self, queue: Queue, environments: Environments, signals: Signals, clock: Clock) -> None:
        self._queue = queue
        self._environments = environments
        self._signals = signals
        self._clock = clock

    async def call(
        self,
        environment_id: str,
        event_type: str,
        object_id: str,
        data: Any,
        *,
        installation_id: str | None = None,
        limit: timedelta = INTERACTIVE_LIMIT,
    ) -> InteractiveResult:
        """Call the extension and wait for its answer.

        A handler that fails or crashes answers with ``result`` ``fail``; that is no exception here.

        Raises:
            NotConnectedError: no events session of the environment is open.
            NoAnswerError: no answer within ``limit``, or the runner vanished meanwhile; the task has failed.
        """
        sessions = await asyncio.to_thread(self._environments.sessions, environment_id)
        if not any(session.application == "events" for session in sessions):
            raise NotConnectedError(environment_id)
        new = NewTask(environment_id, INTERACTIVE, event_type, object_id, data, installation_id)
        with self._signals.listen(
            lambda signal: isinstance(signal, TaskSettled) and signal.environment_id == environment_id
        ) as inbox:
            deadline = self._clock.now() + limit
            submission = await asyncio.to_thread(self._queue.submit, new)
            task_id = submission.task.id
            try:
                while True:
                    arrived = not await self._clock.wait_until(deadline, inbox.arrived)
                    settled = any(isinstance(s, TaskSettled) and s.task_id == task_id for s in inbox.take())
                    if settled or not arrived:
                        output = await asyncio.to_thread(self._queue.result, task_id)
                        if output is not None:
                            return InteractiveResult(task_id, output)
                    # The lease's own limit may end the task before ours does: that is no answer either.
                    if settled or not arrived:
                        raise NoAnswerError(event_type, limit.total_seconds())
            except BaseException:
                # The caller went away or gave up; nobody will read the answer.
                self._queue.cancel(task_id, "Nobody waits for the answer any more.")
                raise
