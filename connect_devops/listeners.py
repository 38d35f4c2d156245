"""The doors of the process: one application behind plain http and behind TLS, each served by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import uvicorn

from connect_devops.errors import PortError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from connect_devops.settings import Settings
    from connect_devops.tls import Certificates

__all__ = ["Listener", "bind", "make_listener"]

_BACKLOG: Final = 512
_PING_INTERVAL_S: Final = 20.0
_PING_TIMEOUT_S: Final = 20.0
_MAX_INCOMING_FRAME: Final = 16 * 1024 * 1024
"""Runners answer web calls with one whole frame, and their side names no limit; ours guards the memory."""
_GRACE_S: Final = 10
_FAREWELL_S: Final = 0.5


def bind(host: str, port: int) -> socket.socket:
    """Open a listening address before anything else is started, so that a taken port is known at once.

    Raises:
        PortError: the address cannot be bound; names host, port and cause.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise PortError(host, port, error.strerror or str(error)) from error
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix" and sys.platform != "cygwin":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        cause = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise PortError(host, port, cause) from error
    listening.setblocking(False)
    return listening


class Listener(uvicorn.Server):
    """A uvicorn server that somebody else starts, stops and sends signals to.

    On `stop` uvicorn closes runners' websockets with 1012, which makes them reconnect; with 1000 or 1001 they would
    end for good (``reference/websocket-protocol.md`` section 2).
    """

    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        super().__init__(config)
        self._listening = listening
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def port(self) -> int:
        """The port, also where the system chose it."""
        return int(self._listening.getsockname()[1])

    async def run_until_stopped(self) -> None:
        """Serve until `stop`, then let running calls finish for a bounded time."""
        try:
            await self.serve(sockets=[self._listening])
        finally:
            self._stopped.set()

    async def wait_started(self) -> None:
        """Return when connections are accepted."""
        await self._started.wait()

    async def wait_stopped(self) -> None:
        """Return when `run_until_stopped` has."""
        await self._stopped.wait()

    def stop(self) -> None:
        """Begin to stop; `run_until_stopped` returns when it is done."""
        self.should_exit = True
        self._stopping.set()

    def stop_now(self) -> None:
        """Stop without waiting for running calls."""
        self.force_exit = True
        self.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn: stop accepting, let running calls finish."""
        loop = asyncio.get_running_loop()

        def abort_closing() -> None:
            # Over TLS a closing connection waits for the other side's farewell, which an idle client never sends.
            for connection in list(self.server_state.connections):
                transport = connection.transport
                if transport.is_closing():
                    transport.abort()
            if not self._stopped.is_set():
                loop.call_later(_FAREWELL_S, abort_closing)

        loop.call_later(_FAREWELL_S, abort_closing)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn: begin to accept."""
        await super().startup(sockets)
        self._started.set()

    async def main_loop(self) -> None:
        """Called by uvicorn: wait for the end (its own version wakes ten times a second)."""
        await self._stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Called by uvicorn: signals belong to the process, not to one of its two servers."""
        yield


def make_listener(
    app: ASGIApp, listening: socket.socket, settings: Settings, certificates: Certificates | None = None
) -> Listener:
    """Build the server of one door; with certificates it speaks TLS."""
    config = uvicorn.Config(
        app,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=_MAX_INCOMING_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_INTERVAL_S,
        ws_ping_timeout=_PING_TIMEOUT_S,
        timeout_graceful_shutdown=_GRACE_S,
        log_level=settings.log_level,
        ssl_certfile=None if certificates is None else str(certificates.chain_file),
        ssl_keyfile=None if certificates is None else str(certificates.chain_file),
    )
    return Listener(config, listening)
