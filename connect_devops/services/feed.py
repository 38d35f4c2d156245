"""Signals for readers over the network: as they come, with signs of life between them, until the platform stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio

from connect_devops.services.signals import Signal, Signals

__all__ = ["Feeds"]

_HEARTBEAT_S: Final = 10.0


class Feeds:
    """The open feeds of one platform process."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._closed = asyncio.Event()

    def close(self) -> None:
        """End all feeds: the platform stops, and waits for running calls."""
        self._closed.set()

    async def follow(self, wanted: Callable[[Signal], bool]) -> AsyncIterator[list[Signal]]:
        """Yield the signals that ``wanted`` accepts as they come, and an empty list at once and every ten seconds."""
        with self._signals.listen(wanted) as inbox:
            yield []
            while not self._closed.is_set():
                await self._first(inbox.arrived)
                if not self._closed.is_set():
                    yield inbox.take()

    async def _first(self, arrived: asyncio.Event) -> None:
        """Wait for a signal, for the end, or until a sign of life is due."""
        with anyio.move_on_after(_HEARTBEAT_S):
            async with anyio.create_task_group() as group:

                async def wait_for(event: asyncio.Event) -> None:
                    await event.wait()
                    group.cancel_scope.cancel()

                group.start_soon(wait_for, arrived)
                group.start_soon(wait_for, self._closed)
