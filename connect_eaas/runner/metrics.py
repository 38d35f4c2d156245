"""What a runner counts: one small file a worker, which its process writes and the metrics process reads.

A file is an array of 64-bit floats in shared memory, one for each series, so counting costs next to nothing, needs no
library, and survives the death of the process that counts: its replacement goes on from there. Which float is which
follows from the constants below alone. Nothing is counted unless ``CONNECT_METRICS_PORT`` is set.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["BUCKETS_S", "FAMILIES", "OUTBOX", "SESSIONS", "STUCK", "Board", "Family", "Meter", "Reading"]

BUCKETS_S: Final = (0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 3600.0, float("inf"))
"""Upper bounds of the histograms, in seconds: from an interactive no-op to a schedule of hours."""

_OTHER: Final = "other"
_CATEGORIES: Final = ("background", "interactive", "scheduled", "transformation", _OTHER)
_RESULTS: Final = ("success", "skip", "reschedule", "retry", "fail", "delete", _OTHER)
_STATUSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")


class Family(NamedTuple):
    """Series of one name.

    ``kind`` is ``counter``, ``gauge`` or ``histogram``; a histogram has a float for each bucket, and one for the sum.
    Where ``per_worker`` is False, the series of all workers are added up.
    """

    name: str
    kind: str
    text: str
    labels: Mapping[str, tuple[str, ...]] = {}
    per_worker: bool = False

    @property
    def width(self) -> int:
        """How many floats a series has."""
        return len(BUCKETS_S) + 1 if self.kind == "histogram" else 1


_BY_CATEGORY: Final = {"category": _CATEGORIES}

TASKS: Final = Family("connect_tasks", "counter", "Tasks that ended.", {**_BY_CATEGORY, "result": _RESULTS})
TASK_SECONDS: Final = Family(
    "connect_task_duration_seconds", "histogram", "Time from a task's turn to its outcome.", _BY_CATEGORY
)
TASKS_RUNNING: Final = Family("connect_tasks_running", "gauge", "Tasks in hand, waiting ones included.", _BY_CATEGORY)
STUCK: Final = Family("connect_handlers_stuck", "gauge", "Handlers that outlived their limit and still run.", {}, True)
CALLS: Final = Family("connect_web_calls", "counter", "Web calls that were answered.", {"status": _STATUSES})
CALL_SECONDS: Final = Family("connect_web_call_duration_seconds", "histogram", "Time from a web call to its answer.")
CALLS_RUNNING: Final = Family("connect_web_calls_running", "gauge", "Web calls that run.")
OUTBOX: Final = Family("connect_outbox_results", "gauge", "Results that the platform has not got yet.", {}, True)
CONNECTIONS: Final = Family("connect_connections", "counter", "Sessions that the platform configured.", {}, True)
SESSIONS: Final = Family("connect_sessions_connected", "gauge", "Sessions that are connected now.", {}, True)
RECONNECTS: Final = Family("connect_reconnects", "counter", "Sessions opened anew after a loss.", {}, True)
RESTARTS: Final = Family("connect_worker_restarts", "counter", "Processes that died and were replaced.", {}, True)

FAMILIES: Final = (
    TASKS,
    TASK_SECONDS,
    TASKS_RUNNING,
    STUCK,
    CALLS,
    CALL_SECONDS,
    CALLS_RUNNING,
    OUTBOX,
    CONNECTIONS,
    SESSIONS,
    RECONNECTS,
    RESTARTS,
)


class Reading(NamedTuple):
    """One series as it stood: its label values in the order of the family's labels, and its floats."""

    family: Family
    values: tuple[str, ...]
    floats: tuple[float, ...]


def _lay_out() -> tuple[dict[tuple[str, tuple[str, ...]], int], int]:
    places: dict[tuple[str, tuple[str, ...]], int] = {}
    end = 0
    for family in FAMILIES:
        for values in product(*family.labels.values()):
            places[family.name, values] = end
            end += family.width
    return places, end


