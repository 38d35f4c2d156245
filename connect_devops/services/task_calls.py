"""The API calls that handlers make while they work on a task, as the platform served them.

Calls are noted at once and stored together a moment later: no call waits for the database because it is noted.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, delete, func, insert, select

from connect_devops.domain.account import Identity
from connect_devops.services.context import Context
from connect_devops.services.signals import CallsNoted, CallsStored
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import attempts, environments, extensions, tasks
from connect_devops.storage.task_history import task_calls

__all__ = ["TaskCall", "TaskCalls"]

_MOST_NOTED: Final = 10_000
_BATCH: Final = 500
_LONGEST_PATH: Final = 1000
_LONGEST_METHOD: Final = 16
_SECRET: Final = re.compile(r"([?&][^=&?]*(?:api_?key|token|secret|password|signature)=)[^&]+", re.IGNORECASE)
"""A parameter of a query whose value nobody else should read."""


@dataclass(frozen=True)
class TaskCall:
    """A call that was answered. ``attempt`` is the number of the task's attempt that made it, None before the first."""

    at: datetime
    method: str
    path: str
    """Below ``/public/v1``, with its query."""
    status: int
    duration: float
    """Seconds that the platform took for the answer."""
    attempt: int | None


@dataclass(frozen=True)
class _Noted:
    task_id: str
    by: Identity
    at: datetime
    method: str
    path: str
    status: int
    duration: float


class TaskCalls:
    """Calls of the tasks of all environments.

    Args:
        context: the services' context.
        most: how many are kept of all tasks together, the newest.
        most_of_a_task: how many are kept of one task, the newest.
    """

    def __init__(self, context: Context, *, most: int = 50_000, most_of_a_task: int = 500) -> None:
        self._context = context
        self._most = most
        self._most_of_a_task = most_of_a_task
        self._noted: deque[_Noted] = deque(maxlen=_MOST_NOTED)
        self._guard = threading.Lock()
        self._storing = threading.Lock()

    def note(
        self, task_id: str, by: Identity, *, at: datetime, method: str, path: str, status: int, duration: float
    ) -> None:
        """Note a call that was answered; it is stored by the next ``store``.

        Args:
            task_id: the task that the caller says it works on. What names no task, or a task of others, is left out.
            by: who called.
            at: when the call came, by the platform's clock.
            method: of HTTP.
            path: below ``/public/v1``, with its query; secrets in that are left out.
            status: of the answer.
            duration: seconds.
        """
        call = _Noted(task_id, by, at, method[:_LONGEST_METHOD], _shown(path), status, duration)
        with self._guard:
            first = not self._noted
            self._noted.append(call)
        if first:
            self._context.signals.publish(CallsNoted())

    def store(self) -> None:
        """Store what was noted. Whoever comes while another thread does so waits for it."""
        with self._storing:
            while calls := self._taken():
                try:
                    with self._context.store.transaction() as transaction:
                        self._insert(transaction, calls)
                except BaseException:
                    # Those that wait behind have been told of already, and would not be again.
                    with self._guard:
                        further = bool(self._noted)
                    if further:
                        self._context.signals.publish(CallsNoted())
                    raise
                self._context.signals.publish(CallsStored())

    def of(self, task_id: str) -> list[TaskCall]:
        """The calls of a task, oldest first; none if there is no such task."""
        self.store()
        query = select(task_calls).join(tasks, tasks.c.number == task_calls.c.task_number).where(tasks.c.id == task_id)
        begun = (
            select(attempts.c.attempt, attempts.c.leased)
            .join(tasks, tasks.c.number == attempts.c.task_number)
            .where(tasks.c.id == task_id)
            .order_by(attempts.c.number)
        )
        with self._context.store.reading() as transaction:
            rows = transaction.connection.execute(query.order_by(task_calls.c.at, task_calls.c.number)).all()
            leases = transaction.connection.execute(begun).all()
        moments = [lease.leased for lease in leases]
        found = []
        for row in rows:
            position = bisect_right(moments, row.at)
            attempt = leases[position - 1].attempt if position else None
            found.append(TaskCall(row.at, row.method, row.path, row.status, row.duration, attempt))
        return found

    def _taken(self) -> list[_Noted]:
        with self._guard:
            return [self._noted.popleft() for _ in range(min(_BATCH, len(self._noted)))]

    def _insert(self, transaction: Transaction, calls: list[_Noted]) -> None:
        connection = transaction.connection
        known = connection.execute(
            select(tasks.c.id, tasks.c.number, tasks.c.installation_id, extensions.c.owner_id)
            .join(environments, environments.c.id == tasks.c.environment_id)
            .join(extensions, extensions.c.id == environments.c.extension_id)
            .where(tasks.c.id.in_({call.task_id for call in calls}))
        ).all()
        found = {row.id: row for row in known}
        rows = []
        for call in calls:
            task = found.get(call.task_id)
            if task is None:
                continue
            its_own = call.by.installation_id is not None and call.by.installation_id == task.installation_id
            if its_own or (call.by.installation_id is None and call.by.account.id == task.owner_id):
                rows.append(
                    {
                        "task_number": task.number,
                        "at": call.at,
                        "method": call.method,
                        "path": call.path,
                        "status": call.status,
                        "duration": call.duration,
                    }
                )
        if not rows:
            return
        connection.execute(insert(task_calls), rows)
        ranked = (
            select(
                task_calls.c.number,
                func.row_number()
                .over(partition_by=task_calls.c.task_number, order_by=task_calls.c.number.desc())
                .label("rank"),
            )
            .where(task_calls.c.task_number.in_({row["task_number"] for row in rows}))
            .subquery()
        )
        surplus = select(ranked.c.number).where(ranked.c.rank > self._most_of_a_task)
        connection.execute(delete(task_calls).where(task_calls.c.number.in_(surplus)))
        self._forget_oldest(connection)

    def _forget_oldest(self, connection: Connection) -> None:
        numbers = task_calls.c.number
        oldest, newest = connection.execute(select(func.min(numbers), func.max(numbers))).one()
        if newest - oldest < self._most:
            return
        # Numbers alone tell little: of a task that made very many calls most are gone already.
        last_kept = select(numbers).order_by(numbers.desc()).offset(self._most - 1).limit(1)
        border = connection.execute(last_kept).scalar()
        if border is not None:
            connection.execute(delete(task_calls).where(numbers < border))


def _shown(path: str) -> str:
    """A path as it is kept: without secrets, and without what neither databases nor terminals take as a mere text."""
    path = path[:_LONGEST_PATH]
    if not path.isprintable():
        path = "".join(sign if sign.isprintable() else quote(sign, errors="surrogatepass") for sign in path)
    if "?" in path:
        path = _SECRET.sub(r"\1********", path)
    return path[:_LONGEST_PATH]
