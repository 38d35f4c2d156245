"""Promises of delivery, kept by the hub over a real socket (DESIGN: at least once, every attempt is kept)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest
from scripted_runner import CUSTOM_EVENT, Runners, ScriptedRunner, made_for

from connect_devops.clock import ManualClock
from connect_devops.server import running_platform
from connect_devops.settings import Settings


async def test_task_goes_to_the_session_of_its_category(runners: Runners) -> None:
    background = await runners.start()
    interactive = await runners.start(runner_type="interactive")
    await runners.submit("PR-1")
    await runners.submit("PRD-100-200-300", CUSTOM_EVENT, {"method": "GET"})
    task = await background.receive("task")
    assert (task["input"]["object_id"], task["options"]["task_category"]) == ("PR-1", "background")
    urgent = await interactive.receive("task")
    assert urgent["options"]["task_category"] == "interactive"
    assert urgent["input"]["data"] == {"method": "GET"}
    assert await background.is_quiet()
    assert await interactive.is_quiet()


async def test_runner_without_split_gets_everything(runners: Runners) -> None:
    runner = await runners.start(runner_type=None)
    await runners.submit("PR-1")
    await runners.submit("PRD-100-200-300", CUSTOM_EVENT)
    categories = {(await runner.receive("task"))["options"]["task_category"] for _ in range(2)}
    assert categories == {"background", "interactive"}


async def test_tasks_that_waited_are_delivered_to_whom_connects(runners: Runners) -> None:
    await runners.submit("PR-1")
    runner = await runners.start()
    assert (await runner.receive("task"))["input"]["object_id"] == "PR-1"


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"result": "success"}, "succeeded"),
        ({"result": "skip", "message": "not mine"}, "skipped"),
        ({"result": "fail", "message": "no luck"}, "failed"),
        ({"result": "reschedule", "countdown": 60}, "rescheduled"),
        ({"result": "retry", "message": "Traceback"}, "retrying"),
    ],
)
async def test_each_result_has_its_status(runners: Runners, output: dict[str, Any], status: str) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    await runner.answer(await runner.receive("task"), **output)
    document = await runners.until(task_id, status)
    assert document["output"] == output.get("message")
    (attempt,) = await runners.attempts(task_id)
    assert (attempt["outcome"], attempt["runtime"]) == (output["result"], 0.5)


async def test_rescheduled_task_comes_back_when_its_time_has_come(runners: Runners, clock: ManualClock) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    await runner.answer(await runner.receive("task"), "reschedule", countdown=60)
    await runners.until(task_id, "rescheduled")
    clock.advance(timedelta(seconds=59))
    assert await runner.is_quiet()
    clock.advance(timedelta(seconds=2))
    assert (await runner.receive("task"))["options"]["task_id"] == task_id


async def test_ten_retries_and_then_failed_with_every_attempt_kept(runners: Runners, clock: ManualClock) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    for number in range(11):
        await runner.answer(await runner.receive("task"), "retry", message=f"crash {number}")
        await runners.until(task_id, "retrying" if number < 10 else "failed")
        clock.advance(timedelta(hours=2))
    assert await runner.is_quiet()
    attempts = await runners.attempts(task_id)
    assert [attempt["message"] for attempt in attempts] == [f"crash {number}" for number in range(11)]
    await runners.api.post(f"{runners.base}/tasks/{task_id}/resubmit")
    assert (await runner.receive("task"))["options"]["task_id"] == task_id


async def test_confirmation_comes_after_the_result_is_stored(runners: Runners) -> None:
    runner = await runners.start(acknowledge=True)
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.answer(task)
    ack = await runner.receive("ack")
    assert (ack["task_id"], ack["correlation_id"]) == (task_id, task["options"]["correlation_id"])
    assert (await runners.task(task_id))["status"] == "succeeded"


async def test_same_result_again_is_confirmed_and_changes_nothing(runners: Runners) -> None:
    runner = await runners.start(acknowledge=True)
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    for _ in range(2):
        await runner.answer(task, "fail", message="no luck")
        await runner.receive("ack")
    assert (await runners.task(task_id))["status"] == "failed"
    (attempt,) = await runners.attempts(task_id)
    assert attempt["late"] is None


async def test_runner_that_comes_back_for_its_task_keeps_it(runners: Runners) -> None:
    runner = await runners.start(acknowledge=True)
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.cut()
    again = await runners.start(acknowledge=True, held=[task["options"]["correlation_id"]])
    assert await again.is_quiet()
    await again.answer(task)
    await again.receive("ack")
    assert (await runners.task(task_id))["status"] == "succeeded"
    assert len(await runners.attempts(task_id)) == 1


async def test_runner_that_comes_back_without_its_task_gets_it_anew_and_the_loss_is_kept(runners: Runners) -> None:
    runner = await runners.start(acknowledge=True)
    task_id = await runners.submit("PR-1")
    lost = await runner.receive("task")
    await runner.cut()
    again = await runners.start(acknowledge=True, held=[])
    task = await again.receive("task")
    assert task["options"]["task_id"] == task_id
    assert task["options"]["correlation_id"] != lost["options"]["correlation_id"]
    # A result of the lost delivery is refused, shown as such, and confirmed so that the runner can forget it.
    await again.answer(lost, "fail", message="too late")
    assert (await again.receive("ack"))["correlation_id"] == lost["options"]["correlation_id"]
    await again.answer(task)
    await again.receive("ack")
    assert (await runners.task(task_id))["status"] == "succeeded"
    first, second = await runners.attempts(task_id)
    assert first["outcome"] == "lost"
    assert first["late"]["result"] == "fail"
    assert second["outcome"] == "success"


async def test_tasks_of_a_dead_runner_go_to_another_one_after_the_grace(runners: Runners, clock: ManualClock) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    await runner.receive("task")
    await runner.cut()
    other = await runners.start(instance="instance-2")
    assert await other.is_quiet()
    clock.advance(timedelta(seconds=16))
    assert (await other.receive("task"))["options"]["task_id"] == task_id


async def test_public_runner_may_bring_a_result_late_but_within_the_grace(runners: Runners) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.cut()
    again = await runners.start()
    await again.answer(task)
    await runners.until(task_id, "succeeded")
    assert len(await runners.attempts(task_id)) == 1


async def test_public_runner_that_says_it_is_busy_keeps_its_tasks_beyond_the_grace(
    runners: Runners, clock: ManualClock
) -> None:
    runner = await runners.start()
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.cut()
    again = await runners.start(running=1)
    clock.advance(timedelta(seconds=60))
    assert await again.is_quiet()
    await again.answer(task)
    await runners.until(task_id, "succeeded")


async def test_results_that_were_read_are_stored_though_the_runner_has_gone(runners: Runners) -> None:
    runner = await runners.start()
    ids = [await runners.submit(f"PR-{number}") for number in range(20)]
    tasks = [await runner.receive("task") for _ in ids]
    for task in tasks:
        await runner.answer(task)
    await runner.socket.close()
    for task_id in ids:
        await runners.until(task_id, "succeeded")
        assert len(await runners.attempts(task_id)) == 1


async def test_two_instances_share_the_work_and_no_task_is_delivered_twice(runners: Runners) -> None:
    both = [await runners.start(instance=f"instance-{number}") for number in (1, 2)]
    ids = {await runners.submit(f"PR-{number}") for number in range(24)}
    delivered: list[str] = []

    async def work(runner: ScriptedRunner) -> None:
        while len(delivered) < len(ids):
            with anyio.move_on_after(0.2):
                task = await runner.receive("task")
                delivered.append(task["options"]["task_id"])
                await runner.answer(task)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for runner in both:
                group.start_soon(work, runner)
    assert sorted(delivered) == sorted(ids)


async def test_interactive_task_of_a_dead_runner_fails_at_once(runners: Runners) -> None:
    runner = await runners.start(runner_type="interactive")
    task_id = await runners.submit("PRD-100-200-300", CUSTOM_EVENT)
    await runner.receive("task")
    await runner.cut()
    await runners.until(task_id, "failed")


@pytest.fixture
def narrow(settings: Settings) -> Settings:
    return Settings(
        data_dir=settings.data_dir,
        discovery_file=settings.discovery_file,
        port=0,
        tasks_in_flight=2,
        max_frame_bytes=10_000,
    )


async def test_runner_holds_no_more_tasks_than_agreed(narrow: Settings, clock: ManualClock) -> None:
    async with running_platform(narrow, clock=clock) as platform, made_for(platform) as runners:
        ids = [await runners.submit(f"PR-{number}") for number in range(3)]
        runner = await runners.start()
        first, _ = await runner.receive("task"), await runner.receive("task")
        assert await runner.is_quiet()
        await runner.answer(first)
        assert (await runner.receive("task"))["options"]["task_id"] == ids[2]


async def test_task_that_no_runner_would_accept_fails_with_a_reason(narrow: Settings, clock: ManualClock) -> None:
    async with running_platform(narrow, clock=clock) as platform, made_for(platform) as runners:
        runner = await runners.start(runner_type="interactive")
        task_id = await runners.submit("PRD-100-200-300", CUSTOM_EVENT, {"body": "x" * 10_000})
        assert "10000 bytes at most" in (await runners.until(task_id, "failed"))["output"]
        assert await runner.is_quiet()


async def test_restarted_platform_keeps_tasks_with_the_runner_that_holds_them(
    settings: Settings, clock: ManualClock
) -> None:
    async with running_platform(settings, clock=clock) as platform, made_for(platform) as runners:
        runner = await runners.start(acknowledge=True)
        held_id = await runners.submit("PR-1")
        task = await runner.receive("task")
        await runner.send("shutdown", None)
        waiting_id = await runners.submit("PR-2")
        key = platform.api_key
    async with running_platform(settings, clock=clock) as platform, made_for(platform) as runners:
        assert platform.api_key == key
        runner = await runners.start(acknowledge=True, held=[task["options"]["correlation_id"]])
        assert (await runner.receive("task"))["options"]["task_id"] == waiting_id
        await runner.answer(task)
        await runner.receive("ack")
        assert (await runners.task(held_id))["status"] == "succeeded"
        assert len(await runners.attempts(held_id)) == 1
