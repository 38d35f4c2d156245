"""Runs the platform as one process: starts its parts, keeps them going, and stops them in order.

`serve` is for commands: it blocks, handles signals and raises `StartError` with a clear message where it cannot start.
`running_platform` is the same platform inside of a running event loop, for tests.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

import anyio
import anyio.to_thread

from connect_devops.clock import Clock
from connect_devops.domain.errors import DataLostError
from connect_devops.errors import StartError
from connect_devops.parts import Parts
from connect_devops.platform import Platform
from connect_devops.services.container import Services
from connect_devops.services.signals import ClockMoved
from connect_devops.settings import Settings

__all__ = ["Platform", "running_platform", "serve"]


def serve(settings: Settings, *, ready: Callable[[Platform], None] | None = None) -> None:
    """Run the platform until SIGINT or SIGTERM; a second signal ends it without waiting for calls that run.

    Args:
        settings: where and how.
        ready: called once the platform accepts connections, e.g. to print a banner.

    Raises:
        StartError: it cannot start; nothing was left behind.
    """
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(settings, ready))
    else:
        uvloop.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: Callable[[Platform], None] | None) -> None:
    loop = asyncio.get_running_loop()
    async with _Process(settings, None) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(process.stop))
            else:
                loop.add_signal_handler(number, process.stop)
        if ready is not None:
            ready(process.platform)
        await process.ended()


@asynccontextmanager
async def running_platform(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Platform]:
    """Run a platform beside the caller, for as long as the block lasts.

    Args:
        settings: as for `serve`; port 0 lets the system choose.
        clock: the platform's time; by default the machine's, moved by the offset that the data directory keeps.

    Raises:
        StartError: it cannot start.
    """
    async with _Process(settings, clock) as process:
        yield process.platform


class _Process:
    """The platform as one supervised task, so that it may be entered and left in different tasks."""

    def __init__(self, settings: Settings, clock: Clock | None) -> None:
        self._settings = settings
        self._clock = clock
        self._stopping = asyncio.Event()
        self._now = asyncio.Event()
        self._ready: asyncio.Future[Platform] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    @property
    def platform(self) -> Platform:
        return self._ready.result()

    def stop(self) -> None:
        """Begin to stop; called again: stop at once."""
        if self._stopping.is_set():
            self._now.set()
        self._stopping.set()

    async def ended(self) -> None:
        """Return when the platform has stopped; raise what it failed with."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def __aenter__(self) -> _Process:
        self._task = asyncio.create_task(self._run(), name="connect-devops platform")
        await asyncio.wait((self._task, self._ready), return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            self._ready.cancel()
            await self._task
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        with ExitStack() as stack:
            parts = Parts(self._settings, self._clock, stack, self.stop)
            try:
                # The sockets listen already: who reads the file early waits a moment instead of failing.
                await anyio.to_thread.run_sync(parts.publish)
                async with anyio.create_task_group() as group:
                    await group.start(parts.hub.run)
                    await group.start(_keep_time, parts.services)
                    for listener in (parts.http, parts.https):
                        group.start_soon(listener.run_until_stopped)
                        await listener.wait_started()
                    await group.start(parts.keep_discovery)
                    await group.start(parts.keep_calls)
                    if parts.services.presence.is_shared:
                        await group.start(parts.keep_present)
                    self._ready.set_result(parts.platform)
                    group.start_soon(self._hurry, parts)
                    await self._stopping.wait()
                    parts.feeds.close()
                    parts.http.stop()
                    parts.https.stop()
                    await parts.http.wait_stopped()
                    await parts.https.wait_stopped()
                    group.cancel_scope.cancel()
                if parts.failure is not None:
                    raise StartError(str(parts.failure))
                await anyio.to_thread.run_sync(parts.store_calls)
                await anyio.to_thread.run_sync(parts.services.presence.leave)
            finally:
                parts.discovery.remove()

    async def _hurry(self, parts: Parts) -> None:
        await self._now.wait()
        parts.http.stop_now()
        parts.https.stop_now()


async def _keep_time(
    services: Services, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Do what is due whenever it is: wait for the next date, for an earlier one, or for the clock to be moved."""
    with services.signals.listen(lambda signal: isinstance(signal, ClockMoved)) as inbox:
        task_status.started()
        while True:
            inbox.take()
            try:
                due = await anyio.to_thread.run_sync(services.timekeeper.tick)
            except DataLostError:
                return
            await services.clock.wait_until(due, inbox.arrived)
