"""The calls of one web session: they run in this process, a bounded number at once, each within its time limit."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio.to_thread

from connect_eaas.protocol.messages import WebTask
from connect_eaas.runner.handlers.web_frames import InternalHeaders, answer, read_request
from connect_eaas.runner.log_records import CURRENT_TASK, TaskIdentity
from connect_eaas.runner.metrics import Meter
from connect_eaas.runner.settings import Limits
from connect_eaas.runner.tracing_spans import Spans
from connect_eaas.web.asgi import Application, AsgiCall, Response, TooLargeError

__all__ = ["MAX_ANSWER_BYTES", "WebCalls", "use_threads"]

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Largest body that an endpoint may answer with; the platform may accept less, see `WebChannel`."""
_WAITING_PER_SLOT: Final = 10
_log = logging.getLogger("connect.eaas.runner.web")


@dataclass
class _Call:
    """A call in hand."""

    task: WebTask
    job: asyncio.Task[None] | None = None
    asgi: AsgiCall | None = None
    timer: asyncio.TimerHandle | None = None
    arrived: float = 0.0
    answered: bool = field(default=False)
    # Told the status, if calls are traced.
    traced: Callable[[int], None] | None = None


class WebCalls:
    """Calls that the platform forwarded.

    Args:
        app: the extension's application.
        headers: what the application is told about callers.
        limits: how long a call may take, and how many may run at once.
        answered: takes the answers.
        ready: set once the platform configured the runner and ``on_startup`` has run; calls wait for it.
        meter: who counts.
        spans: who traces.
    """

    def __init__(
        self,
        app: Application,
        *,
        headers: InternalHeaders,
        limits: Limits,
        answered: Callable[[WebTask], None],
        ready: asyncio.Event,
        meter: Meter | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._spans = spans or Spans()
        self._meter = meter or Meter()
        self._app = app
        self._headers = headers
        self._limits = limits
        self._answered = answered
        self._ready = ready
        # Calls that hold a slot: running, answered but busy in the background, or overdue and not to be stopped.
        self._running: dict[int, _Call] = {}
        self._waiting: deque[_Call] = deque()
        self._taking = True
        self._idle = asyncio.Event()
        self._idle.set()
        self.finished = 0

    @property
    def leases(self) -> list[str]:
        """Correlation ids of the calls in hand."""
        return [call.task.options.correlation_id for call in (*self._running.values(), *self._waiting)]

    @property
    def named(self) -> list[str]:
        """The calls in hand, for people."""
        calls = (*self._running.values(), *self._waiting)
        return [f"{call.task.request.method} {call.task.request.url.partition('?')[0]}" for call in calls]

    def running(self, category: str) -> int:
        """How many tasks of this category are in hand: none, these are calls."""
        return 0

    def accept(self, task: WebTask) -> None:
        """Take a call. Returns at once; its answer follows."""
        call = _Call(task, arrived=asyncio.get_running_loop().time())
        if not self._taking:
            self._refuse(call, 503, "the extension is stopping")
        elif len(self._running) < self._limits.concurrency:
            self._start(call)
        elif len(self._waiting) < self._limits.concurrency * _WAITING_PER_SLOT:
            self._waiting.append(call)
            self._limit(call)
        else:
            self._refuse(call, 503, f"{self._limits.concurrency} calls run and as many as may do wait: try again")

    def decline(self, task: WebTask) -> None:
        """Answer a call that came too late to be run."""
        self._refuse(_Call(task, arrived=asyncio.get_running_loop().time()), 503, "the extension is stopping")

    def stop_taking(self) -> int:
        """Run what is in hand, and nothing else; no call can be handed back."""
        self._taking = False
        return 0

    async def drained(self) -> None:
        """Wait until no call is in hand, and the application is done with all of them."""
        await self._idle.wait()

    async def abandon(self) -> int:
        """Give up the calls in hand; their callers are told so.

        Returns:
            How many were given up.
        """
        self._taking = False
        calls = [*self._running.values(), *self._waiting]
        self._waiting.clear()
        for call in calls:
            self._refuse(call, 503, "the extension was stopped")
            self._cancel(call)
        jobs = [call.job for call in calls if call.job is not None]
        if jobs:
            await asyncio.wait(jobs, timeout=5.0)
        return len(calls)

    def _start(self, call: _Call) -> None:
        self._idle.clear()
        self._running[id(call)] = call
        self._meter.calls_running(len(self._running))
        call.job = asyncio.get_running_loop().create_task(self._run(call), name="web-call")
        if call.timer is None:
            self._limit(call)

    def _limit(self, call: _Call) -> None:
        loop = asyncio.get_running_loop()
        call.timer = loop.call_at(call.arrived + self._limits.web_s, self._overdue, call)

    async def _run(self, call: _Call) -> None:
        # Lines of the log, the endpoint's own too, are known by the call.
        CURRENT_TASK.set(TaskIdentity(call.task.options.correlation_id, "web_task", _name(call.task)))
        with self._spans.web_call(call.task) as call.traced:
            await self._carry_out(call)

    async def _carry_out(self, call: _Call) -> None:
        try:
            if not self._ready.is_set():
                await self._ready.wait()
            try:
                request = read_request(call.task, self._headers.of(call.task.options))
            except ValueError as error:
                self._refuse(call, 400, str(error))
                return
            call.asgi = AsgiCall(
                self._app, request, lambda response: self._respond(call, response), max_body_bytes=MAX_ANSWER_BYTES
            )
            await call.asgi.run()
        except asyncio.CancelledError:
            # Overdue or abandoned, and answered by who cancelled it. Not passed on: nothing awaits this task's result.
            return
        except TooLargeError as error:
            _log.error("%s: %s", _name(call.task), error)
            self._refuse(call, 500, str(error))
        except BaseException as error:  # The border of the author's code.
            self._crashed(call, error)
        finally:
            self._ended(call)

    def _respond(self, call: _Call, response: Response) -> None:
        if call.answered:
            return
        call.answered = True
        if call.traced is not None:
            call.traced(response.status)
        if call.timer is not None:
            call.timer.cancel()
        level = logging.ERROR if response.status >= 500 else logging.INFO
        _log.log(level, "%s: %d, %d bytes", _name(call.task), response.status, len(response.body))
        self.finished += 1
        self._meter.call_answered(response.status, max(asyncio.get_running_loop().time() - call.arrived, 0.0))
        self._answered(answer(call.task, response))

    def _refuse(self, call: _Call, status: int, text: str) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        self._respond(call, Response(status, headers, text.encode()))

    def _crashed(self, call: _Call, error: BaseException) -> None:
        _log.error("%s: the application raised", _name(call.task), exc_info=error)
        self._refuse(call, 500, "Internal Server Error")

    def _overdue(self, call: _Call) -> None:
        text = f"the call took longer than {self._limits.web_s} s"
        _log.error("%s: %s", _name(call.task), text)
        self._refuse(call, 504, text)
        self._cancel(call)
        if call.job is None and call in self._waiting:
            self._waiting.remove(call)

    def _cancel(self, call: _Call) -> None:
        """Stop a call. A plain endpoint cannot be stopped: it keeps its slot until it ends."""
        if call.timer is not None:
            call.timer.cancel()
        if call.asgi is not None:
            call.asgi.disconnect()
        if call.job is not None:
            call.job.cancel()

    def _ended(self, call: _Call) -> None:
        self._running.pop(id(call), None)
        self._meter.calls_running(len(self._running))
        while self._waiting and len(self._running) < self._limits.concurrency:
            self._start(self._waiting.popleft())
        if not self._running:
            self._idle.set()


def use_threads(limits: Limits) -> None:
    """Let as many plain endpoints run at once as calls may; the web framework's own limit is 40 threads."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = max(limiter.total_tokens, limits.concurrency)


def _name(task: WebTask) -> str:
    """Method and path; a query may hold secrets."""
    return f"{task.request.method.upper()} {task.request.url.partition('?')[0]}"
