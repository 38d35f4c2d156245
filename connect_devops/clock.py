"""Time as a value that can be moved: everything timed in the platform asks a clock, and waits on it.

Nobody else reads the wall clock. ``SystemClock`` follows it with an offset that people and tests may move forward
(skip a countdown, fire a schedule now); ``ManualClock`` stands still until it is moved.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta, timezone
from typing import Final

__all__ = ["Clock", "ManualClock", "SystemClock"]

_LONGEST_SLEEP_S: Final = 3600.0
"""A sleeping event loop does not notice that the machine's clock was set; so it looks again once an hour."""


class Clock(ABC):
    """Tells the time (aware, UTC) and wakes those who wait for a moment, also when it is moved. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, Callable[[], None]] = {}
        self._next_listener = 0

    @abstractmethod
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""

    @abstractmethod
    def advance(self, by: timedelta) -> None:
        """Move the clock forward by ``by`` and wake everybody who waits on it.

        Raises:
            ValueError: ``by`` is negative. Time never runs backwards: leases and schedules rely on it.
        """

    @abstractmethod
    def seconds_until(self, when: datetime) -> float | None:
        """Real seconds until ``when`` (0 if it has come), or None if only moving the clock can bring it."""

    def subscribe(self, moved: Callable[[], None]) -> Callable[[], None]:
        """Call ``moved`` after each move, in the thread that moved the clock; returns how to stop that."""
        with self._lock:
            key = self._next_listener
            self._next_listener += 1
            self._listeners[key] = moved

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return unsubscribe

    async def wait_until(self, when: datetime | None, *wakes: asyncio.Event) -> bool:
        """Wait for ``when`` or for one of ``wakes``, whichever comes first; None waits for the wakes alone.

        Returns:
            True if ``when`` has come, False if a wake event is set.
        """
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()

        def on_move() -> None:
            # The loop may close while somebody moves the clock in another thread.
            if not loop.is_closed():
                loop.call_soon_threadsafe(moved.set)

        async with AsyncExitStack() as stack:
            stack.callback(self.subscribe(on_move))
            while True:
                moved.clear()
                if when is not None and self.now() >= when:
                    return True
                if any(wake.is_set() for wake in wakes):
                    return False
                seconds = None if when is None else self.seconds_until(when)
                await _first_of((moved, *wakes), None if seconds is None else min(seconds, _LONGEST_SLEEP_S))

    def _moved(self) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener()


async def _first_of(events: tuple[asyncio.Event, ...], timeout_s: float | None) -> None:
    waiters = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)


class SystemClock(Clock):
    """The machine's clock plus an offset; whoever owns the platform's data keeps the offset between runs."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        super().__init__()
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the machine's."""
        with self._lock:
            return self._offset

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.offset

    def advance(self, by: timedelta) -> None:
        if by < timedelta(0):
            raise ValueError(f"A clock cannot be moved back (by {by}).")
        with self._lock:
            self._offset += by
        self._moved()

    def seconds_until(self, when: datetime) -> float | None:
        return max(0.0, (when - self.now()).total_seconds())


class ManualClock(Clock):
    """A clock that stands still until it is moved: tests decide what time it is."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc)) -> None:
        super().__init__()
        self._now = now

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> None:
        if by < timedelta(0):
            raise ValueError(f"A clock cannot be moved back (by {by}).")
        with self._lock:
            self._now += by
        self._moved()

    def seconds_until(self, when: datetime) -> float | None:
        return 0.0 if self.now() >= when else None
