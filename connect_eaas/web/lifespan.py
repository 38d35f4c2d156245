"""The life of an ASGI application beside its calls: what it does at its start and at its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import anyio

from connect_eaas.web.asgi import Application

__all__ = ["Life"]

_SHUTDOWN_S: Final = 30.0
_log = logging.getLogger("connect.eaas.runner.web")


class Life:
    """Starts an application, and ends it when `run` is cancelled.

    An application that knows no such thing (it raises when it is asked) is left alone.

    Args:
        app: the application.

    Attributes:
        started: set once the application has started, or said that it could not.
        failure: why it could not; None if it could.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._asked_to_start = False
        self._asked_to_end = anyio.Event()
        self._state: dict[str, Any] = {}
        self.failure: str | None = None
        self.started = anyio.Event()

    async def run(self) -> None:
        """Live until cancelled, or until the start has failed; the application's end may take 30 seconds more."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._converse)
            try:
                await self.started.wait()
                if self.failure is None:
                    await anyio.sleep_forever()
            finally:
                self._asked_to_end.set()

    async def call(
        self, scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        """Call the application; what it set up at its start is the call's state, as servers do it."""
        await self._app({**scope, "state": dict(self._state)}, receive, send)

    async def _converse(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        with anyio.CancelScope(shield=True) as patience:
            self._patience = patience
            try:
                await self._app(scope, self._receive, self._send)
            except Exception as error:
                if self.started.is_set():
                    _log.error("the application failed at its end", exc_info=error)
                else:
                    _log.debug("the application has no lifespan: %r", error)
        if patience.cancelled_caught:
            _log.error("the application's end took longer than %g s", _SHUTDOWN_S)
        self.started.set()

    async def _receive(self) -> dict[str, str]:
        if not self._asked_to_start:
            self._asked_to_start = True
            return {"type": "lifespan.startup"}
        await self._asked_to_end.wait()
        self._patience.deadline = anyio.current_time() + _SHUTDOWN_S
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.failed":
            text = str(message.get("message") or "it did not say why").strip()
            _log.error("the application could not start\n%s", text)
            # Frameworks send the whole traceback.
            self.failure = text.splitlines()[-1]
        elif kind == "lifespan.shutdown.failed":
            _log.error("the application failed at its end: %s", message.get("message"))
        if kind.startswith("lifespan.startup."):
            self.started.set()
