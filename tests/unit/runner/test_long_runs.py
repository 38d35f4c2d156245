"""Handlers that run long are told of, by a clock that the test moves."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.runner.long_runs import LongRuns, step_after


class Time:
    """A clock, and the timers that it rings."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.timers: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def later(self, seconds: float, call: Callable[[], None]) -> Time:
        self._made += 1
        heapq.heappush(self.timers, (self.now + seconds, self._made, call))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def move_to(self, moment: float) -> None:
        while self.timers and self.timers[0][0] <= moment:
            self.now, _, call = heapq.heappop(self.timers)
            call()
        self.now = moment


def begun(now: float = 0.0) -> tuple[Time, LongRuns, list[str]]:
    time, told = Time(now), list[str]()
    return time, LongRuns(clock=lambda: time.now, later=time.later, tell=told.append), told


def test_a_hanging_handler_is_told_of_after_ten_seconds_and_again() -> None:
    time, runs, told = begun()
    runs.begin("TQ-1", "Events.purchase", 300.0)
    time.move_to(9.9)
    assert told == []
    time.move_to(10.0)
    assert told == ["still running: TQ-1 handler Events.purchase, 10 s (limit 300 s)"]
    time.move_to(59.0)
    assert len(told) == 1
    time.move_to(60.0)
    assert told[1:] == ["still running: TQ-1 handler Events.purchase, 60 s (limit 300 s)"]
    assert runs.describe("TQ-1") == "TQ-1 Events.purchase (60 s so far)"
    runs.end("TQ-1")
    time.move_to(10_000.0)
    assert len(told) == 2
    assert time.timers == []
    assert runs.describe("TQ-1") == "TQ-1"


def test_quick_handlers_share_one_timer_and_are_not_told_of() -> None:
    time, runs, told = begun()
    for number in range(1000):
        time.move_to(number / 50)
        runs.begin(f"TQ-{number}", "Events.quick", 300.0)
        runs.end(f"TQ-{number}")
        assert len(time.timers) <= 1
    assert told == []


def test_one_that_began_while_others_were_looked_at_is_told_of_in_time() -> None:
    time, runs, told = begun()
    runs.begin("TQ-1", "A.b", 300.0)
    time.move_to(8.0)
    runs.begin("TQ-2", "A.c", 300.0)
    runs.end("TQ-1")
    time.move_to(18.0)
    assert told == ["still running: TQ-2 handler A.c, 10 s (limit 300 s)"]
    runs.close()
    time.move_to(1000.0)
    assert len(told) == 1


@given(st.floats(0, 1e6), st.floats(0, 100_000))
def test_steps_grow_and_each_is_told_once_whatever_the_clock_reads(start: float, age: float) -> None:
    assert age < step_after(age) <= age + 600.0
    time, runs, told = begun(start)
    runs.begin("TQ-1", "A.b", 57_600.0)
    time.move_to(start + 3700.0)
    assert len(told) == 3 + 6
