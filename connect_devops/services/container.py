"""All services of one platform, wired together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connect_devops.clock import Clock
from connect_devops.domain.lease import LeasePolicy
from connect_devops.domain.task import RetryPolicy
from connect_devops.ids import Ids
from connect_devops.services.accounts import Accounts
from connect_devops.services.context import Context
from connect_devops.services.environments import Environments
from connect_devops.services.events import Events
from connect_devops.services.extensions import Extensions
from connect_devops.services.installations import Installations
from connect_devops.services.interactive import InteractiveCalls
from connect_devops.services.leases import Leases
from connect_devops.services.neighbours import Neighbours
from connect_devops.services.presence import Presence
from connect_devops.services.queue import Queue
from connect_devops.services.schedules import Schedules
from connect_devops.services.secrets import Secrets
from connect_devops.services.settings import Settings
from connect_devops.services.signals import ClockMoved, Signals
from connect_devops.services.task_calls import TaskCalls
from connect_devops.services.task_objects import TaskObjects
from connect_devops.services.timekeeper import Timekeeper
from connect_devops.services.variables import Variables
from connect_devops.services.web_calls import WebCalls
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
    settings: Settings
    accounts: Accounts
    extensions: Extensions
    environments: Environments
    variables: Variables
    installations: Installations
    queue: Queue
    leases: Leases
    events: Events
    schedules: Schedules
    task_calls: TaskCalls
    task_objects: TaskObjects
    timekeeper: Timekeeper
    interactive: InteractiveCalls
    web_calls: WebCalls
    presence: Presence
    neighbours: Neighbours

    def recover(self, grace: timedelta) -> list[str]:
        """At the start of the platform, before anybody connects: take up what the last run left behind.

        No websocket of it is open any more; runners have ``grace`` to come back for the tasks that they hold. Other
        platforms that are alive on the same database keep their sessions.

        Returns:
            the leases that wait for their runners, or were given up.
        """
        return self.presence.arrive(grace)


def build_services(
    store: Store,
    clock: Clock,
    *,
    ids: Ids | None = None,
    secrets: Secrets,
    retries: RetryPolicy | None = None,
    leases: LeasePolicy | None = None,
    real_time: Callable[[], datetime] | None = None,
    platform_id: str | None = None,
) -> Services:
    """Wire the services over an open store. Nothing is changed in it; ``recover`` does that at the platform's start.

    Args:
        store: the open database, see ``connect_devops.storage.open_store``.
        clock: where the services read the time.
        ids: source of new identifiers; random by default.
        secrets: encrypts what must not lie readable in the database, see ``FernetSecrets.in_directory``.
        retries: how often and after which pauses tasks are tried again.
        leases: how long a runner may hold a task.
        real_time: the time outside of the platform, by which platforms tell that others are alive; by default the
            clock's.
        platform_id: names this platform among those that share the database, in all its runs; by default a new name.
    """
    signals = Signals()
    context = Context(store, clock, ids or Ids(), secrets, signals, retries or RetryPolicy(), leases or LeasePolicy())
    clock.subscribe(lambda: signals.publish(ClockMoved()))
    if platform_id is not None:
        context.platform_id = platform_id
    accounts = Accounts(context)
    environments = Environments(context)
    queue = Queue(context)
    events = Events(context, environments, queue)
    lease_service = Leases(context)
    schedules = Schedules(context, queue)
    return Services(
        store=store,
        clock=clock,
        ids=context.ids,
        signals=signals,
        settings=Settings(context),
        accounts=accounts,
        extensions=Extensions(context, accounts, environments),
        environments=environments,
        variables=Variables(context),
        installations=Installations(context, accounts, environments, events),
        queue=queue,
        leases=lease_service,
        events=events,
        schedules=schedules,
        task_calls=TaskCalls(context),
        task_objects=TaskObjects(context),
        timekeeper=Timekeeper(context, lease_service, schedules),
        interactive=InteractiveCalls(queue, environments, signals, clock),
        web_calls=WebCalls(clock),
        presence=Presence(context, environments, lease_service, real_time or clock.now),
        neighbours=Neighbours(store, signals, context.platform_id),
    )
