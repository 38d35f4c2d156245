"""One session with the platform: keeps a websocket open and carries frames between it and the session machine.

A thin shell: what a frame means is the machine's business, what a task becomes the dispatcher's. Results leave as soon
as they exist; after a lost connection the work goes on and its results are sent on the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

import anyio
from pydantic_core import PydanticSerializationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from connect_eaas.protocol import codec
from connect_eaas.protocol.messages import ACKNOWLEDGEMENTS, SetupRequest, Shutdown, Task
from connect_eaas.protocol.session import Session, Side
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    FrameRejected,
    HandshakeTimedOut,
    ShutdownReceived,
    TaskDeclined,
    TaskReceived,
    WebTaskReceived,
)
from connect_eaas.runner import outcome
from connect_eaas.runner.connection import Backoff, ConnectionFailedError, RefusedError, connect_to_platform
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.errors import CredentialsError
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.stop import Stop

__all__ = ["Channel", "ChannelKind"]

ChannelKind = Literal["background", "interactive"]


class Channel:
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
        self.kind: ChannelKind = kind
        self._settings = settings
        self._instance_id = instance_id
        self._setup = setup
        self._dispatcher = dispatcher
        self._results = results
        self._configured = configured
        self._stop = stop
        self._clock = clock
        self._log = logging.getLogger(f"connect.eaas.runner.{kind}")
        self._backoff = Backoff()
        # Set when the writer has something to do.
        self._work = asyncio.Event()
        # True once the runner stops: `shutdown` is said on this and each later connection.
        self._draining = False
        self._drain_asked = asyncio.Event()
        # Set once the platform was reached at all: from then on a refusal may be a passing trouble.
        self._was_open = False
        self._session: Session | None = None
        results.wake = self._work.set

    @property
    def connected(self) -> bool:
        """True while the session is configured and its socket open."""
        return self._session is not None and self._session.configured

    def drain(self) -> None:
        """Tell the platform that this runner stops; results still flow."""
        self._draining = True
        self._drain_asked.set()
        self._work.set()

    async def run(self) -> None:
        """Keep the session open until cancelled."""
        while True:
            failure: ConnectionFailedError | None = None
            try:
                await self._connect_and_converse()
            except ConnectionFailedError as error:
                failure = error
                self._check_credentials(error)
            wait = self._backoff.next(failure)
            reason = f"{failure}; " if failure is not None else ""
            self._log.warning("%strying again in %.1f s (try %d)", reason, wait, self._backoff.attempts + 1)
            await self._pause(wait)

    async def _pause(self, wait_s: float) -> None:
        """Wait before the next try; a stop shortens it, so that what is owed still gets its chance."""
        if self._draining:
            await anyio.sleep(min(wait_s, 1.0))
            return
        with anyio.move_on_after(wait_s):
            await self._drain_asked.wait()

    def _check_credentials(self, error: ConnectionFailedError) -> None:
        if isinstance(error, RefusedError) and error.credentials and not self._was_open:
            self._stop.fail(CredentialsError(str(error)))

    async def _connect_and_converse(self) -> None:
        query = {
            "running_tasks": self._dispatcher.running("background"),
            "running_scheduled_tasks": self._dispatcher.running("scheduled"),
            "runner_type": self.kind,
        }
        socket = await connect_to_platform(self._settings, self._instance_id, query=query)
        self._was_open = True
        session = Session(Side.RUNNER, now=self._clock(), features=(ACKNOWLEDGEMENTS,))
        self._session = session
        held = [*self._dispatcher.leases, *self._results.leases]
        session.send(self._setup.model_copy(update={"held": held or None}))
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(self._write, socket, session)
                await self._read(socket, session)
                both.cancel_scope.cancel()
        finally:
            self._session = None
            session.close()
            self._results.connection_lost()
            with anyio.CancelScope(shield=True):
                await socket.close()

    async def _read(self, socket: ClientConnection, session: Session) -> None:
        """Carry frames in until the connection ends."""
        while True:
            frame: str | bytes | None = None
            deadline = session.handshake_deadline
            wait = None if deadline is None else max(deadline - self._clock(), 0.0)
            try:
                with anyio.move_on_after(wait):
                    frame = await socket.recv()
            except ConnectionClosed as error:
                closing = error.rcvd
                why = f"{closing.code} {closing.reason}".strip() if closing is not None else "the line broke"
                self._log.warning("connection lost (%s)", why)
                if closing is not None and closing.code == CloseCode.MESSAGE_TOO_BIG:
                    self._replace_largest()
                return
            now = self._clock()
            events = session.handle_timeout(now) if frame is None else session.receive(frame, now)
            for event in events:
                if not self._act(event):
                    return
            self._work.set()

    async def _write(self, socket: ClientConnection, session: Session) -> None:
        """Carry frames out as soon as there are any."""
        try:
            while True:
                self._work.clear()
                for frame in session.data_to_send():
                    await socket.send(frame)
                if session.configured:
                    await self._send_what_is_due(socket, session)
                await self._work.wait()
        except ConnectionClosed:
            # The reader sees it too, and reports it.
            return

    async def _send_what_is_due(self, socket: ClientConnection, session: Session) -> None:
        if self._draining and not session.shutdown_sent:
            session.send(Shutdown())
        later = ACKNOWLEDGEMENTS in session.features
        for result in self._results.due():
            if not session.may_send("task"):
                return
            try:
                session.send(result)
            except PydanticSerializationError as error:
                self._replace(result, f"the answer cannot be sent: {error}")
                continue
            for frame in session.data_to_send():
                await socket.send(frame)
            self._results.handed_over(result.options.lease, acknowledged_later=later)
        for frame in session.data_to_send():
            await socket.send(frame)

    def _replace_largest(self) -> None:
        """The platform found a frame too large. It does not say which; the largest result is the one to blame."""
        largest = max(self._results.owed, key=lambda result: len(codec.encode(result)), default=None)
        if largest is not None:
            self._replace(largest, "the answer is larger than the platform accepts")

    def _replace(self, result: Task, text: str) -> None:
        """Answer with a failure instead of a result that would not get through, again and again."""
        self._log.error("%s: %s", result.options.task_id, text)
        self._results.put(result.model_copy(update={"output": outcome.refused(result.input.event_type, text)}))

    def _act(self, event: Event) -> bool:
        """Carry out what an event asks for.

        Returns:
            False if the conversation is over.
        """
        if isinstance(event, TaskReceived):
            self._dispatcher.accept(event.task)
        elif isinstance(event, Acknowledged):
            self._results.acknowledged(event.ack.correlation_id or event.ack.task_id)
        elif isinstance(event, Configured):
            if event.first:
                self._backoff.reset()
                self._log.info("connected to %s", self._settings.websocket_url)
            self._configured(event)
        elif isinstance(event, ShutdownReceived):
            self._stop.request("the platform asked to stop")
        elif isinstance(event, FrameRejected):
            if not event.repeated:
                self._log.warning("the platform sent a frame that was skipped: %s", event.error)
        elif isinstance(event, TaskDeclined):
            self._log.info(
                "%s came while stopping: it is handed back", getattr(event.task.options, "task_id", "a call")
            )
        elif isinstance(event, WebTaskReceived):
            self._log.warning("the platform sent a web call to a session that serves events; it was skipped")
        elif isinstance(event, HandshakeTimedOut):
            self._log.warning("the platform did not answer the handshake (no %s)", event.waiting_for)
            return False
        return True
