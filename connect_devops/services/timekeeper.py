"""What happens because time passes: one pass over everything that is due, and when to look again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from connect_devops.services.context import Context
from connect_devops.services.leases import Leases
from connect_devops.services.schedules import Schedules
from connect_devops.services.signals import TasksDue
from connect_devops.storage.tables import FIRING, PROCESSING, WAITING, schedules, tasks

__all__ = ["Timekeeper"]


class Timekeeper:
    """Driven by one waiting task of the platform: it calls ``tick``, then waits on the clock until the moment that was
    returned, or until a ``ClockMoved`` signal, and calls it again.
    """

    def __init__(self, context: Context, leases: Leases, schedules_: Schedules) -> None:
        self._context = context
        self._leases = leases
        self._schedules = schedules_
        self._seen: datetime | None = None

    def tick(self) -> datetime | None:
        """Fire schedules, end leases, and signal environments whose waiting tasks came due; returns ``next_due()``."""
        # From here on an earlier plan must wake us again, also one that is made while we look.
        self._context.expect(None)
        now = self._context.clock.now()
        self._leases.expire()
        self._schedules.fire_due()
        query = select(tasks.c.environment_id).where(WAITING, tasks.c.due <= now).distinct()
        if self._seen is not None:
            query = query.where(tasks.c.due > self._seen)
        with self._context.store.reading() as transaction:
            due = list(transaction.connection.execute(query).scalars())
        self._seen = now
        for environment_id in due:
            self._context.signals.publish(TasksDue(environment_id))
        following = self._next_after(now)
        self._context.expect(following)
        return following

    def next_due(self) -> datetime | None:
        """The next moment in the future to which it makes sense to move the clock; None if nothing is planned.

        The ends of leases that runners hold are none: they move with the clock, see ``Leases.outlasting``.

        ``ClockMoved`` is signalled whenever an earlier one is planned than before.
        """
        return self._next_after(self._context.clock.now(), tasks.c.orphaned.is_(True))

    def _next_after(self, now: datetime, *leases: ColumnElement[bool]) -> datetime | None:
        queries = (
            select(func.min(tasks.c.due)).where(WAITING, tasks.c.due > now),
            select(func.min(tasks.c.expires)).where(PROCESSING, *leases),
            select(func.min(schedules.c.next_trigger)).where(FIRING),
        )
        with self._context.store.reading() as transaction:
            found = [transaction.connection.execute(query).scalar_one() for query in queries]
        return min((moment for moment in found if moment is not None), default=None)
