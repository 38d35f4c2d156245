"""What one session asks of the services: introduce itself, take tasks, bring results, leave. Plain synchronous code."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from connect_devops.hub.address import RunnerAddress
from connect_devops.services.container import Services
from connect_devops.services.leases import Answer
from connect_eaas.events import INTERACTIVE, Category
from connect_eaas.protocol.messages import Ack, SetupRequest, SetupResponse, Task, TaskOutput

__all__ = ["Desk", "TooLargeError"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TooLargeError:
    """A task does not fit into a frame that runners accept."""

    size: int
    limit: int

    def as_result(self, task: Task) -> Task:
        """Return the result that the platform gives in place of the runner's."""
        message = f"The task needs a frame of {self.size} bytes, but runners accept {self.limit} bytes at most."
        return task.model_copy(update={"output": TaskOutput(result="fail", message=message)})


class Desk:
    """The dealings of one session with the platform.

    Args:
        services: the platform.
        address: who connected.
        environment_id: its environment.
        session_id: the name of the session, unique over all times.
        previous_session_id: the last session under the same key, if this platform has seen one.
        in_flight: how many tasks the session may hold at once; interactive ones are counted by themselves.
        grace: how long tasks stay with a runner that has gone.
    """

    def __init__(
        self,
        services: Services,
        address: RunnerAddress,
        environment_id: str,
        session_id: str,
        *,
        previous_session_id: str | None,
        in_flight: int,
        grace: timedelta,
    ) -> None:
        self.session_id: Final = session_id
        self.environment_id: Final = environment_id
        self.address: Final = address
        self._services = services
        self._previous_session_id = previous_session_id
        self._limit = in_flight
        self._grace = grace
        self._instance_id: str | None = None
        # Leases in the runner's hands, with their category: what the limit is about.
        self._held: dict[str, Category] = {}
        self._lock = threading.Lock()

    def set_up(self, request: SetupRequest, acknowledges: bool) -> SetupResponse:
        """Record what the runner declared, give it back the tasks that it still holds, and return its configuration."""
        environments = self._services.environments
        session = environments.open_session(
            self.environment_id, self.address.instance, self.address.application, session_id=self.session_id
        )
        self._instance_id = session.instance_id
        environments.record_setup(self.environment_id, self.address.application, request)
        self._reattach(request, acknowledges, session.instance_id)
        return self.configuration()

    def _reattach(self, request: SetupRequest, acknowledges: bool, instance_id: str) -> None:
        categories = self.address.categories
        if not categories:
            return
        if acknowledges and request.held is not None:
            held: Collection[str] = request.held
        elif self.address.is_busy and self._previous_session_id is not None:
            # The runner only counts what it still runs, and cannot name it: it may be any of them.
            held = self._services.leases.held_by(self._previous_session_id)
        else:
            # It may still bring results of tasks that are done; the grace that runs already is for those.
            return
        outcome = self._services.leases.reattach(
            self.environment_id, instance_id, self.session_id, list(held), categories
        )
        with self._lock:
            # Interactive tasks never outlive their session, so what was kept is of the other group.
            self._held.update(dict.fromkeys(outcome.kept, self._groups()[-1][0]))
        if outcome.kept or outcome.released:
            logger.info(
                "leases after reconnect session=%s kept=%d ended=%d released=%d",
                self.session_id,
                len(outcome.kept),
                len(outcome.ended),
                len(outcome.released),
            )

    def configuration(self) -> SetupResponse:
        """Return what the runner has to know, as it is now."""
        return self._services.environments.setup_configuration(self.environment_id)

    def take_tasks(self) -> list[Task]:
        """Lease what is due, as far as the session's hands are free."""
        tasks: list[Task] = []
        for categories in self._groups():
            free = self._free(categories)
            if free <= 0:
                self._forget_ended()
                free = self._free(categories)
            if free <= 0:
                continue
            leased = self._services.leases.lease(
                self.environment_id, categories, self.session_id, self._instance_id, free
            )
            with self._lock:
                self._held.update((lease.lease_id, lease.category) for lease in leased)
            tasks.extend(lease.message() for lease in leased)
        return tasks

    def _groups(self) -> list[tuple[Category, ...]]:
        categories = self.address.categories
        others = tuple(category for category in categories if category != INTERACTIVE)
        urgent: list[tuple[Category, ...]] = [(INTERACTIVE,)] if INTERACTIVE in categories else []
        return urgent + ([others] if others else [])

    def _free(self, categories: Collection[Category]) -> int:
        with self._lock:
            return self._limit - sum(category in categories for category in self._held.values())

    def _forget_ended(self) -> None:
        """Leases also end without an answer, by their time limit; those must not fill the hands for ever."""
        present = set(self._services.leases.held_by(self.session_id))
        with self._lock:
            self._held = {lease: category for lease, category in self._held.items() if lease in present}

    def hand_back(self, tasks: Sequence[Task]) -> None:
        """Return tasks that were not sent."""
        for task in tasks:
            self._services.leases.hand_back(task.options.lease)
            self._drop(task.options.lease)

    def settle(self, results: Sequence[Task]) -> list[Ack]:
        """Store results in one transaction; return their confirmations, for refused ones too.

        A refused result is confirmed as well: no repetition would make it welcome.
        """
        answers = [
            Answer(result.options.task_id, result.options.correlation_id, result.output)
            for result in results
            if result.output is not None
        ]
        settlements = self._services.leases.settle_many(answers)
        for answer, settlement in zip(answers, settlements, strict=True):
            if answer.lease_id is not None:
                self._drop(answer.lease_id)
            if settlement.verdict in ("stale", "unknown"):
                logger.warning(
                    "result refused session=%s task=%s verdict=%s result=%s",
                    self.session_id,
                    answer.task_id,
                    settlement.verdict,
                    answer.output.result,
                )
        return [Ack(task_id=answer.task_id, correlation_id=answer.lease_id) for answer in answers]

    def _drop(self, lease_id: str) -> None:
        with self._lock:
            self._held.pop(lease_id, None)

    def leave(self) -> None:
        """The socket is gone: the runner's tasks wait for it for the grace, then for another one."""
        if self._instance_id is not None:
            self._services.leases.release_session(self.session_id, self._grace)
            self._services.environments.close_session(self.session_id)
