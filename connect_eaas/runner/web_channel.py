"""The session of a web application: takes forwarded calls in, and sends their answers as soon as they exist."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio

from connect_eaas.protocol import codec
from connect_eaas.protocol.messages import SetupRequest, WebTask
from connect_eaas.protocol.session import Session
from connect_eaas.protocol.session_events import Configured, Event, TaskDeclined, WebTaskReceived
from connect_eaas.runner.connection import PlatformConnection
from connect_eaas.runner.handlers import web_frames as frames
from connect_eaas.runner.handlers.web import WebCalls
from connect_eaas.runner.line import Line
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.stop import Stop
from connect_eaas.web.asgi import Response

__all__ = ["WebAnswers", "WebChannel"]


class WebAnswers:
    """Answers that no open socket took yet.

    After a lost connection they are sent on the next one, as long as somebody may still wait for them.

    Args:
        clock: seconds of a monotonic clock.
        kept_s: how long an answer is worth sending.
    """

    def __init__(self, *, clock: Callable[[], float], kept_s: float) -> None:
        self._clock = clock
        self._kept_s = kept_s
        # With the moment from which nobody waits for it any more.
        self._owed: list[tuple[float, WebTask]] = []
        self._delivered = asyncio.Event()
        self._delivered.set()
        self.wake: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        """How many answers are owed."""
        return len(self.due())

    def put(self, answer: WebTask) -> None:
        """Owe an answer, and send it as soon as a socket is open."""
        self._owed.append((self._clock() + self._kept_s, answer))
        self._delivered.clear()
        self.wake()

    def due(self) -> list[WebTask]:
        """The answers to send, oldest first."""
        now = self._clock()
        self._owed = [item for item in self._owed if item[0] > now]
        self._note()
        return [answer for _, answer in self._owed]

    def handed_over(self, answer: WebTask) -> None:
        """The open socket took an answer."""
        self._owed = [item for item in self._owed if item[1] is not answer]
        self._note()

    async def delivered(self) -> None:
        """Wait until nothing is owed."""
        await self._delivered.wait()

    async def keep_synced(self) -> None:
        """Nothing of this is kept on disk: nobody waits for an answer over a restart."""

    def close(self) -> None:
        """Nothing to close."""

    def _note(self) -> None:
        if not self._owed:
            self._delivered.set()


class WebChannel(Line):
    """The session ``/webapp``.

    Args:
        settings: where the platform is.
        instance_id: this running copy of the extension.
        setup: what the application is.
        calls: runs the calls.
        answers: what is owed; its ``wake`` is taken over.
        configured: called with each setup response.
        stop: the runner's wish to stop.
        clock: seconds of a monotonic clock.
        live: the application's life beside its calls; cancelled with the session.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        instance_id: str,
        setup: SetupRequest,
        calls: WebCalls,
        answers: WebAnswers,
        configured: Callable[[Configured], None],
        stop: Stop,
        clock: Callable[[], float],
        live: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__(
            "web",
            suffix="/webapp",
            settings=settings,
            instance_id=instance_id,
            configured=configured,
            stop=stop,
            clock=clock,
        )
        self._setup = setup
        self._live = live
        self._calls = calls
        self._answers = answers
        # Size and answer: the largest one of the present connection, to blame if the platform finds one too big.
        self._largest: tuple[int, WebTask] | None = None
        # Answers of this size in characters are known to be too big for the platform; None while none was.
        self._too_big: int | None = None
        answers.wake = self._owed

    async def run(self) -> None:
        """Keep the session open, and the application alive, until cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._live)
            await super().run()

    def _query(self) -> Mapping[str, str | int]:
        return {}

    def _introduction(self) -> SetupRequest:
        return self._setup

    async def _send_due(self, socket: PlatformConnection, session: Session) -> None:
        for answer in self._answers.due():
            if not session.may_send("web_task"):
                return
            self._tell(session, answer)
            await self._send(socket, session)
            self._answers.handed_over(answer)

    def _send_now(self) -> bool:
        due = self._answers.due()
        # Several leave by the writer, each in its turn.
        free = self._free_for("web_task") if len(due) == 1 else None
        if free is None:
            return False
        socket, session = free
        self._tell(session, due[0])
        socket.send_now(session.data_to_send())
        self._answers.handed_over(due[0])
        return True

    def _tell(self, session: Session, answer: WebTask) -> None:
        content = answer.response.content if answer.response is not None else None
        size = len(content or "")
        if self._too_big is not None and size >= self._too_big:
            session.send(_too_large(answer))
            return
        session.send(answer)
        if self._largest is None or size > self._largest[0]:
            self._largest = (size, answer)

    def _frame_too_big(self) -> None:
        if self._largest is not None:
            self._too_big, answer = self._largest
            self._log.error("an answer of %d bytes is larger than the platform accepts", len(codec.encode(answer)))
            self._answers.put(_too_large(answer))

    def _lost(self) -> None:
        self._largest = None

    def _take(self, event: Event) -> None:
        if isinstance(event, WebTaskReceived):
            self._calls.accept(event.task)
        elif isinstance(event, TaskDeclined) and isinstance(event.task, WebTask):
            self._calls.decline(event.task)
        else:
            self._log.warning("the platform sent a task to a session that serves calls; it was skipped")


def _too_large(answer: WebTask) -> WebTask:
    body = b'{"detail": "The answer is larger than the platform accepts."}'
    return frames.answer(answer, Response(500, [(b"content-type", b"application/json")], body))
