"""Statements that run for each task or session: which tasks may be handed out, who holds them, and which attempt was
answered."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, insert, literal_column, select, update

from connect_devops.services.settling import HELD
from connect_devops.storage.columns import Instant
from connect_devops.storage.tables import PROCESSING, WAITING, attempts, tasks

__all__ = [
    "ATTEMPT",
    "BEGIN_ATTEMPT",
    "BEGIN_TASK",
    "CLAIM",
    "CLAIM_INTERACTIVE",
    "HELD_BY_INSTANCE",
    "HELD_BY_SESSION",
    "HELD_TOO_LONG",
    "HELD_UNDER_LEASE",
    "LAST_ATTEMPT",
    "LATE",
    "LEASES_OF_SESSION",
    "ORPHAN",
    "REATTACH",
    "held",
]

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
BEGIN_TASK: Final = (
    update(tasks)
    .where(tasks.c.number == bindparam("the_number"))
    .values(
        status="processing",
        assignee=bindparam("the_assignee"),
        session_id=bindparam("the_session"),
        lease_id=bindparam("the_lease"),
        expires=bindparam("the_end", type_=Instant),
        attempt_count=bindparam("the_attempt"),
        orphaned=False,
        assigned=bindparam("moment", type_=Instant),
        updated=bindparam("moment", type_=Instant),
    )
)
BEGIN_ATTEMPT: Final = insert(attempts)


def held(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The tasks that somebody holds, as far as these conditions are true, oldest first."""
    return select(*HELD).where(PROCESSING, *conditions).order_by(tasks.c.number).with_for_update()


HELD_UNDER_LEASE: Final = held(tasks.c.lease_id == bindparam("lease"))
HELD_BY_SESSION: Final = held(tasks.c.session_id == bindparam("session"))
HELD_BY_INSTANCE: Final = held(
    tasks.c.environment_id == bindparam("environment"), tasks.c.assignee == bindparam("instance")
)
LEASES_OF_SESSION: Final = (
    select(tasks.c.lease_id).where(PROCESSING, tasks.c.session_id == bindparam("session")).order_by(tasks.c.number)
)
HELD_TOO_LONG: Final = held(tasks.c.expires <= bindparam("now"))
ORPHAN: Final = (
    update(tasks)
    .where(tasks.c.number == bindparam("the_number"))
    .values(orphaned=True, expires=bindparam("the_end", type_=Instant))
)
REATTACH: Final = (
    update(tasks)
    .where(tasks.c.number == bindparam("the_number"))
    .values(
        session_id=bindparam("the_session"),
        orphaned=False,
        expires=select(attempts.c.expires).where(attempts.c.lease_id == bindparam("the_lease")).scalar_subquery(),
    )
)
LATE: Final = (
    update(attempts)
    .where(attempts.c.lease_id == bindparam("lease"))
    .values(
        late_count=attempts.c.late_count + 1,
        late_result=bindparam("the_result"),
        late_at=bindparam("moment", type_=Instant),
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
