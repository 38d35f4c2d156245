"""The platform's queue over a database in memory, for thousands of histories one after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from promises import Attempt

from connect_devops.clock import ManualClock
from connect_devops.ids import Ids
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.extensions import Reference
from connect_devops.services.queue import NewTask
from connect_devops.storage import open_store
from connect_eaas.protocol.messages import SetupRequest, SetupResponse

EVENT = "asset_purchase_request_processing"
CATEGORIES = ("background", "scheduled")
GRACE = timedelta(seconds=15)

_ATTEMPTS = """
    SELECT t.id, t.status, a.lease_id, a.leased, a.ended, a.outcome, a.next, a.late_count, a.late_result
    FROM tasks t LEFT JOIN attempts a ON a.task_number = t.number ORDER BY t.number, a.attempt
"""


class _NoConfiguration:
    """In place of the environment's configuration, which costs most of a connection and decides nothing about tasks."""

    def open_session(self, _: str, instance: str, *__: Any, **___: Any) -> Any:
        return SimpleNamespace(instance_id=instance)

    def record_setup(self, _: str, __: str, ___: SetupRequest) -> None:
        pass

    def setup_configuration(self, _: str) -> SetupResponse:
        return SetupResponse()

    def close_session(self, _: str) -> None:
        pass

    def close_all_sessions(self) -> None:
        pass


class PlatformInMemory:
    """A database with one environment.

    The services work on it as ever. What the histories themselves ask of it, thousands of times over, goes past them
    and past SQLAlchemy.

    Args:
        folder: for its keys.
    """

    def __init__(self, folder: Path) -> None:
        self._store = open_store(f"sqlite:///file:{id(self)}?mode=memory&cache=shared&uri=true")
        self._raw = sqlite3.connect(f"file:{id(self)}?mode=memory&cache=shared", uri=True, isolation_level=None)
        self._secrets = FernetSecrets.in_directory(folder)
        self._starts = 0
        self.clock = ManualClock()
        services = build_services(self._store, self.clock, secrets=self._secrets)
        owner = services.accounts.create("Vendor of tests", "vendor")
        product = Reference("PRD-100-200-300", "Product of tests")
        extension = services.extensions.create(owner.id, type="products", name="Tested", products=[product])
        self.environment_id: str = extension.environments["development"].id

    def start(self) -> Services:
        """The services as after a start of the platform."""
        self._starts += 1
        self.clock = ManualClock(self.clock.now())
        services = build_services(self._store, self.clock, secrets=self._secrets, ids=Ids(seed=self._starts))
        return replace(services, environments=_NoConfiguration())  # type: ignore[arg-type]

    def publish(self, services: Services, object_id: str) -> str:
        """Put a task in; returns its id."""
        new = NewTask(self.environment_id, "background", EVENT, object_id)
        return services.queue.submit(new).task.id

    def all_done(self) -> bool:
        """Whether no task waits or is held."""
        return not self._any("SELECT 1 FROM tasks WHERE status NOT IN ('succeeded', 'failed', 'skipped')")

    def leases_are_over(self) -> bool:
        """Whether a lease has to end now."""
        now = _microseconds(self.clock.now())
        return self._any("SELECT 1 FROM tasks WHERE status = 'processing' AND expires <= ?", now)

    def held_by_others(self, sessions: Collection[str]) -> list[tuple[str, str]]:
        """Tasks that are held, with their sessions, where the session is none of these."""
        held = self._raw.execute("SELECT id, session_id FROM tasks WHERE status = 'processing'")
        return [(task_id, session_id) for task_id, session_id in held if session_id not in sessions]

    def held_by_instance(self, instance_id: str) -> dict[str, str | None]:
        """Leases of a runner → its session; None for those that only wait for the runner."""
        held = self._raw.execute(
            "SELECT lease_id, session_id, orphaned FROM tasks WHERE status = 'processing' AND assignee = ?",
            (instance_id,),
        )
        return {lease: None if orphaned else session_id for lease, session_id, orphaned in held}

    def lasting(self, leases: Collection[str]) -> list[str]:
        """Those of these leases that have not ended."""
        return [lease for lease in leases if self._any("SELECT 1 FROM tasks WHERE lease_id = ?", lease)]

    def timelines(self) -> dict[str, tuple[str, list[Attempt]]]:
        """The state and the attempts of each task, by id."""
        found: dict[str, tuple[str, list[Attempt]]] = {}
        for task_id, status, lease, leased, ended, outcome, due, *late in self._raw.execute(_ATTEMPTS):
            _, attempts = found.setdefault(task_id, (status, []))
            if lease is not None:
                attempts.append(Attempt(lease, leased / 1_000_000, _seconds(ended), outcome, _seconds(due), *late))
        return found

    def clear(self) -> None:
        """Forget all tasks, and be as at the beginning: the same script makes the same history."""
        self._starts = 0
        self.clock = ManualClock()
        self._raw.executescript("BEGIN; DELETE FROM attempts; DELETE FROM tasks; COMMIT")

    def close(self) -> None:
        """Let the memory go."""
        self._raw.close()
        self._store.close()

    def _any(self, query: str, *values: object) -> bool:
        return self._raw.execute(query, values).fetchone() is not None


def _seconds(moment: int | None) -> float | None:
    return None if moment is None else moment / 1_000_000


def _microseconds(moment: datetime) -> int:
    """The moment as the database keeps it."""
    return round(moment.timestamp() * 1_000_000)
