"""Faults that the runner must survive, with the real processes and real sockets.

``CHAOS=full`` runs all at full size; without it the long ones are smaller.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress

import pytest
from chaos_runner import COROUTINE, PLAIN, Stage
from chaos_size import FULL
from scripted_platform import ScriptedPlatform, a_task, serving

from connect_eaas.protocol.messages import Task

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def test_socket_cut_with_200_tasks_in_flight_loses_none_and_doubles_none(stage: Stage) -> None:
    await stage.start(CONNECT_MAX_RUNNING_TASKS="250")
    tasks = [
        *stage.tasks(150, COROUTINE, "done", seconds=1.5),
        *stage.tasks(50, PLAIN, "done", seconds=1.5, first=151),
    ]
    await stage.platform.background.send(*tasks)
    await stage.platform.until(lambda: len(stage.platform.requests) == 400, within_s=30)

    stage.platform.background.socket.transport.abort()
    answers = await stage.answers(tasks)

    assert set(answers.values()) == {"success"}
    assert set(stage.times_answered().values()) == {1}
    assert set(stage.begun().values()) == {1}
    assert len(stage.begun()) == 200


async def test_results_that_wait_for_an_absent_platform_all_arrive(stage: Stage, platform: ScriptedPlatform) -> None:
    """The platform is away until all 50 results are pending, and through several tries to connect."""
    await stage.start()
    tasks = stage.tasks(50, COROUTINE, "done", seconds=1.0)
    await platform.background.send(*tasks)
    await platform.until(lambda: len(platform.requests) == 100, within_s=20)
    port = platform.port
    platform.refuse_with = 503
    for conversation in list(platform.conversations.values()):
        conversation.socket.transport.abort()

    # Of both sessions together: more than the five after which others give a result up.
    tries = 14 if FULL else 4
    await stage.logged(lambda log: log.count("503") >= tries, within_s=30)
    await stage.logged(lambda log: log.count(": success in") == 50)
    platform.refuse_with = None

    answers = await stage.answers(tasks)
    assert set(answers.values()) == {"success"}
    assert set(stage.times_answered().values()) == {1}
    assert platform.port == port


async def test_platform_that_is_gone_is_found_within_a_second_of_its_return(stage: Stage) -> None:
    scripted = ScriptedPlatform()
    async with serving(scripted):
        stage.platform = scripted
        await stage.start()
        port = scripted.port
    # Now nobody listens.
    await stage.logged(lambda log: log.count("cannot be reached") >= 3)
    clock = asyncio.get_running_loop().time
    scripted.conversations.clear()
    async with serving(scripted, port=port):
        begun = clock()
        await scripted.connected()
        assert clock() - begun < 2.5, "pauses of at most a second, and the time of a busy machine"
        await scripted.background.send(*stage.tasks(1, COROUTINE, "done"))
        await stage.answers([a_task(1)])
        assert await stage.stop() == 0, stage.log


@pytest.mark.parametrize("status", [502, 503])
async def test_refused_upgrade_is_tried_again(stage: Stage, status: int) -> None:
    await stage.start()
    stage.platform.refuse_with = status
    stage.platform.background.socket.transport.abort()
    await stage.logged(lambda log: log.count(f": {status}:") >= 3)
    stage.platform.refuse_with = None
    await stage.platform.connected()
    tasks = stage.tasks(3, COROUTINE, "done")
    await stage.platform.background.send(*tasks)

    assert set((await stage.answers(tasks)).values()) == {"success"}


async def test_bad_frames_between_good_tasks_cost_nothing_but_a_line_each(stage: Stage) -> None:
    await stage.start()
    good = stage.tasks(40, COROUTINE, "done")
    frame = json.loads(_frame(good[0]))
    without_input = {**frame, "data": {**frame["data"]}}
    del without_input["data"]["input"]
    wrong_type = {**frame, "data": {**frame["data"], "options": {"task_id": 5, "task_category": []}}}
    bad = [
        "",
        "\x00\x01",
        "[1, 2]",
        '{"version": 2, "message_type": 7}',
        '{"version": 9, "message_type": "task"}',
        '{"version": 2, "message_type": "task", "data": null}',
        json.dumps(without_input),
        json.dumps(wrong_type),
        "[" * 100_000,
        "x" * 3_000_000,
        json.dumps({**frame, "message_type": "of_tomorrow"}),
        b"\xff\xfe not UTF-8",
    ]
    socket = stage.platform.background.socket
    for number, task in enumerate(good):
        await socket.send(_frame(task))
        if number < len(bad):
            await socket.send(bad[number])
    # The same unknown type again is not worth another line.
    await socket.send(bad[-2])

    assert set((await stage.answers(good)).values()) == {"success"}
    await stage.logged(lambda log: log.count("a frame that was skipped") == len(bad))
    assert "connection lost" not in stage.log
    assert len(stage.platform.all_conversations) == 2


def _frame(task: Task) -> str:
    return json.dumps({"version": 2, "message_type": "task", "data": task.model_dump()})


async def test_handlers_that_misbehave_are_answered_and_harm_nobody_else(stage: Stage) -> None:
    await stage.start(BACKGROUND_TASK_MAX_EXECUTION_TIME="2")
    plans = ["exit", "interrupt", "odd", "cancel", "deep", "number", "nothing", "class", "wrong kind", "hang"]
    tasks = []
    for position, plan in enumerate(plans):
        tasks += stage.tasks(1, COROUTINE, plan, first=100 + position)
        tasks += stage.tasks(1, PLAIN, plan, first=200 + position)
    tasks += stage.tasks(1, COROUTINE, "stubborn", first=300)
    odd = [*stage.tasks(1, COROUTINE, "surrogate", first=301), *stage.tasks(1, COROUTINE, "huge", first=302)]
    good = stage.tasks(10, PLAIN, "done", first=400)
    await stage.platform.background.send(*tasks, *odd, *good)

    answers = await stage.answers([*tasks, *odd, *good])

    assert {answers[task.options.task_id] for task in tasks} == {"retry"}
    assert {answers[task.options.task_id] for task in odd} == {"skip"}
    assert {answers[task.options.task_id] for task in good} == {"success"}
    assert await stage.answers_interactive(500) < 2


async def test_threads_that_hang_are_replaced_and_an_answer_after_the_limit_changes_nothing(stage: Stage) -> None:
    await stage.start(BACKGROUND_TASK_MAX_EXECUTION_TIME="1", CONNECT_MAX_RUNNING_TASKS="10")
    hanging = stage.tasks(10, PLAIN, "hang")
    late = stage.tasks(10, PLAIN, "done", seconds=2.5, first=11)
    good = stage.tasks(10, PLAIN, "done", first=21)
    await stage.platform.background.send(*hanging, *late, *good)

    answers = await stage.answers([*hanging, *late, *good])

    assert {answers[task.options.task_id] for task in (*hanging, *late)} == {"retry"}
    assert {answers[task.options.task_id] for task in good} == {"success"}
    # Delivered again while they still run, under new leases: not run beside themselves.
    again = [
        a_task(number, event_type=PLAIN, object_id=f"PR-{number:05}", lease=f"second-{number}")
        for number in range(1, 11)
    ]
    await stage.platform.background.send(*again)
    leases = {task.options.lease for task in again}
    await stage.platform.until(lambda: leases <= {result.options.lease for result in stage.platform.results})
    assert stage.ran_beside_themselves() == []
    # Those that came too late have ended by now, and whatever they answered would have come before the next result.
    await stage.logged(lambda log: log.count("has ended now") >= len(late))
    await stage.platform.background.send(*stage.tasks(1, COROUTINE, "done", first=90))
    await stage.answers([a_task(90)])
    assert set(stage.times_answered().values()) == {1}


async def test_thousand_stuck_interactive_handlers_keep_nobody_waiting(stage: Stage) -> None:
    await stage.start()
    stuck = [
        a_task(
            number,
            category="interactive",
            event_type="product_custom_event_processing",
            object_id="PRD-1",
            data={"method": "HANG", "headers": {}, "body": {}},
        )
        for number in range(1000)
    ]
    await stage.platform.interactive.send(*stuck)
    times = [await stage.answers_interactive(2000 + number) for number in range(20)]

    assert sorted(times)[10] < 0.5
    assert stage.platform.results_of("TQ-0001") == []


async def test_killed_worker_is_replaced_and_its_tasks_are_free_again(stage: Stage) -> None:
    await stage.start()
    tasks = stage.tasks(5, COROUTINE, "hang")
    await stage.platform.background.send(*tasks)
    await stage.platform.until(lambda: len(stage.platform.requests) == 10)
    before = stage.platform.background
    clock = asyncio.get_running_loop().time
    begun = clock()
    for worker in stage.workers():
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    await stage.platform.until(
        lambda: (
            "background" in stage.platform.conversations
            and stage.platform.conversations["background"] is not before
            and "interactive" in stage.platform.conversations
        )
    )
    took = clock() - begun

    assert took < 2.0
    assert stage.platform.background.setup.held == [], "it says that nothing is worked on, so that others get it"
    good = stage.tasks(3, COROUTINE, "done", first=50)
    await stage.platform.background.send(*good)
    assert set((await stage.answers(good)).values()) == {"success"}


async def test_sigterm_with_50_tasks_delivers_every_result(stage: Stage) -> None:
    await stage.start()
    tasks = [*stage.tasks(25, COROUTINE, "done", seconds=2.0), *stage.tasks(25, PLAIN, "done", seconds=2.0, first=26)]
    await stage.platform.background.send(*tasks)
    await stage.logged(lambda log: log.count("the handler begins") == 50)

    status = await stage.stop()

    assert status == 0, stage.log
    assert {result.options.task_id for result in stage.platform.results} == {task.options.task_id for task in tasks}
    assert set(stage.times_answered().values()) == {1}


async def test_stop_is_told_at_once_and_leaves_tasks_more_than_five_seconds(stage: Stage) -> None:
    await stage.start()
    tasks = [*stage.tasks(2, COROUTINE, "done", seconds=6.5), *stage.tasks(2, PLAIN, "done", seconds=6.5, first=3)]
    await stage.platform.background.send(*tasks)
    await stage.logged(lambda log: log.count("the handler begins") == 4)
    assert stage.process is not None
    clock = asyncio.get_running_loop().time

    begun = clock()
    stage.process.send_signal(signal.SIGTERM)
    await stage.platform.until(lambda: sorted(stage.platform.shutdowns) == ["background", "interactive"])

    assert clock() - begun < 0.9, "nothing sleeps before the word is out"
    assert await stage.ended() == 0, stage.log
    assert {result.options.task_id for result in stage.platform.results} == {task.options.task_id for task in tasks}


async def test_slow_api_delays_nobody_else_and_a_dead_one_is_a_retry(stage: Stage) -> None:
    held: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        with suppress(ConnectionError):
            await reader.read()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await stage.start(API_ADDRESS=address, BACKGROUND_TASK_MAX_EXECUTION_TIME="3")
        tasks = stage.tasks(120, COROUTINE, "done")
        await stage.platform.background.send(*tasks)
        # All connections hang; calls of interactive tasks don't need them.
        assert await stage.answers_interactive(1000) < 1
        answers = await stage.answers(tasks)
        assert set(answers.values()) == {"retry"}
        for writer in held:
            writer.close()
    dead = stage.tasks(5, COROUTINE, "done", first=500)
    await stage.platform.background.send(*dead)
    assert set((await stage.answers(dead)).values()) == {"retry"}
    assert await stage.stop() == 0, stage.log


async def test_clean_close_by_the_platform_is_no_reason_to_leave(stage: Stage) -> None:
    await stage.start()
    for code in (1000, 1001, 1012):
        before = stage.platform.background
        await before.socket.close(code, "bye")
        await stage.platform.until(
            lambda before=before: stage.platform.conversations.get("background") not in (None, before)  # type: ignore[misc]
        )
    tasks = stage.tasks(3, COROUTINE, "done")
    await stage.platform.background.send(*tasks)

    assert set((await stage.answers(tasks)).values()) == {"success"}
    assert await stage.stop() == 0, stage.log
