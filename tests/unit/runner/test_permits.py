"""Permits: never more than there are, none is lost, and those who wait get theirs in the order in which they came."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connect_eaas.runner.permits import Permits


async def a_few_turns_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class PermitsMachine(RuleBasedStateMachine):
    """Takers come, wait, give up and end at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.running = 0
        # Who waits, in the order of arrival, and all that have a permit from waiting.
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
        self.permits = Permits(size)

    @rule()
    def take_now(self) -> None:
        got = self.permits.take_now()
        assert got is (self.running < self.size)
        self.running += got

    @rule()
    def come_and_wait(self) -> None:
        taker = self.loop.create_task(self.permits.take())
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
        self.permits.give_back()
        self.settle()
        if self.waiting:
            first = self.waiting.pop(0)
            assert first.result() is True
        else:
            self.running -= 1

    @precondition(lambda self: self.running and self.waiting)
    @rule()
    def be_given_a_permit_and_cancelled_at_once(self) -> None:
        taker = self.waiting.pop(0)
        self.permits.give_back()
        taker.cancel()
        self.settle()
        assert taker.cancelled()
        # The permit went on to the next one, or is free.
        if self.waiting:
            assert self.waiting.pop(0).result() is True
        else:
            self.running -= 1

    @invariant()
    def those_who_wait_have_none(self) -> None:
        assert all(not taker.done() for taker in self.waiting)


TestPermits = PermitsMachine.TestCase


async def test_who_waits_too_long_gets_none_and_takes_none_away() -> None:
    permits = Permits(1)
    assert permits.take_now()
    assert await permits.take(0.001) is False
    permits.give_back()
    assert permits.take_now()
    assert not permits.take_now()
