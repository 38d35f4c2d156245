"""What happens because time passes: one pass over everything that is due, and when to look again."""

from __future__ import annotations

from datetime import datetime

__all__ = ["Timekeeper"]


class Timekeeper:
    """Driven by one waiting task of the platform: ``while True: wait until tick()`` or a ``ClockMoved`` signal."""

    def tick(self) -> datetime | None:
        """Fire schedules, end leases, and signal environments whose waiting tasks came due; returns ``next_due()``."""
        raise NotImplementedError

    def next_due(self) -> datetime | None:
        """The next moment in the future at which something happens by itself; None if nothing is planned.

        ``ClockMoved`` is signalled whenever an earlier one is planned than before.
        """
        raise NotImplementedError
