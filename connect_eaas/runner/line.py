"""One session with the platform: keeps a websocket open and carries frames between it and the session machine.

A thin shell: what a frame means is the machine's business. What is sent when, and what becomes of events, is said by
the line's owner: `connect_eaas.runner.channel` for tasks, `connect_eaas.runner.web_channel` for calls.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import anyio
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from connect_eaas.protocol.dialect import decode_from_platform
from connect_eaas.protocol.messages import ACKNOWLEDGEMENTS, SetupRequest, Shutdown
from connect_eaas.protocol.session import Session, Side
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    FrameRejected,
    HandshakeTimedOut,
    ShutdownReceived,
    TaskReceived,
)
from connect_eaas.runner.connection import (
    Backoff,
    ConnectionFailedError,
    PlatformConnection,
    RefusedError,
    advice,
    connect_to_platform,
)
from connect_eaas.runner.errors import CredentialsError
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.stop import Stop

__all__ = ["Line"]


class Line(ABC):
    """One websocket to the platform, opened anew as often as needed.

    Args:
        name: of its kind, for logs.
        suffix: of its address: ``/webapp`` and the like; empty for events.
        settings: where the platform is.
        instance_id: this running copy of the extension.
        configured: called with each setup response.
        stop: the runner's wish to stop.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        name: str,
        *,
        suffix: str,
        settings: Settings,
        instance_id: str,
        configured: Callable[[Configured], None],
        stop: Stop,
        clock: Callable[[], float],
    ) -> None:
        self._suffix = suffix
        self._settings = settings
        self._instance_id = instance_id
        self._configured = configured
        self._stop = stop
        self._clock = clock
        self._log = logging.getLogger(f"connect.eaas.runner.{name}")
        self._backoff = Backoff()
        # Set when the writer has something to do.
        self._work = asyncio.Event()
        # True while what is owed is sent.
        self._sending = False
        # True once the runner stops: `shutdown` is said on this and each later connection.
        self._draining = False
        self._drain_asked = asyncio.Event()
        # Set once the platform was reached at all: from then on a refusal may be a passing trouble.
        self._was_open = False
        self._session: Session | None = None
        self.on_loss: Callable[[], None] = lambda: None
        """Called when a connection is gone."""
        self._socket: PlatformConnection | None = None

    @abstractmethod
    def _query(self) -> Mapping[str, str | int]:
        """What follows the question mark of the address."""

    @abstractmethod
    def _introduction(self) -> SetupRequest:
        """The first frame of a connection."""

    @abstractmethod
    async def _send_due(self, socket: PlatformConnection, session: Session) -> None:
        """Send what this connection has not taken yet; called whenever ``_work`` was set."""

    def _send_now(self) -> bool:
        """Send what is owed without waiting; False if the writer has to do it."""
        return False

    @abstractmethod
    def _take(self, event: Event) -> None:
        """Act on an event that carries work."""

    @abstractmethod
    def _frame_too_big(self) -> None:
        """The platform closed the connection because one of our frames was too large for it."""

    @abstractmethod
    def _lost(self) -> None:
        """The connection is gone."""

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
        """Keep the session open until cancelled, or until only another key or environment would help."""
        while True:
            failure: ConnectionFailedError | None = None
            try:
                await self._connect_and_converse()
            except ConnectionFailedError as error:
                failure = error
                if isinstance(error, RefusedError) and error.credentials and not self._was_open:
                    told = f"{error.address}: {error.status}: {advice(error.status, self._settings)}"
                    self._stop.fail(CredentialsError(told))
                    return
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

    async def _connect_and_converse(self) -> None:
        socket = await connect_to_platform(self._settings, self._instance_id, suffix=self._suffix, query=self._query())
        self._was_open = True
        session = Session(Side.RUNNER, now=self._clock(), features=(ACKNOWLEDGEMENTS,), decode=decode_from_platform)
        self._session, self._socket = session, socket
        session.send(self._introduction())
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(self._write, socket, session)
                await self._read(socket, session)
                both.cancel_scope.cancel()
        finally:
            self._session = self._socket = None
            session.close()
            self._lost()
            self.on_loss()
            with anyio.CancelScope(shield=True):
                await socket.close()

    async def _read(self, socket: PlatformConnection, session: Session) -> None:
        """Act on frames as they come, until the connection or the conversation ends."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        timer: asyncio.Handle | None = None

        def act_on(events: list[Event]) -> None:
            for event in events:
                kind = type(event)
                if kind is TaskReceived or kind is Acknowledged:
                    self._take(event)
                elif not self._act(event):
                    over.set_result(None)
                    return

        def take(frame: bytes) -> None:
            if over.done():
                return
            try:
                act_on(session.receive(frame, self._clock()))
            except Exception as error:  # The websocket's callback is not the place for our own mistakes.
                over.set_exception(error)

        def look_at_the_clock() -> None:
            nonlocal timer
            deadline = session.handshake_deadline
            if deadline is None or over.done():
                return
            due = deadline - self._clock()
            if due > 0:
                timer = loop.call_later(due, look_at_the_clock)
            else:
                act_on(session.handle_timeout(self._clock()))

        look_at_the_clock()
        lost = asyncio.ensure_future(socket.wait_closed())
        socket.listen(take)
        try:
            await asyncio.wait({over, lost}, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                over.result()
                return
        finally:
            if timer is not None:
                timer.cancel()
            lost.cancel()
            over.cancel()
        await self._report_loss(socket)

    async def _report_loss(self, socket: PlatformConnection) -> None:
        try:
            await socket.recv()
        except ConnectionClosed as error:
            closing = error.rcvd
            why = f"{closing.code} {closing.reason}".strip() if closing is not None else "the line broke"
            self._log.warning("connection lost (%s)", why)
            if closing is not None and closing.code == CloseCode.MESSAGE_TOO_BIG:
                self._frame_too_big()

    async def _write(self, socket: PlatformConnection, session: Session) -> None:
        """Carry frames out as soon as there are any."""
        try:
            while True:
                self._work.clear()
                await self._send(socket, session)
                if session.configured:
                    if self._draining and not session.shutdown_sent:
                        session.send(Shutdown())
                    self._sending = True
                    try:
                        await self._send_due(socket, session)
                    finally:
                        self._sending = False
                    await self._send(socket, session)
                await self._work.wait()
        except ConnectionClosed:
            # The reader sees it too, and reports it.
            return

    def _owed(self) -> None:
        """Something is owed: send it at once if that can be done, else have the writer do so."""
        sent = False
        if not self._sending:
            self._sending = True
            try:
                sent = self._send_now()
            finally:
                self._sending = False
        if not sent:
            self._work.set()

    def _free_for(self, message_type: str) -> tuple[PlatformConnection, Session] | None:
        """The connection, if messages of this type can be sent on it without waiting."""
        socket, session = self._socket, self._session
        if socket is None or session is None or not socket.writable:
            return None
        return (socket, session) if session.configured and session.may_send(message_type) else None

    async def _send(self, socket: PlatformConnection, session: Session) -> None:
        frames = session.data_to_send()
        if frames:
            await socket.send_all(frames)

    def _act(self, event: Event) -> bool:
        """Carry out what an event asks for.

        Returns:
            False if the conversation is over.
        """
        if isinstance(event, Configured):
            if event.first:
                self._backoff.reset()
                self._log.info("connected to %s", self._settings.websocket_url)
            self._configured(event)
            self._work.set()
        elif isinstance(event, ShutdownReceived):
            self._stop.request("the platform asked to stop")
        elif isinstance(event, FrameRejected):
            if not event.repeated:
                self._log.warning("the platform sent a frame that was skipped: %s", event.error)
        elif isinstance(event, HandshakeTimedOut):
            self._log.warning("the platform did not answer the handshake (no %s)", event.waiting_for)
            return False
        else:
            self._take(event)
        return True
