"""A coroutine in the task of whoever waits for it: how it can end, and what its limits do."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from functools import partial

import pytest

from connect_eaas.runner.deadlines import Deadlines
from connect_eaas.runner.execution import CoroutineRun, Execution, Raised, Returned, TimedOut, TimeLimit


def never(_: Execution) -> None:
    raise AssertionError("it did not overrun its limit")


class Oddity(BaseException):
    pass


async def test_it_runs_in_the_task_that_waits() -> None:
    async def handler() -> object:
        return asyncio.current_task()

    assert await CoroutineRun(5, never).ended(handler()) == Returned(asyncio.current_task())


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt(), Oddity(), GeneratorExit()])
async def test_whatever_is_raised_is_a_value(error: BaseException) -> None:
    async def handler() -> None:
        raise error

    assert await CoroutineRun(5, never).ended(handler()) == Raised(error)


async def test_a_coroutine_that_cancels_itself_has_raised() -> None:
    async def handler() -> None:
        raise asyncio.CancelledError

    ended = await CoroutineRun(5, never).ended(handler())

    assert isinstance(ended, Raised)
    assert isinstance(ended.error, asyncio.CancelledError)


async def test_at_its_limit_it_is_cancelled_and_may_clean_up() -> None:
    cleaned = asyncio.Event()

    async def handler() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()
        return "never"

    assert await CoroutineRun(0.01, never).ended(handler()) == TimedOut(still_running=False)
    assert cleaned.is_set()


async def test_one_that_swallows_its_cancellation_is_reported_and_can_be_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connect_eaas.runner.execution._TO_END_S", 0.01)
    overran: asyncio.Future[Execution] = asyncio.get_running_loop().create_future()
    release = asyncio.Event()

    async def handler() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        return "late"

    waiting = asyncio.ensure_future(CoroutineRun(0.01, overran.set_result).ended(handler()))
    run = await overran
    assert run.running
    assert await run.wait(0.01) == TimedOut(still_running=True)
    release.set()

    assert await run.wait(5) == Returned("late")
    assert isinstance(await waiting, TimedOut)


async def test_a_run_that_is_given_up_ends_as_cancelled() -> None:
    run = CoroutineRun(5, never)
    waiting = asyncio.ensure_future(run.ended(asyncio.Event().wait()))
    await asyncio.sleep(0)
    run.give_up()

    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks do not tell who cancelled them")
async def test_a_task_that_is_cancelled_from_outside_ends_as_cancelled() -> None:
    waiting = asyncio.ensure_future(CoroutineRun(5, never).ended(asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_time_limit_ends_its_block_only() -> None:
    with pytest.raises(TimeoutError), TimeLimit(0.01, Deadlines(asyncio.get_running_loop())):
        await asyncio.Event().wait()
    with TimeLimit(5, Deadlines(asyncio.get_running_loop())):
        await asyncio.sleep(0)
    if sys.version_info >= (3, 11):
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()


async def test_a_time_limit_leaves_other_cancellations_and_errors_alone() -> None:
    async def limited() -> None:
        with TimeLimit(5, Deadlines(asyncio.get_running_loop())):
            await asyncio.Event().wait()

    waiting = asyncio.ensure_future(limited())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(KeyError), TimeLimit(5, Deadlines(asyncio.get_running_loop())):
        raise KeyError


async def test_what_has_ended_needs_no_garbage_collector() -> None:
    class Work:
        run: CoroutineRun

    def overran(_: Work, __: Execution) -> None: ...

    async def handler() -> None: ...

    work = Work()
    work.run = CoroutineRun(5, partial(overran, work), asyncio.current_task())
    gone = weakref.ref(work)
    gc.disable()
    try:
        await work.run.ended(handler())
        del work
        assert gone() is None
    finally:
        gc.enable()
