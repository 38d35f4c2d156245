"""The platform's queue over a database in memory, for thousands of histories one after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import delete, exists, select

from connect_devops.clock import ManualClock
from connect_devops.domain.task import DONE
from connect_devops.ids import Ids
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.extensions import Reference
from connect_devops.services.queue import NewTask
from connect_devops.storage import open_store
from connect_devops.storage.tables import attempts, tasks
from connect_eaas.protocol.messages import SetupRequest, SetupResponse

EVENT = "asset_purchase_request_processing"
CATEGORIES = ("background", "scheduled")
GRACE = timedelta(seconds=15)


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

    Args:
        folder: for its keys.
    """

    def __init__(self, folder: Path) -> None:
        self._store = open_store(f"sqlite:///file:{id(self)}?mode=memory&cache=shared&uri=true")
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
        with self._store.reading() as transaction:
            return not transaction.connection.execute(select(exists().where(tasks.c.status.not_in(DONE)))).scalar()

    def clear(self) -> None:
        """Forget all tasks."""
        with self._store.transaction() as transaction:
            transaction.connection.execute(delete(attempts))
            transaction.connection.execute(delete(tasks))

    def close(self) -> None:
        """Let the memory go."""
        self._store.close()
