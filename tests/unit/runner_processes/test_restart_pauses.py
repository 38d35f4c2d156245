"""A process that dies is replaced at once, and a crash loop slows down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.runner.restarts import Restarts


def test_first_death_is_answered_at_once_and_those_that_follow_more_slowly() -> None:
    restarts = Restarts()

    assert [restarts.pause_after(0.1) for _ in range(5)] == [0.0, 0.5, 1.0, 2.0, 4.0]


@given(st.lists(st.floats(0, Restarts.stable_s, exclude_max=True), min_size=2, max_size=200))
def test_pauses_of_a_crash_loop_never_shrink_and_end_at_the_longest(lives: list[float]) -> None:
    restarts = Restarts()
    pauses = [restarts.pause_after(lived) for lived in lives]

    assert pauses == sorted(pauses)
    assert pauses[-1] <= Restarts.longest_s
    assert restarts.deaths == len(lives)


@given(st.integers(1, 100))
def test_long_life_ends_a_crash_loop(young: int) -> None:
    restarts = Restarts()
    for _ in range(young):
        restarts.pause_after(1.0)

    assert restarts.pause_after(Restarts.stable_s) == 0.0
    assert restarts.pause_after(1.0) == Restarts.first_s
