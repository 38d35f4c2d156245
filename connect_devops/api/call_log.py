"""Notes the calls that handlers make while they work on a task; their headers name it.

The headers are those of ``reference/runner-behaviour.md`` section 10.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connect_devops.domain.account import Identity
from connect_devops.services.task_calls import TaskCalls

__all__ = ["CallLog"]

_PREFIX: Final = "/public/v1/"
_TASK_HEADERS: Final = ("eaas_task_id", "eaas-task-id")
"""Some gateways drop names with underscores, so others write dashes."""


class CallLog:
    """Notes what was answered to whom; only calls with a valid key count.

    It stands outside of what turns errors into answers, so that it sees their status.

    Args:
        app: the platform.
        calls: where they are noted.
        now: the platform's clock.
        timer: seconds that only grow.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        calls: TaskCalls,
        now: Callable[[], datetime],
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        self._app = app
        self._calls = calls
        self._now = now
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        task_id = None
        if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            headers = Headers(scope=scope)
            task_id = next((headers[name] for name in _TASK_HEADERS if name in headers), None)
        if task_id is None:
            await self._app(scope, receive, send)
            return
        at, begun, status = self._now(), self._timer(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            identity = scope.get("state", {}).get("identity")
            if isinstance(identity, Identity):
                query = scope["query_string"].decode("latin-1")
                self._calls.note(
                    task_id,
                    identity,
                    at=at,
                    method=scope["method"],
                    path=f"/{scope['path'][len(_PREFIX) :]}{'?' if query else ''}{query}",
                    status=status,
                    duration=self._timer() - begun,
                )
