"""How long to wait before a process that died is replaced."""

from __future__ import annotations

from typing import Final

__all__ = ["Restarts"]


class Restarts:
    """The first replacement comes at once; one that dies young makes the pauses grow.

    Times are seconds of a monotonic clock.
    """

    first_s: Final = 0.5
    longest_s: Final = 60.0
    stable_s: Final = 60.0
    """Who lived this long was no part of a crash loop."""

    def __init__(self) -> None:
        self._deaths = 0

    @property
    def deaths(self) -> int:
        """How many processes in a row died young."""
        return self._deaths

    def pause_after(self, lived_s: float) -> float:
        """A process died after so many seconds: how long to wait before the next one."""
        if lived_s >= self.stable_s:
            self._deaths = 0
        self._deaths += 1
        if self._deaths == 1:
            return 0.0
        return min(self.first_s * 2.0 ** min(self._deaths - 2, 30), self.longest_s)
