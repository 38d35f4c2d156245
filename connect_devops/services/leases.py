"""Leases: who works on which task, what came of it, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from connect_devops.domain.task import Decision
from connect_devops.services.queue import Task
from connect_eaas.events import Category
from connect_eaas.protocol.messages import Task as TaskMessage
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["Answer", "Leased", "Leases", "Reattached", "Settlement"]


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
        raise NotImplementedError


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


class Leases:
    """Hands tasks out and takes results in."""

    def lease(
        self,
        environment_id: str,
        categories: Collection[Category],
        session_id: str,
        instance_id: str | None,
        limit: int,
    ) -> list[Leased]:
        """Take up to ``limit`` tasks whose time has come, those due first first.

        A task is not handed out while another one of the same event and object (and installation) is being processed.
        Two callers never get the same task.
        """
        raise NotImplementedError

    def settle(self, task_id: str, lease_id: str | None, output: TaskOutput) -> Settlement:
        """Take in one result; see ``settle_many``."""
        raise NotImplementedError

    def settle_many(self, answers: Sequence[Answer]) -> list[Settlement]:
        """Take in results in one transaction, in order. Repeating a result changes nothing.

        A result without lease (a runner that does not return ``correlation_id``) counts for the task's present lease.
        """
        raise NotImplementedError

    def hand_back(self, lease_id: str) -> Task | None:
        """The session has not begun the task and will not: it waits again as if it had not been leased.

        Returns None if the lease had ended already.
        """
        raise NotImplementedError

    def release_session(self, session_id: str, grace: timedelta = timedelta(0)) -> list[str]:
        """The session is gone: its tasks are lost to it after ``grace``, unless the runner comes back for them.

        Interactive tasks fail at once. A task that is lost this way used up one try and waits again without a pause.

        Returns:
            the leases concerned.
        """
        raise NotImplementedError

    def reattach(
        self,
        environment_id: str,
        instance_id: str,
        session_id: str,
        held: Collection[str],
        categories: Collection[Category],
    ) -> Reattached:
        """A runner came back and named the leases that it holds.

        Of the leases in these categories that earlier, closed sessions of the instance left behind, those named go to
        the new session and the others are released at once.

        Args:
            environment_id: the environment.
            instance_id: the platform's id of the instance (``INS-…``).
            session_id: the new session.
            held: the leases that the runner named.
            categories: categories that the session serves.
        """
        raise NotImplementedError

    def expire(self) -> list[str]:
        """End every lease whose time (or whose session's grace) is over; returns them."""
        raise NotImplementedError

    def recover(self, grace: timedelta) -> list[str]:
        """At the start of the platform: all sessions are gone, their leases last for ``grace``, and interactive tasks
        fail, since nobody waits for them any more. Returns the leases concerned.
        """
        raise NotImplementedError

    def held_by(self, session_id: str) -> list[str]:
        """The leases that a session has now."""
        raise NotImplementedError
