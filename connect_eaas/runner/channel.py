"""The session of one kind of tasks: takes them in, and sends their results as soon as they exist.

After a lost connection the work goes on, and its results are sent on the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from pydantic_core import PydanticSerializationError

from connect_eaas.protocol import codec
from connect_eaas.protocol.messages import ACKNOWLEDGEMENTS, SetupRequest, Task
from connect_eaas.protocol.session import Session
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    TaskDeclined,
    TaskReceived,
    WebTaskReceived,
)
from connect_eaas.runner import outcome
from connect_eaas.runner.connection import PlatformConnection
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.line import Line
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.stop import Stop

__all__ = ["Channel", "ChannelKind"]

_SENT_TOGETHER: Final = 32
ChannelKind = Literal["background", "interactive", "transformations"]


class Channel(Line):
    """The session of one kind of work.

    Args:
        kind: told to the platform, so that it sends each session its own tasks.
        settings: where the platform is.
        instance_id: this running copy of the extension.
        setup: what the extension can do; the leases in hand are filled in at each connection.
        dispatcher: takes the tasks.
        results: what is owed; its ``wake`` is taken over.
        configured: called with each setup response.
        stop: the runner's wish to stop.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        kind: ChannelKind,
        *,
        settings: Settings,
        instance_id: str,
        setup: SetupRequest,
        dispatcher: Dispatcher,
        results: Results,
        configured: Callable[[Configured], None],
        stop: Stop,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(
            kind,
            suffix="/tfnapp" if kind == "transformations" else "",
            settings=settings,
            instance_id=instance_id,
            configured=configured,
            stop=stop,
            clock=clock,
        )
        self.kind: ChannelKind = kind
        self._setup = setup
        self._dispatcher = dispatcher
        self._results = results
        results.wake = self._owed

    def _query(self) -> Mapping[str, str | int]:
        if self.kind == "transformations":
            return {}
        return {
            "running_tasks": self._dispatcher.running("background"),
            "running_scheduled_tasks": self._dispatcher.running("scheduled"),
            "runner_type": self.kind,
        }

    def _introduction(self) -> SetupRequest:
        held = [*self._dispatcher.leases, *self._results.leases]
        # An empty list says something too: whatever an earlier process of this instance held is free again.
        return self._setup.model_copy(update={"held": held})

    def _lost(self) -> None:
        self._results.connection_lost()

    async def _send_due(self, socket: PlatformConnection, session: Session) -> None:
        due = self._results.due()
        for first in range(0, len(due), _SENT_TOGETHER):
            if not session.may_send("task"):
                return
            taken = self._told(session, due[first : first + _SENT_TOGETHER])
            await self._send(socket, session)
            self._handed_over(session, taken)

    def _send_now(self) -> bool:
        # While others are to come, results leave together, by the writer.
        if not self._dispatcher.idle or self._results.waiting > _SENT_TOGETHER:
            return False
        free = self._free_for("task")
        if free is None:
            return False
        socket, session = free
        taken = self._told(session, self._results.due())
        socket.send_now(session.data_to_send())
        self._handed_over(session, taken)
        return True

    def _told(self, session: Session, results: list[Task]) -> list[str]:
        """Hand results to the session, and return the leases of those that can be sent."""
        return [result.options.lease for result in results if self._tell(session, result)]

    def _tell(self, session: Session, result: Task) -> bool:
        try:
            session.send(result)
        except PydanticSerializationError as error:
            self._replace(result, f"the answer cannot be sent: {error}")
            return False
        return True

    def _handed_over(self, session: Session, leases: list[str]) -> None:
        acknowledged_later = ACKNOWLEDGEMENTS in session.features
        for lease in leases:
            self._results.handed_over(lease, acknowledged_later=acknowledged_later)

    def _frame_too_big(self) -> None:
        """The platform found a frame too large. It does not say which; the largest result is the one to blame."""
        largest = max(self._results.owed, key=lambda result: len(codec.encode(result)), default=None)
        if largest is not None:
            self._replace(largest, "the answer is larger than the platform accepts")

    def _replace(self, result: Task, text: str) -> None:
        """Answer with a failure instead of a result that would not get through, again and again."""
        self._log.error("%s: %s", result.options.task_id, text)
        self._results.put(result.answered(outcome.refused(result.input.event_type, text)))

    def _take(self, event: Event) -> None:
        if isinstance(event, TaskReceived):
            self._dispatcher.accept(event.task)
        elif isinstance(event, Acknowledged):
            self._results.acknowledged(event.ack.lease)
        elif isinstance(event, TaskDeclined):
            self._log.info(
                "%s came while stopping: it is handed back", getattr(event.task.options, "task_id", "a call")
            )
        elif isinstance(event, WebTaskReceived):
            self._log.warning("the platform sent a web call to a session that serves events; it was skipped")
