"""All services of one platform, wired together."""

from __future__ import annotations

from dataclasses import dataclass

from connect_devops.clock import Clock
from connect_devops.ids import Ids
from connect_devops.services.accounts import Accounts
from connect_devops.services.environments import Environments
from connect_devops.services.events import Events
from connect_devops.services.extensions import Extensions
from connect_devops.services.installations import Installations
from connect_devops.services.interactive import InteractiveCalls
from connect_devops.services.leases import Leases
from connect_devops.services.queue import Queue
from connect_devops.services.schedules import Schedules
from connect_devops.services.secrets import Secrets
from connect_devops.services.signals import Signals
from connect_devops.services.timekeeper import Timekeeper
from connect_devops.services.variables import Variables
from connect_devops.storage.store import Store

__all__ = ["Services", "build_services"]


@dataclass(frozen=True)
class Services:
    """The use cases of the platform. Plain synchronous, thread-safe; one method is one transaction.

    Several calls become one transaction inside ``with services.store.transaction():``; signals are published after it.
    """

    store: Store
    clock: Clock
    ids: Ids
    signals: Signals
    accounts: Accounts
    extensions: Extensions
    environments: Environments
    variables: Variables
    installations: Installations
    queue: Queue
    leases: Leases
    events: Events
    schedules: Schedules
    timekeeper: Timekeeper
    interactive: InteractiveCalls


def build_services(store: Store, clock: Clock, *, ids: Ids | None = None, secrets: Secrets) -> Services:
    """Wire the services over an open store.

    Args:
        store: the open database, see ``connect_devops.storage.open_store``.
        clock: where the services read the time.
        ids: source of new identifiers; random by default.
        secrets: encrypts what must not lie readable in the database, see ``FernetSecrets.in_directory``.
    """
    raise NotImplementedError
