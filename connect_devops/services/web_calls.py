"""HTTP calls to an extension's web application: forwarded over its runners' sessions, and waited for."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from connect_devops.clock import Clock
from connect_devops.domain.errors import DevOpsError
from connect_devops.services.interactive import NoAnswerError, NotConnectedError
from connect_eaas.protocol.messages import HttpRequest, HttpResponse, WebTask, WebTaskOptions

__all__ = ["WEB_LIMIT", "CallLostError", "CallTooLargeError", "Caller", "TooManyCallsError", "WebCalls", "WebLine"]

WEB_LIMIT: Final = timedelta(seconds=125)
"""How long a caller waits: our runner's own limit of 120 s, and some travelling time."""
RETURN_GRACE: Final = timedelta(seconds=3)
"""A runner whose line broke comes back within a second; its answers are waited for a little longer than that."""
_IN_FLIGHT: Final = 1000
_REPLY_TO: Final = "web"


class CallLostError(DevOpsError):
    """The runner was gone before it answered; whether the call had an effect is unknown."""

    def __str__(self) -> str:
        return f"The runner of {self.args[0]} went away before it answered the call."


class CallTooLargeError(DevOpsError):
    """The call does not fit into a frame that runners accept."""

    def __str__(self) -> str:
        return f"The call needs a frame of {self.args[0]} bytes, but runners accept {self.args[1]} bytes at most."


class TooManyCallsError(DevOpsError):
    """Too many calls of this environment wait for answers. Try again later."""

    def __str__(self) -> str:
        return f"{self.args[0]} calls of {self.args[1]} wait for answers already."


@dataclass(frozen=True)
class Caller:
    """Who calls, as the application is told; without values for open doors."""

    api_key: str | None = field(default=None, repr=False)
    installation_id: str | None = None
    tier_account_id: str | None = None
    user_id: str | None = None
    account_id: str | None = None
    account_role: str | None = None
    call_type: str | None = None
    call_source: str | None = None


class WebLine(Protocol):
    """A session that serves a web application; lives on the event loop."""

    def send_web_task(self, task: WebTask) -> bool:
        """Send a call; False if the runner takes none any more.

        Raises:
            CallTooLargeError: runners do not accept frames of this size.
        """


@dataclass(eq=False)
class _Pending:
    environment_id: str
    line: WebLine
    # Set when an answer came, or when the line was lost.
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    answer: HttpResponse | None = None
    # When to give up, once the line was lost.
    lost_for_good: datetime | None = None


class WebCalls:
    """Calls in flight, and the lines that they travel on. Belongs to one event loop.

    Args:
        clock: by which callers lose their patience.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[str, list[WebLine]] = {}
        # By correlation id.
        self._pending: dict[str, _Pending] = {}

    @contextmanager
    def line(self, environment_id: str, line: WebLine) -> Iterator[None]:
        """Offer a line for the calls of an environment, as long as the block lasts."""
        lines = self._lines.setdefault(environment_id, [])
        lines.append(line)
        try:
            yield
        finally:
            lines.remove(line)
            for pending in self._pending.values():
                if pending.line is line:
                    pending.lost_for_good = self._clock.now() + RETURN_GRACE
                    pending.wake.set()

    def answered(self, environment_id: str, task: WebTask) -> bool:
        """Take an answer, on whichever line of the environment it came.

        Returns:
            False if nobody waits for it.
        """
        pending = self._pending.get(task.options.correlation_id)
        if pending is None or pending.environment_id != environment_id or task.response is None:
            return False
        pending.answer = task.response
        pending.wake.set()
        return True

    async def call(
        self, environment_id: str, request: HttpRequest, caller: Caller, *, trace: str, limit: timedelta = WEB_LIMIT
    ) -> HttpResponse:
        """Forward a call and wait for its answer.

        Args:
            environment_id: whose application is called.
            request: with a path as the application knows it; no header of it may be one of ours.
            caller: who calls.
            trace: a W3C trace parent for the calls that the endpoint makes.
            limit: the caller's patience.

        Raises:
            NotConnectedError: no web session of the environment is open.
            NoAnswerError: no answer in time.
            CallLostError: the runner went away before it answered.
            CallTooLargeError: the call is too large for a frame.
            TooManyCallsError: too many wait already.
        """
        correlation_id = secrets.token_hex(16)
        options = WebTaskOptions.model_validate(
            {
                **vars(caller),
                "correlation_id": correlation_id,
                "reply_to": _REPLY_TO,
                "connect_correlation_id": trace,
            }
        )
        if sum(pending.environment_id == environment_id for pending in self._pending.values()) >= _IN_FLIGHT:
            raise TooManyCallsError(_IN_FLIGHT, environment_id)
        pending = self._send(environment_id, WebTask(options=options, request=request))
        self._pending[correlation_id] = pending
        try:
            return await self._wait(pending, f"{request.method} {request.url.partition('?')[0]}", limit)
        finally:
            del self._pending[correlation_id]

    def _send(self, environment_id: str, task: WebTask) -> _Pending:
        """Send on the line with the fewest calls in flight."""

        def load(line: WebLine) -> int:
            return sum(pending.line is line for pending in self._pending.values())

        for line in sorted(self._lines.get(environment_id, ()), key=load):
            if line.send_web_task(task):
                return _Pending(environment_id, line)
        raise NotConnectedError(environment_id)

    async def _wait(self, pending: _Pending, name: str, limit: timedelta) -> HttpResponse:
        deadline = self._clock.now() + limit
        while True:
            overdue = await self._clock.wait_until(deadline, pending.wake)
            if pending.answer is not None:
                return pending.answer
            if overdue:
                if pending.lost_for_good is not None:
                    raise CallLostError(pending.environment_id)
                raise NoAnswerError(name, limit.total_seconds())
            pending.wake.clear()
            if pending.lost_for_good is not None:
                deadline = min(deadline, pending.lost_for_good)
