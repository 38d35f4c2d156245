"""A task and its attempts as people and other services see them, and how they are read from their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, select

from connect_devops.domain.task import Status
from connect_devops.storage.columns import Row
from connect_devops.storage.tables import attempts, environments, extensions, tasks
from connect_eaas.events import Category

__all__ = [
    "ATTEMPT_COLUMNS",
    "TASK_BY_ID",
    "TASK_BY_NUMBER",
    "TASK_COLUMNS",
    "Attempt",
    "Task",
    "attempt_from",
    "select_tasks",
    "task_from",
]


@dataclass(frozen=True)
class Task:
    """A task as people see it. ``runtime_total`` and ``processing_total`` in seconds."""

    id: str
    number: int
    """Grows with each task: the key for paging."""
    environment_id: str
    environment_type: str
    category: Category
    event_type: str
    object_id: str
    installation_id: str | None
    status: Status
    due: datetime | None
    """When it may be (or may have been) delivered again; None once it is done."""
    assignee: str | None
    """The instance that has, or had, it last."""
    output: str | None
    """The last message of a runner or of the platform about it, at most 4000 characters."""
    retry_count: int
    rescheduled_count: int
    attempt_count: int
    runtime_total: float
    processing_total: float
    owner_id: str
    created: datetime
    updated: datetime
    assigned: datetime | None
    completed: datetime | None
    rescheduled: datetime | None


@dataclass(frozen=True)
class Attempt:
    """One delivery of a task and how it ended.

    ``outcome`` is a runner's result (``success``, ``skip``, ``reschedule``, ``retry``, ``fail``), or ``lost`` (the
    runner vanished), ``expired`` (no answer in time), ``handed_back``, ``cancelled``; None while it lasts. ``late`` is
    the last result that came after the end and was refused.
    """

    number: int
    lease_id: str
    session_id: str
    instance_id: str | None
    leased: datetime
    expires: datetime
    ended: datetime | None
    outcome: str | None
    message: str | None
    countdown: int | None
    runtime: float | None
    next: datetime | None
    """When the task was to be delivered again, if it was."""
    late_count: int = 0
    late_result: str | None = None
    late_at: datetime | None = None


TASK_COLUMNS: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
    {
        "id": tasks.c.id,
        "status": tasks.c.status,
        "assignee": tasks.c.assignee,
        "object.id": tasks.c.object_id,
        "object.type": tasks.c.event_type,
        "object.category": tasks.c.category,
        "installation.id": tasks.c.installation_id,
        "retry_count": tasks.c.retry_count,
        "rescheduled_count": tasks.c.rescheduled_count,
        "runtime_total": tasks.c.runtime_total,
        "events.created.at": tasks.c.created,
        "events.updated.at": tasks.c.updated,
        "events.assigned.at": tasks.c.assigned,
        "events.completed.at": tasks.c.completed,
        "events.rescheduled.at": tasks.c.rescheduled,
    }
)
_SHOWN: Final = tuple(
    column
    for column in tasks.c
    if column.name not in ("data", "trace", "retries_used", "lease_id", "session_id", "expires", "orphaned")
)
ATTEMPT_COLUMNS: Final = (
    attempts.c.attempt.label("number"),
    *(column for column in attempts.c if column.name not in ("number", "attempt", "task_number", "result")),
)


def select_tasks(*further: ColumnElement[Any]) -> Select[Any]:
    """A select of what ``task_from`` needs, and of ``further`` columns of the table."""
    return (
        select(*_SHOWN, environments.c.type.label("environment_type"), extensions.c.owner_id, *further)
        .join_from(tasks, environments, environments.c.id == tasks.c.environment_id)
        .join(extensions, extensions.c.id == environments.c.extension_id)
    )


# Statements of the busy paths are built once: building one costs more than running it.
TASK_BY_ID: Final = select_tasks().where(tasks.c.id == bindparam("key"))
TASK_BY_NUMBER: Final = select_tasks().where(tasks.c.number == bindparam("key"))

_TASK_FIELDS: Final = tuple(Task.__dataclass_fields__)
_ATTEMPT_FIELDS: Final = tuple(Attempt.__dataclass_fields__)


def task_from(row: Row) -> Task:
    """A task from a row of ``select_tasks``."""
    values = {name: row[name] for name in _TASK_FIELDS}
    values["installation_id"] = row["installation_id"] or None
    return Task(**values)


def attempt_from(row: Row) -> Attempt:
    """An attempt from a row of ``ATTEMPT_COLUMNS``."""
    return Attempt(**{name: row[name] for name in _ATTEMPT_FIELDS})