_PLACES, _FLOATS = _lay_out()


class Meter:
    """What is told to whoever counts; this one does not."""

    def task_begun(self, category: str) -> None:
        """A task was taken in hand."""

    def task_ended(self, category: str, result: str | None = None, seconds: float = 0.0) -> None:
        """A task is no longer in hand; without a result it was handed back or given up."""

    def stuck(self, handlers: int) -> None:
        """So many handlers outlived their limit and still run."""

    def calls_running(self, calls: int) -> None:
        """So many web calls run."""

    def call_answered(self, status: int, seconds: float) -> None:
        """A web call was answered with this HTTP status."""

    def owed(self, results: int) -> None:
        """So many results wait for the platform."""

    def connected(self, *, again: bool) -> None:
        """The platform configured the session; ``again`` if it had done so before in this process."""

    def disconnected(self) -> None:
        """The session's connection is gone."""


class Board(Meter):
    """A worker's file.

    Args:
        path: made if it is not there.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        size = _FLOATS * 8
        with path.open("a+b") as file:
            file.truncate(size)
            self._memory = mmap.mmap(file.fileno(), size)
        # Aligned eight bytes are written at once: a reader never sees half a number.
        self._floats = memoryview(self._memory).cast("d")

    def close(self) -> None:
        """Let the file go."""
        self._floats.release()
        self._memory.close()

    def clear_gauges(self) -> None:
        """What a process that is gone had in hand is no more."""
        for (name, _), place in _PLACES.items():
            if name in _GAUGES:
                self._floats[place] = 0.0

    def read(self) -> Iterator[Reading]:
        """All series."""
        for family in FAMILIES:
            for values in product(*family.labels.values()):
                place = _PLACES[family.name, values]
                yield Reading(family, values, tuple(self._floats[place : place + family.width]))

    def task_begun(self, category: str) -> None:
        self._add(TASKS_RUNNING, _known(category, _CATEGORIES))

    def task_ended(self, category: str, result: str | None = None, seconds: float = 0.0) -> None:
        category = _known(category, _CATEGORIES)
        self._add(TASKS_RUNNING, category, amount=-1.0)
        if result is not None:
            self._add(TASKS, category, _known(result, _RESULTS))
            self._observe(TASK_SECONDS, seconds, category)

    def stuck(self, handlers: int) -> None:
        self._set(STUCK, handlers)

    def calls_running(self, calls: int) -> None:
        self._set(CALLS_RUNNING, calls)

    def call_answered(self, status: int, seconds: float) -> None:
        self._add(CALLS, _STATUSES[min(max(status // 100, 1), 5) - 1])
        self._observe(CALL_SECONDS, seconds)

    def owed(self, results: int) -> None:
        self._set(OUTBOX, results)

    def connected(self, *, again: bool) -> None:
        self._add(CONNECTIONS)
        self._set(SESSIONS, 1)
        if again:
            self._add(RECONNECTS)

    def disconnected(self) -> None:
        self._set(SESSIONS, 0)

    def restarted(self) -> None:
        """The worker's process was replaced; said by the supervisor."""
        self._add(RESTARTS)

    def _add(self, family: Family, *values: str, amount: float = 1.0) -> None:
        self._floats[_PLACES[family.name, values]] += amount

    def _set(self, family: Family, amount: float) -> None:
        self._floats[_PLACES[family.name, ()]] = amount

    def _observe(self, family: Family, seconds: float, *values: str) -> None:
        place = _PLACES[family.name, values]
        self._floats[place + bisect_left(BUCKETS_S, seconds)] += 1.0
        self._floats[place + len(BUCKETS_S)] += seconds


_GAUGES: Final = frozenset(family.name for family in FAMILIES if family.kind == "gauge")


def _known(value: str, values: tuple[str, ...]) -> str:
    return value if value in values else _OTHER
