"""Deadlines: each that is not over in time is told once, by a single timer of a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.runner.deadlines import Deadlines


class Timer:
    def __init__(self, rings: float, call: Callable[[], None]) -> None:
        self.rings = rings
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """A loop's clock and timers."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + seconds, call))
        return self.timers[-1]

    @property
    def armed(self) -> list[Timer]:
        return sorted((timer for timer in self.timers if not timer.cancelled), key=lambda timer: timer.rings)

    def move_to(self, moment: float) -> None:
        while self.armed and self.armed[0].rings <= moment:
            timer = self.armed[0]
            self.timers.remove(timer)
            self.now = max(self.now, timer.rings)
            timer.call()
        self.now = moment


class Run:
    def __init__(self, loop: Loop, then: Callable[[], None] = lambda: None) -> None:
        self.loop = loop
        self.then = then
        self.told: list[float] = []

    def limit_passed(self) -> None:
        self.told.append(self.loop.now)
        self.then()


def begun() -> tuple[Loop, Deadlines]:
    loop = Loop()
    return loop, Deadlines(cast("Any", loop))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.floats(0, 50)),
        st.tuples(st.just("remove"), st.integers(0, 9).map(float)),
        st.tuples(st.just("wait"), st.floats(0, 20)),
    ),
    max_size=30,
)


@given(steps)
def test_each_is_told_at_its_time_unless_it_ended(taken: list[tuple[str, float]]) -> None:
    loop, deadlines = begun()
    runs: list[tuple[Run, float]] = []
    ended: dict[int, float] = {}
    for step, number in taken:
        if step == "add":
            runs.append((Run(loop), loop.now + number))
            deadlines.add(runs[-1][0], number)
        elif step == "wait":
            loop.move_to(loop.now + number)
        elif runs:
            position = int(number) % len(runs)
            deadlines.remove(runs[position][0])
            ended.setdefault(position, loop.now)
        assert len(loop.armed) <= 1
    loop.move_to(1000.0)

    for position, (run, due) in enumerate(runs):
        over = ended.get(position, float("inf"))
        if over < due - 0.001:
            assert run.told == []
        elif over > due + 0.001:
            assert len(run.told) == 1
            assert abs(run.told[0] - due) <= 0.001
    assert not loop.armed


def test_who_is_told_may_ask_for_more_time_and_end_others() -> None:
    loop, deadlines = begun()
    second = Run(loop)

    def ends_the_other_and_goes_on() -> None:
        deadlines.remove(second)
        if len(first.told) == 1:
            deadlines.add(first, 1.0)

    first = Run(loop, ends_the_other_and_goes_on)
    deadlines.add(first, 5.0)
    deadlines.add(second, 5.0)
    loop.move_to(100.0)

    assert first.told == [5.0, 6.0]
    assert second.told == []


def test_nobody_is_told_after_the_end() -> None:
    loop, deadlines = begun()
    run = Run(loop)
    deadlines.add(run, 5.0)
    deadlines.close()
    loop.move_to(100.0)

    assert run.told == []
    assert not loop.armed


def test_one_that_fails_when_told_keeps_nobody_from_being_told() -> None:
    loop, deadlines = begun()

    def fails() -> None:
        raise RuntimeError("it failed")

    broken, same_time, later = Run(loop, fails), Run(loop), Run(loop)
    for run, limit_s in ((broken, 1.0), (same_time, 1.0), (later, 5.0)):
        deadlines.add(run, limit_s)
    with pytest.raises(RuntimeError, match="it failed"):
        loop.move_to(2.0)
    loop.move_to(10.0)

    assert [len(run.told) for run in (broken, same_time, later)] == [1, 1, 1]
    assert not loop.armed
