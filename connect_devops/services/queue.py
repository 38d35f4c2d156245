"""The task queue: put tasks in, look at them, try again by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from connect_devops.domain.task import Status
from connect_devops.services.page import Page, Refine
from connect_eaas.events import Category
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["Attempt", "NewTask", "Queue", "Submission", "Task", "Timeline"]


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
class Submission:
    """What became of a task put in: ``created`` is False if the same work was waiting already."""

    task: Task
    created: bool


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


@dataclass(frozen=True)
class Timeline:
    """A task with its whole history, oldest attempt first."""

    task: Task
    attempts: tuple[Attempt, ...]
    data: Any = field(default=None, repr=False)
    """The argument it was made with."""


class Queue:
    """Tasks of all environments."""

    columns: Mapping[str, ColumnElement[Any]]
    """Columns by their REST names, for ``Refine``."""

    def submit(self, new: NewTask) -> Submission:
        """Put one task in; see ``submit_many``."""
        raise NotImplementedError

    def submit_many(self, new: list[NewTask]) -> list[Submission]:
        """Put tasks in, in one transaction, in order.

        Background, scheduled and transformation tasks exist at most once waiting for the same environment, event type,
        object and installation: if one waits (scheduled, rescheduled or retrying), that one is returned. Interactive
        tasks are always new.

        Raises:
            NotFoundError: there is no such environment.
        """
        raise NotImplementedError

    def get(self, task_id: str, *, environment_id: str | None = None) -> Task:
        """Raises NotFoundError if there is none (in that environment)."""
        raise NotImplementedError

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
            total: count the whole list too.
        """
        raise NotImplementedError

    def timeline(self, task_id: str) -> Timeline:
        """The task with every attempt. Raises NotFoundError if there is none."""
        raise NotImplementedError

    def result(self, task_id: str) -> TaskOutput | None:
        """The runner's answer that ended the task, or an answer in its place if the platform ended it; None while it
        is not done.
        """
        raise NotImplementedError

    def resubmit(self, task_id: str) -> Task:
        """Try a failed task again, from the beginning of its count (the Retry button).

        Raises:
            NotFoundError: there is none.
            RuleError: it has not failed, is interactive, or the same work waits already.
        """
        raise NotImplementedError

    def cancel(self, task_id: str, reason: str) -> Task:
        """Give a task up: it has failed with this reason, and a result that still comes is refused.

        A task that is done stays as it is.
        """
        raise NotImplementedError

    def counts(self, environment_id: str) -> Mapping[Status, int]:
        """How many tasks of the environment are in each state."""
        raise NotImplementedError
