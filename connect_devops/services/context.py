"""What every service works with."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from connect_devops.clock import Clock
from connect_devops.domain.lease import LeasePolicy
from connect_devops.domain.task import RetryPolicy
from connect_devops.ids import Ids
from connect_devops.services.neighbours import tell_neighbours
from connect_devops.services.page import Refine
from connect_devops.services.secrets import Secrets
from connect_devops.services.signals import ClockMoved, Signal, Signals
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Store, Transaction

__all__ = ["Context"]


@dataclass
class Context:
    """The store, the clock, the source of ids, the secrets and the signals of one platform."""

    store: Store
    clock: Clock
    ids: Ids
    secrets: Secrets
    signals: Signals
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    leases: LeasePolicy = field(default_factory=LeasePolicy)
    platform_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Names this process among those that share the database."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _expected: datetime | None = None

    def publish(self, transaction: Transaction, signal: Signal) -> None:
        """Publish ``signal`` once the transaction is committed, also on other platforms of the database."""
        tell_neighbours(transaction, self.platform_id, signal)
        transaction.on_commit(lambda: self.signals.publish(signal))

    def plan(self, transaction: Transaction, when: datetime | None) -> None:
        """Note that something is to happen at ``when``; wakes the timekeeper if it meant to sleep longer."""
        if when is None:
            return

        def committed() -> None:
            with self._lock:
                sooner = self._expected is None or when < self._expected
                if sooner:
                    self._expected = when
            if sooner:
                self.signals.publish(ClockMoved())

        transaction.on_commit(committed)

    def expect(self, when: datetime | None) -> None:
        """Note until when the timekeeper sleeps."""
        with self._lock:
            self._expected = when

    def rows(
        self,
        transaction: Transaction,
        query: Select[Any],
        order: Sequence[Any],
        refine: Refine | None,
        limit: int | None,
        offset: int,
    ) -> tuple[Sequence[Row], int]:
        """One page of a select's rows, and how many there are in all."""
        if refine is not None:
            query = refine(query)
        total = transaction.connection.execute(
            select(func.count()).select_from(query.order_by(None).subquery())
        ).scalar_one()
        if limit == 0:
            return [], total
        # The refinement's order comes first, ours makes it total: pages must not overlap.
        query = query.order_by(*order).limit(limit).offset(offset or None)
        return transaction.connection.execute(query).mappings().all(), total

    def new_id(self, transaction: Transaction, make: Callable[[], str], column: Any) -> str:
        """An id that no row of the column's table has."""
        while True:
            candidate = make()
            if transaction.connection.execute(select(column).where(column == candidate)).first() is None:
                return candidate
