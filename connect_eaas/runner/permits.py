"""So many at once, for what is done so often that a semaphore would be felt."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Permits"]


class Permits:
    """So many may run at once; the others get their permits in the order in which they came.

    Nearly always a permit is free, and to take it then costs next to nothing: ask `take_now` first, wait with `take`.

    Args:
        size: how many there are.
    """

    __slots__ = ("_free", "_waiting")

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_now(self) -> bool:
        """Take a permit if one is free."""
        # While somebody waits none is: those that are given back go to them.
        if self._free:
            self._free -= 1
            return True
        return False

    async def take(self, limit_s: float | None = None) -> bool:
        """Take a permit, and wait for one if need be; False if that took longer than ``limit_s`` seconds."""
        if self.take_now():
            return True
        permit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(permit)
        try:
            await asyncio.wait((permit,), timeout=limit_s)
        except asyncio.CancelledError:
            if permit.done():
                # It was given one, and cannot use it any more.
                self.give_back()
            else:
                self._waiting.remove(permit)
            raise
        if permit.done():
            return True
        self._waiting.remove(permit)
        return False

    def give_back(self) -> None:
        """A permit is free again: the first of those who wait gets it."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
