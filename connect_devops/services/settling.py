"""Carrying out decisions: the one place that changes a task which somebody held or which is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Float, Integer, Text, bindparam, exists, func, literal, select, text, update

from connect_devops.domain.task import (
    Decision,
    Fail,
    Reschedule,
    Retry,
    Skip,
    printable,
    status_after,
)
from connect_devops.services.context import Context
from connect_devops.services.signals import TasksDue, TaskSettled
from connect_devops.storage.columns import Instant, Json, Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import WAITING_ALONE, attempts, tasks
from connect_eaas.events import INTERACTIVE
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["HELD", "SAME_WORK", "End", "carry_out", "lock_work", "same_work"]

HELD: Final = (
    tasks.c.number,
    tasks.c.id,
    tasks.c.environment_id,
    tasks.c.category,
    tasks.c.event_type,
    tasks.c.object_id,
    tasks.c.installation_id,
    tasks.c.status,
    tasks.c.retries_used,
    tasks.c.assigned,
    tasks.c.lease_id,
    tasks.c.session_id,
    tasks.c.expires,
    tasks.c.orphaned,
)
"""The columns of a task that ``carry_out`` needs."""


@dataclass(frozen=True)
class End:
    """How an attempt ended: a runner's result, or a word of the platform (see ``Attempt.outcome``)."""

    outcome: str
    message: str | None = None
    output: TaskOutput | None = None


SAME_WORK: Final = (
    tasks.c.environment_id == bindparam("work_environment"),
    tasks.c.event_type == bindparam("work_event"),
    tasks.c.object_id == bindparam("work_object"),
    tasks.c.installation_id == bindparam("work_installation"),
)
"""Conditions for tasks of the same environment, event, object and installation; values from ``same_work``."""


def same_work(row: Row) -> dict[str, Any]:
    """The values of ``SAME_WORK`` for the work of this task."""
    return {
        "work_environment": row["environment_id"],
        "work_event": row["event_type"],
        "work_object": row["object_id"],
        "work_installation": row["installation_id"],
    }


# Built once: building a statement costs more than running it.
_SUPERSEDE: Final = (
    update(tasks)
    .where(*SAME_WORK, WAITING_ALONE)
    .values(
        status=status_after("scheduled", "supersede"),
        due=None,
        updated=bindparam("moment", type_=Instant),
        completed=bindparam("moment", type_=Instant),
        output=bindparam("reason"),
    )
    .returning(tasks.c.id)
)
_WORK_WAITS: Final = select(literal(1)).where(exists().where(*SAME_WORK, WAITING_ALONE))
_END_TASK: Final = (
    update(tasks)
    .where(tasks.c.number == bindparam("task"))
    .values(
        status=bindparam("new_status"),
        due=bindparam("new_due", type_=Instant),
        updated=bindparam("moment", type_=Instant),
        output=bindparam("reason", type_=Text),
        lease_id=None,
        session_id=None,
        expires=None,
        orphaned=False,
        retry_count=tasks.c.retry_count + bindparam("retried", type_=Integer),
        retries_used=bindparam("used"),
        rescheduled_count=tasks.c.rescheduled_count + bindparam("put_off", type_=Integer),
        rescheduled=func.coalesce(bindparam("put_off_at", type_=Instant), tasks.c.rescheduled),
        completed=bindparam("done_at", type_=Instant),
        processing_total=tasks.c.processing_total + bindparam("held_s", type_=Float),
        runtime_total=tasks.c.runtime_total + bindparam("ran_s", type_=Float),
    )
)
_END_ATTEMPT: Final = (
    update(attempts)
    .where(attempts.c.lease_id == bindparam("lease"))
    .values(
        ended=bindparam("moment", type_=Instant),
        outcome=bindparam("the_outcome"),
        message=bindparam("reason", type_=Text),
        countdown=bindparam("the_countdown"),
        runtime=bindparam("the_runtime"),
        next=bindparam("new_due", type_=Instant),
        result=bindparam("the_result", type_=Json),
    )
)


def lock_work(transaction: Transaction, row: Row) -> None:
    """Keep other platforms on the same PostgreSQL from queueing the same work until the transaction ends."""
    if transaction.connection.dialect.name == "postgresql":
        key = "\n".join(row[name] for name in ("environment_id", "event_type", "object_id", "installation_id"))
        transaction.connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def carry_out(
    context: Context, transaction: Transaction, row: Row, decision: Decision, end: End, now: datetime
) -> None:
    """Bring a task into the state that ``decision`` says and close its present attempt, if it has one.

    A task that waits again and a newer one of the same work would be two: the newer one is skipped, for the older
    one knows how often it was tried, and will see the object as it is then.

    Args:
        context: the services' context.
        transaction: the running transaction.
        row: the task, with the columns ``HELD``.
        decision: what to do.
        end: how the attempt ended.
        now: the moment of the decision.
    """
    connection = transaction.connection
    status = status_after(row["status"], decision.happening)
    message = end.message if end.output is None else end.output.message
    if isinstance(decision, Fail | Skip | Retry) and decision.message is not None:
        message = decision.message
    message = None if message is None else printable(message)
    due = (
        decision.at if isinstance(decision, Retry | Reschedule) else now if decision.happening == "hand_back" else None
    )
    processing = row["status"] == "processing"
    output = end.output
    alone = row["category"] != INTERACTIVE
    if due is not None and alone:
        lock_work(transaction, row)
        reason = f"{row['id']} of the same object and event waits to be tried again and will do this work too."
        superseded = connection.execute(_SUPERSEDE, {**same_work(row), "moment": now, "reason": reason}).scalars()
        for task_id in superseded:
            context.publish(transaction, TaskSettled(task_id, row["environment_id"], "skipped"))
    connection.execute(
        _END_TASK,
        {
            "task": row["number"],
            "new_status": status,
            "new_due": due,
            "moment": now,
            "reason": message,
            "retried": int(isinstance(decision, Retry)),
            "used": 0 if isinstance(decision, Reschedule) else row["retries_used"] + isinstance(decision, Retry),
            "put_off": int(isinstance(decision, Reschedule)),
            "put_off_at": now if isinstance(decision, Reschedule) else None,
            "done_at": now if due is None else None,
            "held_s": max(0.0, (now - row["assigned"]).total_seconds()) if processing else 0.0,
            "ran_s": 0.0 if output is None else max(0.0, output.runtime),
        },
    )
    if row["lease_id"] is not None:
        connection.execute(
            _END_ATTEMPT,
            {
                "lease": row["lease_id"],
                "moment": now,
                "the_outcome": end.outcome,
                "reason": message,
                "the_countdown": None if output is None else max(-(2**31), min(output.countdown, 2**31 - 1)),
                "the_runtime": None if output is None else output.runtime,
                "new_due": due,
                "the_result": None if output is None else output.model_dump(mode="json"),
            },
        )
    context.publish(transaction, TaskSettled(row["id"], row["environment_id"], status))
    context.plan(transaction, due)
    if (due is not None and due <= now) or (due is None and alone and _work_waits(transaction, row)):
        context.publish(transaction, TasksDue(row["environment_id"]))


def _work_waits(transaction: Transaction, row: Row) -> bool:
    """Whether a task was held back because this one was being processed."""
    return transaction.connection.execute(_WORK_WAITS, same_work(row)).first() is not None
