"""Waiting without polling: the clock and the signals."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from connect_devops.clock import Clock, ManualClock, SystemClock
from connect_devops.ids import Ids, environment_id, environment_reference, instance_id, schedule_id
from connect_devops.services.signals import ClockMoved, Signal, Signals, TasksDue


async def test_a_moved_clock_wakes_who_waits_also_from_another_thread() -> None:
    clock = ManualClock()
    waiting = asyncio.ensure_future(clock.wait_until(clock.now() + timedelta(hours=1)))
    await asyncio.to_thread(clock.advance, timedelta(minutes=59))
    done, _ = await asyncio.wait([waiting], timeout=0.02)
    assert not done
    await asyncio.to_thread(clock.advance, timedelta(minutes=1))
    assert await waiting is True


async def test_a_wake_ends_the_wait_before_its_time() -> None:
    wake = asyncio.Event()
    waiting = asyncio.ensure_future(ManualClock().wait_until(None, wake))
    wake.set()
    assert await waiting is False


async def test_the_system_clock_reaches_a_moment_by_itself_or_by_being_moved() -> None:
    clock = SystemClock(timedelta(days=3))
    assert await clock.wait_until(clock.now() + timedelta(milliseconds=20)) is True
    waiting = asyncio.ensure_future(clock.wait_until(clock.now() + timedelta(days=1)))
    await asyncio.to_thread(clock.advance, timedelta(days=1))
    assert await waiting is True
    assert clock.offset == timedelta(days=4)


@pytest.mark.parametrize("clock", [ManualClock(), SystemClock()])
def test_a_clock_never_runs_backwards(clock: Clock) -> None:
    with pytest.raises(ValueError, match="back"):
        clock.advance(timedelta(seconds=-1))


async def test_signals_of_other_threads_arrive_in_order_and_equal_ones_once() -> None:
    signals = Signals()
    with signals.listen(lambda signal: isinstance(signal, TasksDue)) as inbox:

        def publish() -> None:
            for name in ("a", "b", "a"):
                signals.publish(TasksDue(name))
            signals.publish(ClockMoved())

        thread = threading.Thread(target=publish)
        thread.start()
        thread.join()
        assert await inbox.get() == [TasksDue("a"), TasksDue("b")]
        assert not inbox.arrived.is_set()
        signals.publish(TasksDue("c"))
        assert await inbox.get() == [TasksDue("c")]
    signals.publish(TasksDue("d"))
    assert inbox.take() == []


def test_a_listener_that_fails_does_not_keep_others_from_hearing() -> None:
    signals = Signals()
    heard: list[Signal] = []

    def broken(signal: Signal) -> None:
        raise RuntimeError(signal)

    signals.subscribe(broken)
    unsubscribe = signals.subscribe(heard.append)
    signals.publish(ClockMoved())
    unsubscribe()
    signals.publish(ClockMoved())
    assert heard == [ClockMoved()]


def test_ids_carry_the_digits_that_clients_rely_on() -> None:
    assert environment_id("SRVC-4400-0874", "production") == "ENV-4400-0874-03"
    assert schedule_id("ENV-4400-0874-01", 5) == "EFS-4400-0874-01-0005"
    assert instance_id("ENV-4400-0874-01", 1) == "INS-4400-0874-01-000001"
    assert environment_reference(" env-4400-0874-01") == "ENV-4400-0874-01"
    assert environment_reference("61649846B93145728304 43A301F82738".replace(" ", "")) == environment_reference(
        "61649846-b931-4572-8304-43a301f82738"
    )
    assert Ids(seed=3).task() == Ids(seed=3).task()
    assert Ids(seed=3).secret() != Ids(seed=3).secret()
