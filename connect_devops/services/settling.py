"""Carrying out decisions: the one place that changes a task which somebody held or which is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, literal, select, text, update

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
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import WAITING_ALONE, attempts, tasks
from connect_eaas.events import INTERACTIVE
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["HELD", "End", "carry_out", "lock_work", "same_work"]

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


def same_work(row: Row) -> tuple[Any, ...]:
    """Conditions for tasks of the same environment, event, object and installation as ``row``."""
    return (
        tasks.c.environment_id == row["environment_id"],
        tasks.c.event_type == row["event_type"],
        tasks.c.object_id == row["object_id"],
        tasks.c.installation_id == row["installation_id"],
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
    values: dict[str, Any] = {
        "status": status,
        "due": due,
        "updated": now,
        "output": message,
        "lease_id": None,
        "session_id": None,
        "expires": None,
        "orphaned": False,
    }
    if isinstance(decision, Retry):
        values["retry_count"] = tasks.c.retry_count + 1
        values["retries_used"] = tasks.c.retries_used + 1
    elif isinstance(decision, Reschedule):
        values["rescheduled_count"] = tasks.c.rescheduled_count + 1
        values["retries_used"] = 0
        values["rescheduled"] = now
    if due is None:
        values["completed"] = now
    if row["status"] == "processing":
        held = max(0.0, (now - row["assigned"]).total_seconds())
        values["processing_total"] = tasks.c.processing_total + held
        if end.output is not None:
            values["runtime_total"] = tasks.c.runtime_total + max(0.0, end.output.runtime)
    alone = row["category"] != INTERACTIVE
    if due is not None and alone:
        lock_work(transaction, row)
        superseded = connection.execute(
            update(tasks)
            .where(*same_work(row), WAITING_ALONE)
            .values(
                status=status_after("scheduled", "supersede"),
                due=None,
                updated=now,
                completed=now,
                output=f"{row['id']} of the same object and event waits to be tried again and will do this work too.",
            )
            .returning(tasks.c.id)
        ).scalars()
        for task_id in superseded:
            context.publish(transaction, TaskSettled(task_id, row["environment_id"], "skipped"))
    connection.execute(update(tasks).where(tasks.c.number == row["number"]).values(**values))
    if row["lease_id"] is not None:
        output = end.output
        connection.execute(
            update(attempts)
            .where(attempts.c.lease_id == row["lease_id"])
            .values(
                ended=now,
                outcome=end.outcome,
                message=message,
                countdown=None if output is None else min(output.countdown, 2**31 - 1),
                runtime=None if output is None else output.runtime,
                next=due,
                result=None if output is None else output.model_dump(mode="json"),
            )
        )
    context.publish(transaction, TaskSettled(row["id"], row["environment_id"], status))
    context.plan(transaction, due)
    if (due is not None and due <= now) or (due is None and alone and _work_waits(transaction, row)):
        context.publish(transaction, TasksDue(row["environment_id"]))


def _work_waits(transaction: Transaction, row: Row) -> bool:
    """Whether a task was held back because this one was being processed."""
    query = select(literal(1)).where(exists().where(*same_work(row), WAITING_ALONE))
    return transaction.connection.execute(query).first() is not None
