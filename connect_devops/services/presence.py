"""Which platform processes are alive: several may share one PostgreSQL database, and each holds sessions of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from connect_devops.services.context import Context
from connect_devops.services.environments import Environments
from connect_devops.services.leases import Leases
from connect_devops.storage.tables import platforms

__all__ = ["HEARTBEAT", "Presence"]

HEARTBEAT: Final = timedelta(seconds=5)
"""How often a platform says that it is alive."""
_DEAD_AFTER: Final = timedelta(seconds=20)


class Presence:
    """Heartbeats, and what is done about platforms that have none any more.

    An SQLite file belongs to one process, which its data directory's lock sees to: there all others are dead.

    Args:
        context: what services work with.
        environments: whose sessions they are.
        leases: what the sessions hold.
        real_time: the time outside of the platform. Machines that share a database must agree on it within seconds.
    """

    def __init__(
        self, context: Context, environments: Environments, leases: Leases, real_time: Callable[[], datetime]
    ) -> None:
        self._context = context
        self._environments = environments
        self._leases = leases
        self._real_time = real_time

    @property
    def is_shared(self) -> bool:
        """Whether other platforms may use the database."""
        return self._context.store.dialect != "sqlite"

    def arrive(self, grace: timedelta) -> list[str]:
        """At the start, before anybody connects: take up what dead platforms left behind, this one's last run as well.

        Returns:
            the leases that wait for their runners during ``grace``, or were given up.
        """
        with self._context.store.transaction():
            self._beat()
            alive = self._alive()
            self._environments.close_sessions_but_of(alive)
            return self._leases.recover(grace, alive=alive)

    def beat(self, grace: timedelta) -> bool:
        """Say that this platform is alive, and take up what others left behind that are not.

        Returns:
            False if the others took this one for dead meanwhile, and its sessions away.
        """
        with self._context.store.transaction():
            was_known = self._beat()
            alive = [*self._alive(), self._context.platform_id]
            left = self._environments.close_sessions_but_of(alive)
            if left:
                self._leases.abandon(grace, left)
            return was_known

    def leave(self) -> None:
        """At the end: nobody has to wait until this platform is missed."""
        with self._context.store.transaction() as transaction:
            mine = platforms.c.id == self._context.platform_id
            transaction.connection.execute(delete(platforms).where(mine))

    def _beat(self) -> bool:
        with self._context.store.transaction() as transaction:
            now = self._real_time()
            dead = platforms.c.heartbeat < now - _DEAD_AFTER
            mine = platforms.c.id == self._context.platform_id
            transaction.connection.execute(delete(platforms).where(dead, ~mine))
            if transaction.connection.execute(update(platforms).where(mine).values(heartbeat=now)).rowcount:
                return True
            transaction.connection.execute(insert(platforms).values(id=self._context.platform_id, heartbeat=now))
            return False

    def _alive(self) -> list[str]:
        """The other platforms that are alive."""
        if not self.is_shared:
            return []
        with self._context.store.reading() as transaction:
            others = select(platforms.c.id).where(platforms.c.id != self._context.platform_id)
            return list(transaction.connection.execute(others).scalars())
