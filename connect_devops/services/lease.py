"""What leasing and settling hand over: the leased task, the runner's answer, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from connect_devops.domain.task import Decision
from connect_devops.services.task import Task
from connect_eaas.events import Category
from connect_eaas.protocol.messages import Task as TaskMessage
from connect_eaas.protocol.messages import TaskInput, TaskOptions, TaskOutput

__all__ = ["Answer", "Leased", "Reattached", "Settlement"]


@dataclass(frozen=True)
class Leased:
    """A task handed to a session, with all that the runner needs."""

    task_id: str
    lease_id: str
    """Travels as ``options.correlation_id``."""
    environment_id: str
    category: Category
    event_type: str
    object_id: str
    data: Any = field(repr=False)
    installation_id: str | None
    api_key: str | None = field(repr=False)
    """The installation's key, in clear."""
    trace: str
    attempt: int
    expires: datetime

    def message(self, *, reply_to: str | None = None) -> TaskMessage:
        """The frame's content for the runner."""
        return TaskMessage(
            options=TaskOptions(
                task_id=self.task_id,
                task_category=self.category,
                correlation_id=self.lease_id,
                reply_to=reply_to,
                api_key=self.api_key,
                installation_id=self.installation_id,
                connect_correlation_id=self.trace,
            ),
            input=TaskInput(event_type=self.event_type, object_id=self.object_id, data=self.data),
        )


@dataclass(frozen=True)
class Answer:
    """A runner's result for a lease."""

    task_id: str
    lease_id: str | None
    output: TaskOutput


@dataclass(frozen=True)
class Settlement:
    """What became of a result.

    ``accepted``: it decided the task. ``duplicate``: the same result of the same lease was taken before; as good as
    accepted. ``stale``: the lease had ended; the result was refused and noted on the attempt. ``unknown``: there is no
    such task or lease. In each case the runner may forget the result.
    """

    verdict: Literal["accepted", "duplicate", "stale", "unknown"]
    task: Task | None
    decision: Decision | None = None


@dataclass(frozen=True)
class Reattached:
    """What became of the leases that a reconnecting runner named.

    ``kept`` are its again; ``ended`` have been given away or settled meanwhile (their results would be refused);
    ``released`` are leases of the same instance that it did not name: their tasks are waiting again.
    """

    kept: frozenset[str]
    ended: frozenset[str]
    released: frozenset[str]
