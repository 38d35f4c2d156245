"""Tells those whose time is over, with one timer for all of them.

A timer of its own for each task would cost more than most else that is done for a short task, and nearly none of them
would ever ring.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

__all__ = ["Deadlines", "Timed"]

_TOLERANCE_S: Final = 0.001
"""A loop may count in milliseconds; what rings this much early is not late by a whole turn."""


class Timed(Protocol):
    """Something that may take only so long."""

    def limit_passed(self) -> None:
        """Called once, when its time is over."""


class Deadlines:
    """Deadlines on one event loop.

    Args:
        loop: whose clock counts.
    """

    __slots__ = ("_due", "_loop", "_rings", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # When the time of each is over.
        self._due: dict[Timed, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        # When the timer does; it may be early, as those that end leave it alone.
        self._rings = float("inf")

    def add(self, timed: Timed, limit_s: float) -> None:
        """Its time is over in so many seconds."""
        due = self._due[timed] = self._loop.time() + limit_s
        if due < self._rings:
            self._ring_at(due)

    def remove(self, timed: Timed) -> None:
        """It has ended, in time or not."""
        self._due.pop(timed, None)

    def close(self) -> None:
        """Tell nobody any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings = None, float("inf")

    def _ring_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = due
        self._timer = self._loop.call_later(max(due - self._loop.time(), 0.0), self._look)

    def _look(self) -> None:
        self._timer, self._rings = None, float("inf")
        now = self._loop.time() + _TOLERANCE_S
        try:
            for timed in [timed for timed, due in self._due.items() if due <= now]:
                # One that was told may have ended another.
                if self._due.pop(timed, None) is not None:
                    timed.limit_passed()
        finally:
            # Also if one of them failed: the others rely on this.
            if self._due:
                soonest = min(self._due.values())
                if soonest < self._rings:
                    self._ring_at(soonest)
