"""Turns: never more than there are, none is lost, and those who wait get theirs in the order in which they came."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connect_eaas.runner.lanes import Turns


async def a_few_turns_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class TurnsMachine(RuleBasedStateMachine):
    """Takers come, wait, give up and end at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.running = 0
        # Who waits, in the order of arrival, and all that have a turn from waiting.
        self.waiting: list[asyncio.Task[bool]] = []

    def teardown(self) -> None:
        for taker in self.waiting:
            taker.cancel()
        self.settle()
        self.loop.close()

    def settle(self) -> None:
        self.loop.run_until_complete(a_few_turns_of_the_loop())

    @initialize(size=st.integers(1, 3))
    def begin(self, size: int) -> None:
        self.size = size
        self.turns = Turns(size)

    @rule()
    def take_now(self) -> None:
        got = self.turns.take_now()
        assert got is (self.running < self.size)
        self.running += got

    @rule()
    def come_and_wait(self) -> None:
        taker = self.loop.create_task(self.turns.take())
        self.settle()
        if self.running < self.size:
            assert taker.result() is True
            self.running += 1
        else:
            assert not taker.done()
            self.waiting.append(taker)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 9))
    def give_up_waiting(self, which: int) -> None:
        taker = self.waiting.pop(which % len(self.waiting))
        taker.cancel()
        self.settle()
        assert taker.cancelled()

    @precondition(lambda self: self.running)
    @rule()
    def end(self) -> None:
        self.turns.give_back()
        self.settle()
        if self.waiting:
            first = self.waiting.pop(0)
            assert first.result() is True
        else:
            self.running -= 1

    @precondition(lambda self: self.running and self.waiting)
    @rule()
    def be_given_a_turn_and_cancelled_at_once(self) -> None:
        taker = self.waiting.pop(0)
        self.turns.give_back()
        taker.cancel()
        self.settle()
        assert taker.cancelled()
        # The turn went on to the next one, or is free.
        if self.waiting:
            assert self.waiting.pop(0).result() is True
        else:
            self.running -= 1

    @invariant()
    def those_who_wait_have_none(self) -> None:
        assert all(not taker.done() for taker in self.waiting)


TestTurns = TurnsMachine.TestCase


async def test_who_waits_too_long_gets_none_and_takes_none_away() -> None:
    turns = Turns(1)
    assert turns.take_now()
    assert await turns.take(0.001) is False
    turns.give_back()
    assert turns.take_now()
    assert not turns.take_now()
