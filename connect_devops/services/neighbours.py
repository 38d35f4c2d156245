"""Signals of other platforms on the same PostgreSQL database: what one publishes wakes the sessions of all.

A signal is sent within the transaction that it is about (``NOTIFY``), so it arrives after the commit or never; a thread
with a connection of its own waits for those of others. SQLite belongs to one process: there is nobody to tell.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import select as waiting
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import select, text

from connect_devops.services.signals import (
    ConfigurationChanged,
    EnvironmentChanged,
    Signal,
    Signals,
    TasksDue,
    TaskSettled,
)
from connect_devops.storage.store import Store, Transaction
from connect_devops.storage.tables import environments

__all__ = ["Neighbours", "tell_neighbours"]

_CHANNEL: Final = "connect_devops"
_NOTIFY: Final = text(f"SELECT pg_notify('{_CHANNEL}', :payload)")
_KINDS: Final[dict[str, Callable[..., Signal]]] = {
    kind.__name__: kind for kind in (TasksDue, TaskSettled, ConfigurationChanged, EnvironmentChanged)
}
_PAUSE_S: Final = 2.0

_logger = logging.getLogger(__name__)


def tell_neighbours(transaction: Transaction, platform_id: str, signal: Signal) -> None:
    """Send a signal to the other platforms on the database, once the transaction is committed."""
    if transaction.connection.dialect.name == "postgresql" and type(signal).__name__ in _KINDS:
        payload = {"from": platform_id, "kind": type(signal).__name__, "facts": dataclasses.asdict(signal)}
        transaction.connection.execute(_NOTIFY, {"payload": json.dumps(payload)})


class Neighbours:
    """Listens to the other platforms on the same database.

    Args:
        store: the database.
        signals: where their signals are published.
        platform_id: whose own signals are left out, for they were published already.
    """

    def __init__(self, store: Store, signals: Signals, platform_id: str) -> None:
        self._store = store
        self._signals = signals
        self._platform_id = platform_id
        self._stopping = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen for as long as the block lasts; when it begins nothing that comes later is missed."""
        if self._store.dialect != "postgresql":
            yield
            return
        stop, stopping = os.pipe()
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop, ready), name="neighbours", daemon=True)
        thread.start()
        ready.wait()
        try:
            yield
        finally:
            self._stopping.set()
            os.close(stopping)
            thread.join()
            os.close(stop)

    def _run(self, stop: int, ready: threading.Event) -> None:
        is_first = True
        while not self._stopping.is_set():
            try:
                with self._connection() as connection:
                    if not is_first:
                        self._wake_all()
                    is_first = False
                    ready.set()
                    self._hear(connection, stop)
            except Exception as error:  # whatever the database does, the platform goes on, only slower
                is_first = False
                _logger.warning("signals of other platforms are not heard for the moment cause=%s", error)
            finally:
                ready.set()
            self._stopping.wait(_PAUSE_S)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        pooled = self._store.engine.raw_connection()
        connection: Any = pooled.driver_connection
        # It is ours from now on, and never goes back.
        pooled.detach()
        try:
            connection.rollback()
            connection.autocommit = True
            connection.execute(f"LISTEN {_CHANNEL}")
            yield connection
        finally:
            with contextlib.suppress(Exception):
                connection.close()

    def _hear(self, connection: Any, stop: int) -> None:
        while not self._stopping.is_set():
            # What came with the answer to an earlier question is there already.
            while (notification := connection.pgconn.notifies()) is not None:
                self._take(notification.extra)
            waiting.select([connection.fileno(), stop], [], [])
            connection.pgconn.consume_input()

    def _take(self, payload: bytes) -> None:
        try:
            told = json.loads(payload)
            if told["from"] != self._platform_id:
                self._signals.publish(_KINDS[told["kind"]](**told["facts"]))
        except (ValueError, KeyError, TypeError):
            _logger.warning("a signal of another platform was not understood; is it of another version?")

    def _wake_all(self) -> None:
        """Have everybody look, for signals may have been missed meanwhile."""
        with self._store.reading() as transaction:
            found = list(transaction.connection.execute(select(environments.c.id)).scalars())
        for environment_id in found:
            for signal in (ConfigurationChanged(environment_id), TasksDue(environment_id)):
                self._signals.publish(signal)
