"""Notifications inside the process: what happened, told after it was committed, so that nobody has to poll.

Any thread may publish or listen. Callbacks run in the publisher's thread and must be quick; asyncio code takes
``listen``, whose events arrive on its own loop. A notification says that something is worth a look, never more: who
listens looks at the database, and a lost or doubled one does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

from connect_devops.domain.task import Status

__all__ = [
    "CallsNoted",
    "CallsStored",
    "ClockMoved",
    "ConfigurationChanged",
    "EnvironmentChanged",
    "Inbox",
    "Signal",
    "Signals",
    "TaskSettled",
    "TasksDue",
]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TasksDue:
    """Tasks of this environment may be waiting to be leased now."""

    environment_id: str


@dataclass(frozen=True)
class TaskSettled:
    """A task came to an end or was put off; ``status`` is its new state."""

    task_id: str
    environment_id: str
    status: Status


@dataclass(frozen=True)
class ConfigurationChanged:
    """Connected runners of this environment must be sent their configuration again."""

    environment_id: str


@dataclass(frozen=True)
class EnvironmentChanged:
    """Something that people see of this environment changed (status, declarations, settings)."""

    environment_id: str


@dataclass(frozen=True)
class ClockMoved:
    """The platform's clock was moved, or something with an earlier date than all others was planned."""


@dataclass(frozen=True)
class CallsNoted:
    """API calls of handlers wait to be stored."""


@dataclass(frozen=True)
class CallsStored:
    """API calls of handlers were stored."""


Signal: TypeAlias = (
    TasksDue | TaskSettled | ConfigurationChanged | EnvironmentChanged | ClockMoved | CallsNoted | CallsStored
)


def _tell(listener: Callable[[Signal], None], signal: Signal) -> None:
    try:
        listener(signal)
    except Exception:
        _logger.exception("A listener failed on %s", type(signal).__name__)


class Inbox:
    """Signals for one asyncio reader, in order; equal ones that wait together are told once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Signal, None] = {}
        self._lock = threading.Lock()
        self._arrived = asyncio.Event()

    @property
    def arrived(self) -> asyncio.Event:
        """Is set while signals wait; can be given to ``Clock.wait_until`` as a wake."""
        return self._arrived

    def take(self) -> list[Signal]:
        """The signals that wait now, oldest first; does not wait."""
        with self._lock:
            signals = list(self._waiting)
            self._waiting.clear()
            self._arrived.clear()
        return signals

    async def get(self) -> list[Signal]:
        """Wait until there is at least one signal, and take them all."""
        while True:
            await self._arrived.wait()
            if signals := self.take():
                return signals

    def _put(self, signal: Signal) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting[signal] = None
        if first and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        with self._lock:
            if self._waiting:
                self._arrived.set()


class Signals:
    """The one place where signals are published."""

    _RECENT: Final = 64

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, Callable[[Signal], None]] = {}
        self._next = 0
        self.recent: deque[Signal] = deque(maxlen=self._RECENT)
        """The last signals, for people who look into a running platform."""

    def publish(self, signal: Signal) -> None:
        """Tell every listener. A listener that raises is logged and does not keep others from hearing."""
        with self._lock:
            listeners = list(self._listeners.values())
            self.recent.append(signal)
        for listener in listeners:
            _tell(listener, signal)

    def subscribe(self, listener: Callable[[Signal], None]) -> Callable[[], None]:
        """Have ``listener`` called with each signal, in the publisher's thread; returns how to stop that."""
        with self._lock:
            key = self._next
            self._next += 1
            self._listeners[key] = listener

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return unsubscribe

    @contextmanager
    def listen(self, wanted: Callable[[Signal], bool] = lambda _: True) -> Iterator[Inbox]:
        """An inbox on the running loop for the signals that ``wanted`` accepts, as long as the block lasts."""
        inbox = Inbox()

        def deliver(signal: Signal) -> None:
            if wanted(signal):
                inbox._put(signal)

        unsubscribe = self.subscribe(deliver)
        try:
            yield inbox
        finally:
            unsubscribe()
