"""What an object looked like when a task about it was made, and what has become of it since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from connect_devops.domain.difference import Change, differences
from connect_devops.services.context import Context
from connect_devops.services.queue import Submission
from connect_devops.storage.objects import objects
from connect_devops.storage.tables import tasks
from connect_devops.storage.task_history import task_objects

__all__ = ["TaskObject", "TaskObjects"]

_STAMPS: Final = ("events", "created", "updated")


@dataclass(frozen=True)
class TaskObject:
    """The object of a task, then and now."""

    was: Mapping[str, Any] = field(repr=False)
    """As it was when the task was made, or last changed before the task was delivered."""
    now: Mapping[str, Any] | None = field(repr=False)
    """None if there is none any more."""
    changes: tuple[Change, ...]
    """What differs, without the stamps of time that any change leaves."""


class TaskObjects:
    """Objects as they were.

    Args:
        context: the services' context.
        most: of how many tasks they are kept, the newest.
    """

    def __init__(self, context: Context, *, most: int = 2000) -> None:
        self._context = context
        self._most = most

    def keep(self, submissions: Sequence[Submission], collection: str, doc: Mapping[str, Any]) -> None:
        """Keep what an object is like for the tasks that its change made, or found waiting for their first delivery.

        Call it inside the transaction that makes them.

        Args:
            submissions: the tasks.
            collection: of the object, see ``connect_devops.storage.objects``.
            doc: the object.
        """
        waiting = [item for item in submissions if item.created or not item.task.attempt_count]
        if not waiting:
            return
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            for item in waiting:
                number, values = item.task.number, {"collection": collection, "doc": doc}
                if not item.created:
                    known = update(task_objects).where(task_objects.c.task_number == number).values(values)
                    if connection.execute(known).rowcount:
                        continue
                connection.execute(insert(task_objects).values(task_number=number, **values))
            newest = connection.execute(select(func.max(task_objects.c.task_number))).scalar_one()
            connection.execute(delete(task_objects).where(task_objects.c.task_number <= newest - self._most))

    def of(self, task_id: str) -> TaskObject | None:
        """The object of a task; None if none was kept."""
        query = (
            select(task_objects.c.doc.label("was"), objects.c.doc.label("now"))
            .join_from(tasks, task_objects, task_objects.c.task_number == tasks.c.number)
            .outerjoin(
                objects,
                (objects.c.collection == task_objects.c.collection)
                & (objects.c.parent_id == "")
                & (objects.c.id == tasks.c.object_id),
            )
            .where(tasks.c.id == task_id)
        )
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).first()
        if row is None:
            return None
        changes = () if row.now is None else differences(row.was, row.now, leave_out=_STAMPS)
        return TaskObject(row.was, row.now, changes)
