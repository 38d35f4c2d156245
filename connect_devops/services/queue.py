"""The task queue: put tasks in, look at them, try again by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update

from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.domain.task import DONE, Fail, Status, status_after
from connect_devops.services.context import Context
from connect_devops.services.page import Page, Refine
from connect_devops.services.settling import HELD, SAME_WORK, End, carry_out, lock_work, same_work
from connect_devops.services.signals import TasksDue
from connect_devops.services.task import (
    ATTEMPT_COLUMNS,
    TASK_BY_ID,
    TASK_COLUMNS,
    Attempt,
    Task,
    attempt_from,
    select_tasks,
    task_from,
)
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import WAITING_ALONE, attempts, environments, tasks
from connect_eaas.events import INTERACTIVE, Category
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["Attempt", "NewTask", "Queue", "Submission", "Task", "Timeline"]

_MAX_OBJECT_ID: Final = 256
_LATER: Final = ("retrying", "rescheduled")
_NOT_AGAIN: Final = MappingProxyType(
    {
        "scheduled": "waits for a runner already; its next try is due.",
        "processing": "is being processed; it can be tried again when that has ended.",
        "succeeded": "has succeeded; only a task that has failed or waits can be tried again.",
        "skipped": "was skipped; only a task that has failed or waits can be tried again.",
    }
)
# Built once: building a statement costs more than running it.
_INSERT: Final = insert(tasks)
_ID_TAKEN: Final = select(tasks.c.number).where(tasks.c.id == bindparam("key"))
_ENVIRONMENT: Final = select(environments.c.number).where(environments.c.id == bindparam("key"))
_SAME_WAITING: Final = select_tasks().where(*SAME_WORK, WAITING_ALONE)


@dataclass(frozen=True)
class NewTask:
    """A task to put into the queue. ``data`` is the argument of an interactive task (any JSON)."""

    environment_id: str
    category: Category
    event_type: str
    object_id: str
    data: Any = field(default=None, repr=False)
    installation_id: str | None = None


@dataclass(frozen=True)
class Submission:
    """What became of a task put in: ``created`` is False if the same work was waiting already."""

    task: Task
    created: bool


@dataclass(frozen=True)
class Timeline:
    """A task with its whole history, oldest attempt first."""

    task: Task
    attempts: tuple[Attempt, ...]
    data: Any = field(default=None, repr=False)
    """The argument it was made with."""


class Queue:
    """Tasks of all environments."""

    columns: Final[Mapping[str, ColumnElement[Any]]] = TASK_COLUMNS
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def submit(self, new: NewTask) -> Submission:
        """Put one task in; see ``submit_many``."""
        return self.submit_many([new])[0]

    def submit_many(self, new: Sequence[NewTask]) -> list[Submission]:
        """Put tasks in, in one transaction, in order.

        Background, scheduled and transformation tasks exist at most once waiting for the same environment, event type,
        object and installation: if one waits (scheduled, rescheduled or retrying), that one is returned. Interactive
        tasks are always new.

        Raises:
            NotFoundError: there is no such environment.
            ValidationError: an object id is empty or too long.
        """
        for item in new:
            if not 0 < len(item.object_id) <= _MAX_OBJECT_ID:
                raise ValidationError.of("object.id", f"An object's id has 1 to {_MAX_OBJECT_ID} characters.")
        with self._context.store.transaction() as transaction:
            submissions = [self._submit(transaction, item) for item in new]
            for environment_id in {item.task.environment_id for item in submissions if item.created}:
                self._context.publish(transaction, TasksDue(environment_id))
        return submissions

    def get(self, task_id: str, *, environment_id: str | None = None) -> Task:
        """Raises NotFoundError if there is none (in that environment)."""
        with self._context.store.reading() as transaction:
            return self._get(transaction, task_id, environment_id)

    def page(
        self,
        environment_id: str | None = None,
        *,
        installation_id: str | None = None,
        refine: Refine | None = None,
        before: int | None = None,
        limit: int = 100,
        offset: int = 0,
        total: bool = True,
    ) -> Page[Task]:
        """Tasks, newest first unless ``refine`` orders them.

        Args:
            environment_id: only tasks of this environment.
            installation_id: only tasks of this installation.
            refine: further conditions and order.
            before: only tasks with a smaller ``number``: the way to page through a million of them.
            limit: how many, 0 for none (to get the total alone).
            offset: how many to leave out; costs time in proportion.
            total: count the whole list too (without ``before``).
        """
        conditions = []
        if environment_id is not None:
            conditions.append(tasks.c.environment_id == environment_id)
        if installation_id is not None:
            conditions.append(tasks.c.installation_id == installation_id)
        query = select_tasks().where(*conditions)
        count = select(func.count()).select_from(tasks).where(*conditions)
        if refine is not None:
            query = refine(query)
            count = select(func.count()).select_from(
                refine(select(tasks.c.number).where(*conditions)).order_by(None).subquery()
            )
        if before is not None:
            query = query.where(tasks.c.number < before)
        query = query.order_by(tasks.c.number.desc()).limit(limit).offset(offset or None)
        with self._context.store.reading() as transaction:
            rows = transaction.connection.execute(query).mappings().all() if limit else []
            number = transaction.connection.execute(count).scalar_one() if total else None
        return Page([task_from(row) for row in rows], number)

    def timeline(self, task_id: str) -> Timeline:
        """The task with every attempt. Raises NotFoundError if there is none."""
        with self._context.store.reading() as transaction:
            connection = transaction.connection
            task = self._get(transaction, task_id)
            data = connection.execute(select(tasks.c.data).where(tasks.c.number == task.number)).scalar_one()
            rows = connection.execute(
                select(*ATTEMPT_COLUMNS).where(attempts.c.task_number == task.number).order_by(attempts.c.number)
            ).mappings()
            return Timeline(task, tuple(attempt_from(row) for row in rows), data)

    def result(self, task_id: str) -> TaskOutput | None:
        """The runner's answer that ended the task; None while it is not done, or if the platform ended it.

        Raises:
            NotFoundError: there is no such task.
        """
        with self._context.store.reading() as transaction:
            task = self._get(transaction, task_id)
            if task.status not in DONE:
                return None
            result = transaction.connection.execute(
                select(attempts.c.result)
                .where(attempts.c.task_number == task.number)
                .order_by(attempts.c.number.desc())
                .limit(1)
            ).scalar_one_or_none()
        return None if result is None else TaskOutput.model_validate(result)

    def resubmit(self, task_id: str) -> Task:
        """Try a failed task again, from the beginning of its count (the Retry button).

        Raises:
            NotFoundError: there is none.
            RuleError: it has not failed, is interactive, or the same work waits already.
        """
        with self._context.store.transaction() as transaction:
            row = self._held(transaction, task_id)
            if row["status"] != "failed":
                raise RuleError(f"Only a failed task can be tried again; {task_id} is {row['status']}.")
            if row["category"] == INTERACTIVE:
                raise RuleError("An interactive task cannot be tried again: nobody waits for its answer.")
            lock_work(transaction, row)
            waiting = self._waiting(transaction, row)
            if waiting is not None:
                raise RuleError(f"The same work waits already as {waiting.id}.")
            now = self._context.clock.now()
            transaction.connection.execute(
                update(tasks)
                .where(tasks.c.number == row["number"])
                .values(status=status_after("failed", "resubmit"), due=now, updated=now, completed=None, retries_used=0)
            )
            self._context.publish(transaction, TasksDue(row["environment_id"]))
            return self._get(transaction, task_id)

    def retry(self, task_id: str) -> Task:
        """Try a task again now: one that has failed, as ``resubmit`` does, or one that waits for a later try.

        The count of its tries begins anew.

        Raises:
            NotFoundError: there is none.
            RuleError: it waits for a runner already, is being processed, or is done; or ``resubmit`` refuses it.
        """
        with self._context.store.transaction() as transaction:
            row = self._held(transaction, task_id)
            if row["status"] == "failed":
                return self.resubmit(task_id)
            if row["status"] not in _LATER:
                raise RuleError(f"{task_id} {_NOT_AGAIN[row['status']]}")
            now = self._context.clock.now()
            transaction.connection.execute(
                update(tasks)
                .where(tasks.c.number == row["number"])
                .values(status=status_after(row["status"], "resubmit"), due=now, updated=now, retries_used=0)
            )
            self._context.publish(transaction, TasksDue(row["environment_id"]))
            return self._get(transaction, task_id)

    def cancel(self, task_id: str, reason: str) -> Task:
        """Give a task up: it has failed with this reason, and a result that still comes is refused.

        A task that is done stays as it is.

        Raises:
            NotFoundError: there is no such task.
        """
        with self._context.store.transaction() as transaction:
            row = self._held(transaction, task_id)
            if row["status"] not in DONE:
                now = self._context.clock.now()
                carry_out(self._context, transaction, row, Fail(reason), End("cancelled", reason), now)
            return self._get(transaction, task_id)

    def counts(self, environment_id: str) -> Mapping[Status, int]:
        """How many tasks of the environment are in each state; states without tasks are left out."""
        query = (
            select(tasks.c.status, func.count().label("total"))
            .where(tasks.c.environment_id == environment_id)
            .group_by(tasks.c.status)
        )
        with self._context.store.reading() as transaction:
            return {row.status: row.total for row in transaction.connection.execute(query)}

    def _submit(self, transaction: Transaction, new: NewTask) -> Submission:
        connection = transaction.connection
        key = {
            "environment_id": new.environment_id,
            "event_type": new.event_type,
            "object_id": new.object_id,
            "installation_id": new.installation_id or "",
        }
        if new.category != INTERACTIVE:
            lock_work(transaction, key)
            waiting = self._waiting(transaction, key)
            if waiting is not None:
                return Submission(waiting, created=False)
        now = self._context.clock.now()
        while connection.execute(_ID_TAKEN, {"key": (task_id := self._context.ids.task())}).first() is not None:
            pass
        if connection.execute(_ENVIRONMENT, {"key": new.environment_id}).first() is None:
            raise NotFoundError("environment", new.environment_id)
        connection.execute(
            _INSERT,
            {
                **key,
                "id": task_id,
                "category": new.category,
                "data": new.data,
                "trace": self._context.ids.trace(),
                "status": "scheduled",
                "due": now,
                "retry_count": 0,
                "retries_used": 0,
                "rescheduled_count": 0,
                "attempt_count": 0,
                "runtime_total": 0.0,
                "processing_total": 0.0,
                "orphaned": False,
                "created": now,
                "updated": now,
            },
        )
        return Submission(self._get(transaction, task_id), created=True)

    def _waiting(self, transaction: Transaction, key: Row) -> Task | None:
        row = transaction.connection.execute(_SAME_WAITING, same_work(key)).mappings().first()
        return None if row is None else task_from(row)

    def _held(self, transaction: Transaction, task_id: str) -> Row:
        query = select(*HELD).where(tasks.c.id == task_id).with_for_update()
        row = transaction.connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("task", task_id)
        return row

    def _get(self, transaction: Transaction, task_id: str, environment_id: str | None = None) -> Task:
        row = transaction.connection.execute(TASK_BY_ID, {"key": task_id}).mappings().first()
        if row is None or environment_id not in (None, row["environment_id"]):
            raise NotFoundError("task", task_id)
        return task_from(row)
