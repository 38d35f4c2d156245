"""Statements that run for each task: which tasks may be handed out, and which attempt was answered."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, literal_column, select

from connect_devops.services.settling import HELD
from connect_devops.storage.tables import WAITING, attempts, tasks

__all__ = ["ATTEMPT", "CLAIM", "CLAIM_INTERACTIVE", "LAST_ATTEMPT"]

# Built once: building a statement costs more than running it.
_CANDIDATE: Final = (
    "number",
    "id",
    "environment_id",
    "category",
    "event_type",
    "object_id",
    "installation_id",
    "data",
    "trace",
    "due",
    "attempt_count",
)


def _claim(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*(tasks.c[name] for name in _CANDIDATE))
        .where(
            tasks.c.environment_id == bindparam("environment"),
            tasks.c.category == bindparam("wanted"),
            tasks.c.due <= bindparam("now"),
            WAITING,
            *conditions,
        )
        .order_by(tasks.c.due, tasks.c.number)
        .limit(bindparam("how_many"))
        .with_for_update(skip_locked=True)
    )


_busy = tasks.alias("busy")
CLAIM_INTERACTIVE: Final = _claim()
CLAIM: Final = _claim(
    ~exists().where(
        literal_column("busy.status = 'processing'"),
        _busy.c.environment_id == tasks.c.environment_id,
        _busy.c.event_type == tasks.c.event_type,
        _busy.c.object_id == tasks.c.object_id,
        _busy.c.installation_id == tasks.c.installation_id,
    )
)
_ATTEMPTS: Final = (
    select(
        *HELD,
        attempts.c.lease_id.label("attempt_lease"),
        attempts.c.ended,
        attempts.c.outcome,
        attempts.c.result,
    )
    .join_from(tasks, attempts, attempts.c.task_number == tasks.c.number)
    .where(tasks.c.id == bindparam("task"))
    .with_for_update(of=tasks)
)
ATTEMPT: Final = _ATTEMPTS.where(attempts.c.lease_id == bindparam("lease"))
LAST_ATTEMPT: Final = _ATTEMPTS.order_by(attempts.c.number.desc()).limit(1)
