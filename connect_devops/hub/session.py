"""One runner's websocket: reads frames, writes frames, and keeps the work in its hands filled up.

The rules of the wire are in ``connect_eaas.protocol.session``, those of the queue in ``connect_devops.services``; here
is only what moves between them. Three coroutines serve a session: the reader, the writer, and the settler, which
stores results in batches and then confirms them. A fourth one, the pump, takes tasks out of the queue when it is told
that there may be some.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from connect_devops.hub.desk import Desk, TooLargeError
from connect_devops.services.web_calls import CallTooLargeError, WebCalls
from connect_eaas.protocol.dialect import Dialect
from connect_eaas.protocol.errors import LocalProtocolError
from connect_eaas.protocol.messages import Ack, SetupRequest, Task, WebTask
from connect_eaas.protocol.session import Session, Side
from connect_eaas.protocol.session_events import (
    Event,
    FrameRejected,
    HandshakeTimedOut,
    ResultReceived,
    SetupRequested,
    ShutdownReceived,
    WebResultReceived,
)

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

__all__ = ["REPLACED", "RunnerSession"]

POLICY_VIOLATION: Final = 1008
REPLACED: Final = 4000
"""Close code for a session whose runner has connected anew; other than 1000, so that no runner ends by it."""
_SETTLE_AT_ONCE: Final = 64

logger = logging.getLogger(__name__)


class RunnerSession:
    """One connection of a runner, from its upgrade to its end.

    Args:
        websocket: accepted.
        desk: this session's dealings with the queue.
        web_calls: calls to web applications; a session of one offers itself as their line.
        max_frame_bytes: largest frame that may be sent; runners drop the connection on larger ones.
    """

    def __init__(self, websocket: WebSocket, desk: Desk, web_calls: WebCalls, *, max_frame_bytes: int) -> None:
        self.desk = desk
        self._web_calls = web_calls
        # Ends what was offered, when the session ends.
        self._offers = ExitStack()
        self._websocket = websocket
        self._max_frame_bytes = max_frame_bytes
        self._loop = asyncio.get_running_loop()
        # Runners up to 25 speak version 1; the first frame tells.
        dialect = Dialect()
        self._machine = Session(Side.PLATFORM, now=self._loop.time(), decode=dialect.decode, encode=dialect.encode)
        self._dialect = dialect
        self._outgoing: deque[str] = deque()
        self._results: deque[Task] = deque()
        self._has_outgoing = asyncio.Event()
        self._has_results = asyncio.Event()
        self._may_have_tasks = asyncio.Event()
        self._configuration_is_old = asyncio.Event()

    @property
    def is_serving(self) -> bool:
        """Whether tasks may be sent now."""
        return self._machine.may_send("task")

    def look_for_tasks(self) -> None:
        """Something in the queue may be due."""
        self._may_have_tasks.set()

    def refresh_configuration(self) -> None:
        """Variables or log levels have changed."""
        self._configuration_is_old.set()

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; the session then ends by itself."""
        try:
            await self._websocket.close(code, reason)
        except (RuntimeError, WebSocketDisconnect):
            logger.debug("socket already closed session=%s", self.desk.session_id)

    async def run(self) -> None:
        """Serve until the socket is gone. Results that were read are settled in any case."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._write)
                await self._read(group)
                group.cancel_scope.cancel()
        finally:
            self._offers.close()
            with anyio.CancelScope(shield=True):
                while self._results:
                    await self._settle_some()
                self._machine.close()
                await anyio.to_thread.run_sync(self.desk.leave)

    async def _read(self, group: TaskGroup) -> None:
        while True:
            frame = await self._receive()
            if frame is None:
                return
            for event in self._machine.receive(frame, self._loop.time()):
                if isinstance(event, SetupRequested):
                    await self._set_up(event.request)
                    group.start_soon(self._pump)
                    group.start_soon(self._settle)
                    group.start_soon(self._push_configuration)
                elif isinstance(event, HandshakeTimedOut):
                    return
                else:
                    self._handle(event)

    async def _receive(self) -> str | bytes | None:
        """The next frame; None when the socket has ended or the handshake is overdue."""
        deadline = self._machine.handshake_deadline
        patience = None if deadline is None else max(0.0, deadline - self._loop.time())
        with anyio.move_on_after(patience):
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            text: str | None = message.get("text")
            return text if text is not None else bytes(message["bytes"])
        for event in self._machine.handle_timeout(self._loop.time()):
            if isinstance(event, HandshakeTimedOut):
                logger.warning("handshake overdue session=%s expected=%s", self.desk.session_id, event.waiting_for)
        await self.close(POLICY_VIOLATION, "no setup_request in time")
        return None

    def _handle(self, event: Event) -> None:
        if isinstance(event, ResultReceived):
            self._results.append(event.task)
            self._has_results.set()
        elif isinstance(event, ShutdownReceived):
            logger.info("runner stops, it gets no more tasks session=%s", self.desk.session_id)
        elif isinstance(event, FrameRejected):
            level = logging.DEBUG if event.repeated else logging.WARNING
            logger.log(level, "frame rejected session=%s cause=%s", self.desk.session_id, event.error)
        elif isinstance(event, WebResultReceived) and not self._web_calls.answered(
            self.desk.environment_id, event.task
        ):
            logger.info("answer that nobody waits for any more session=%s", self.desk.session_id)

    async def _set_up(self, request: SetupRequest) -> None:
        acknowledges = bool(self._machine.features)
        if self._dialect.version == 1:
            logger.info("runner speaks version 1 of the protocol session=%s", self.desk.session_id)
        response = await anyio.to_thread.run_sync(self.desk.set_up, request, acknowledges)
        self._machine.send(response)
        self._flush()
        if self.desk.address.application == "webapp":
            self._offers.enter_context(self._web_calls.line(self.desk.environment_id, self))

    def send_web_task(self, task: WebTask) -> bool:
        """See `connect_devops.services.web_calls.WebLine`."""
        if not self._machine.may_send("web_task"):
            return False
        self._machine.send(task)
        frames = self._machine.data_to_send()
        size = sum(len(frame.encode()) for frame in frames)
        if size > self._max_frame_bytes:
            raise CallTooLargeError(size, self._max_frame_bytes)
        self._outgoing.extend(frames)
        self._has_outgoing.set()
        return True

    async def _write(self) -> None:
        while True:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            while self._outgoing:
                try:
                    await self._websocket.send_text(self._outgoing[0])
                except (RuntimeError, WebSocketDisconnect):
                    # The reader learns of the end by itself; what was not sent is delivered anew by its lease.
                    return
                self._outgoing.popleft()

    def _flush(self) -> None:
        self._outgoing.extend(self._machine.data_to_send())
        if self._outgoing:
            self._has_outgoing.set()

    async def _pump(self) -> None:
        while self.is_serving:
            self._may_have_tasks.clear()
            while tasks := await anyio.to_thread.run_sync(self.desk.take_tasks):
                unsent = [task for task in tasks if not self._send_task(task)]
                if unsent:
                    await anyio.to_thread.run_sync(self.desk.hand_back, unsent)
                    break
            await self._may_have_tasks.wait()

    def _send_task(self, task: Task) -> bool:
        try:
            self._machine.send(task)
        except LocalProtocolError:
            # The runner said `shutdown` while the queue was asked.
            return False
        frames = self._machine.data_to_send()
        size = sum(len(frame.encode()) for frame in frames)
        if size > self._max_frame_bytes:
            self._results.append(TooLargeError(size, self._max_frame_bytes).as_result(task))
            self._has_results.set()
            return True
        self._outgoing.extend(frames)
        self._has_outgoing.set()
        return True

    async def _settle(self) -> None:
        while True:
            await self._has_results.wait()
            self._has_results.clear()
            while self._results:
                acknowledgements = await self._settle_some()
                for acknowledgement in acknowledgements:
                    if self._machine.may_send("ack"):
                        self._machine.send(acknowledgement)
                self._flush()
                self._may_have_tasks.set()

    async def _settle_some(self) -> Sequence[Ack]:
        """Store some results; they leave the queue of results only when they are stored."""
        batch = [self._results[index] for index in range(min(len(self._results), _SETTLE_AT_ONCE))]
        with anyio.CancelScope(shield=True):
            acknowledgements = await anyio.to_thread.run_sync(self.desk.settle, batch)
            for _ in batch:
                self._results.popleft()
        return acknowledgements

    async def _push_configuration(self) -> None:
        while True:
            await self._configuration_is_old.wait()
            self._configuration_is_old.clear()
            response = await anyio.to_thread.run_sync(self.desk.configuration)
            if self._machine.may_send("setup_response"):
                self._machine.send(response)
                self._flush()
