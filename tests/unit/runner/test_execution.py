"""How one of the author's functions can end, and that nothing it does gets out as an exception."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from connect_eaas.runner.execution import Raised, Returned, TimedOut, start
from connect_eaas.runner.threads import ThreadPool


@pytest.fixture
def pool() -> Any:
    made = ThreadPool(2, name="test")
    yield made
    made.close()


class Oddity(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt(), Oddity(), GeneratorExit()])
async def test_whatever_is_raised_is_a_value(pool: ThreadPool, error: BaseException) -> None:
    def plain() -> None:
        raise error

    async def coroutine() -> None:
        raise error

    for function in (plain, coroutine):
        ended = await start(function, pool=pool).wait(5)
        assert isinstance(ended, Raised)
        assert ended.error is error


async def test_coroutine_that_cancels_itself(pool: ThreadPool) -> None:
    async def handler() -> None:
        raise asyncio.CancelledError

    ended = await start(handler, pool=pool).wait(5)

    assert isinstance(ended, Raised)
    assert isinstance(ended.error, asyncio.CancelledError)


async def test_coroutine_is_cancelled_at_its_limit(pool: ThreadPool) -> None:
    cleaned = []

    async def handler() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    assert await start(handler, pool=pool).wait(0.01) == TimedOut(still_running=False)
    assert cleaned == [True]


async def test_coroutine_that_swallows_its_cancellation_still_runs(pool: ThreadPool) -> None:
    release = asyncio.Event()

    async def handler() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        return "late"

    run = start(handler, pool=pool)
    assert await run.wait(0.01) == TimedOut(still_running=True)
    release.set()

    assert await run.wait(5) == Returned("late")


async def test_thread_that_outlives_its_limit_can_be_waited_for(pool: ThreadPool) -> None:
    release = threading.Event()
    ended = asyncio.Event()

    run = start(lambda: release.wait(10), pool=pool)
    run.when_done(ended.set)
    assert await run.wait(0.01) == TimedOut(still_running=True)
    assert run.running
    release.set()

    assert await run.wait(5) == Returned(True)
    await ended.wait()
    assert not run.running


async def test_threads_are_bounded_reused_and_see_the_context(pool: ThreadPool) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("seen")
    together = threading.Barrier(2, timeout=5)
    names = set()

    def handler() -> str:
        together.wait()
        names.add(threading.current_thread().name)
        return variable.get()

    runs = [start(handler, pool=pool) for _ in range(6)]

    assert [await run.wait(10) for run in runs] == [Returned("seen")] * 6
    assert names == {"test-1", "test-2"}
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in names)


async def test_threads_that_hang_are_replaced_up_to_a_bound() -> None:
    pool = ThreadPool(1, name="hanging")
    release = threading.Event()
    hanging = []
    for _ in range(4):
        run = start(release.wait, 20, pool=pool)
        assert await run.wait(0.01) == TimedOut(still_running=True)
        assert run.replace_thread()
        hanging.append(run)

    last = start(lambda: "still works", pool=pool)
    assert await last.wait(5) == Returned("still works")
    assert not last.replace_thread(), "it has ended: there is nothing to replace"

    fifth = start(release.wait, 20, pool=pool)
    waiting = start(lambda: "waited", pool=pool)
    assert await fifth.wait(0.01) == TimedOut(still_running=True)
    assert not fifth.replace_thread(), "more threads than that would be a leak"
    release.set()

    assert [await run.wait(5) for run in [*hanging, fifth]] == [Returned(True)] * 5
    assert await waiting.wait(5) == Returned("waited")
    pool.close()
    names = {thread.name for thread in threading.enumerate() if thread.name.startswith("hanging")}
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(5)
            assert not thread.is_alive()
