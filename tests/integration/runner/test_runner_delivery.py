"""Delivery is at least once: results outlive lost connections and processes, and no work is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest_runner import running
from sample_application import Sample
from scripted_platform import ScriptedPlatform, a_task, serving

from connect_eaas.protocol.messages import SetupResponse


@pytest.fixture(autouse=True)
def fresh_sample() -> Any:
    Sample.reset()
    yield
    Sample.gate.set()


def gated(platform: ScriptedPlatform, *object_ids: str) -> None:
    for object_id in object_ids:
        platform.objects[f"requests/{object_id}"] = {"id": object_id, "plan": "gate"}


def journal_in(directory: Path) -> Path:
    (journal,) = directory.rglob("outbox.jsonl")
    return journal


async def test_results_of_tasks_that_ended_while_the_line_was_cut_all_arrive(
    platform: ScriptedPlatform, start: Any
) -> None:
    objects = [f"PR-{number}" for number in range(20)]
    gated(platform, *objects)
    await start(Sample)
    await platform.connected()
    tasks = [a_task(number, object_id=object_id) for number, object_id in enumerate(objects)]
    await platform.background.send(*tasks)
    await platform.until(lambda: len(platform.requests) == 40)

    platform.background.socket.transport.abort()
    Sample.gate.set()
    for task in tasks:
        answered = await platform.result_of(task)
        assert answered.output is not None
        assert answered.output.result == "success"

    assert len(Sample.calls) == 20
    second = platform.background
    held = second.setup.held or []
    assert set(held) == {f"lease-{number}" for number in range(20)}
    assert len(platform.results) == 20


async def test_tasks_that_still_run_are_named_on_the_next_connection(platform: ScriptedPlatform, start: Any) -> None:
    gated(platform, "PR-7")
    await start(Sample)
    await platform.connected()
    tasks = [a_task(number, object_id="PR-7") for number in (1, 2)]
    await platform.background.send(*tasks)
    await platform.until(lambda: len(platform.requests) == 4)
    first = platform.background

    first.socket.transport.abort()
    await platform.until(lambda: platform.conversations.get("background") not in (None, first))

    assert set(platform.background.setup.held or []) == {"lease-1", "lease-2"}
    assert platform.background.query["running_tasks"] == ["2"]
    assert platform.results == []
    Sample.gate.set()
    for task in tasks:
        await platform.result_of(task)


async def test_unacknowledged_result_is_sent_again_on_the_next_connection(
    platform: ScriptedPlatform, start: Any
) -> None:
    platform.acknowledging = False
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task())
    await platform.result_of(a_task())

    platform.acknowledging = True
    platform.background.socket.transport.abort()
    await platform.until(lambda: len(platform.results) == 2)

    assert platform.results[0] == platform.results[1]
    assert len(Sample.calls) == 1


async def test_acknowledged_result_is_not_sent_again(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))
    # The acknowledgement travels before this second task.
    await platform.background.send(a_task(2))
    await platform.result_of(a_task(2))
    first = platform.background

    first.socket.transport.abort()
    await platform.until(lambda: platform.conversations.get("background") not in (None, first))
    await platform.background.send(a_task(3))
    await platform.result_of(a_task(3))

    assert [result.options.task_id for result in platform.results].count("TQ-0001") == 1


async def test_platform_without_acknowledgements_gets_each_result_once(platform: ScriptedPlatform, start: Any) -> None:
    platform.features = ()
    run = await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1), a_task(2))
    await platform.result_of(a_task(1))
    await platform.result_of(a_task(2))
    first = platform.background

    first.socket.transport.abort()
    await platform.until(lambda: platform.conversations.get("background") not in (None, first))
    report = await run.stop()

    assert report.undelivered == 0
    assert len(platform.results) == 2


async def test_task_delivered_again_while_it_runs_is_not_run_twice(platform: ScriptedPlatform, start: Any) -> None:
    gated(platform, "PR-7")
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1, object_id="PR-7", lease="old"))
    await platform.until(lambda: len(platform.requests) == 2)

    await platform.background.send(a_task(1, object_id="PR-7", lease="new"), a_task(2))
    await platform.result_of(a_task(2))  # both deliveries have been taken in by now
    Sample.gate.set()
    await platform.result_of(a_task(1, lease="new"))

    assert [name for name, request, _ in Sample.calls if request["id"] == "PR-7"] == ["purchase"]
    assert [result.options.correlation_id for result in platform.results_of("TQ-0001")] == ["new"]


async def test_result_that_is_known_answers_a_duplicate_delivery(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))

    await platform.background.send(a_task(1))
    await platform.until(lambda: len(platform.results_of("TQ-0001")) == 2)

    first, second = platform.results_of("TQ-0001")
    assert first == second
    assert len(Sample.calls) == 1


async def test_rescheduled_task_runs_again_under_its_new_lease(platform: ScriptedPlatform, start: Any) -> None:
    platform.objects["requests/PR-7"] = {"id": "PR-7", "plan": "reschedule"}
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1, object_id="PR-7", lease="one"))
    await platform.result_of(a_task(1, lease="one"))
    platform.objects["requests/PR-7"] = {"id": "PR-7", "plan": "done"}

    await platform.background.send(a_task(1, object_id="PR-7", lease="two"))
    answered = await platform.result_of(a_task(1, lease="two"))

    assert answered.output is not None
    assert answered.output.result == "success"
    assert len(Sample.calls) == 2


async def test_results_survive_the_process_and_are_sent_by_the_next_one(
    platform: ScriptedPlatform, tmp_path: Path
) -> None:
    platform.acknowledging = False
    async with running(Sample, platform, tmp_path):
        await platform.connected()
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        first = platform.background
    # The first worker was forced to stop: its result is unconfirmed.
    platform.acknowledging = True

    async with running(Sample, platform, tmp_path) as run:
        await platform.until(lambda: len(platform.results) == 2)
        second = platform.background
        report = await run.stop()

    assert second.setup.held == ["lease-1"]
    assert second.socket.request is not None
    assert first.socket.request is not None
    assert second.socket.request.path.partition("?")[0] == first.socket.request.path.partition("?")[0]
    assert report.undelivered == 0
    assert journal_in(tmp_path).stat().st_mode & 0o777 == 0o600


async def test_installation_key_is_not_written_to_disk(platform: ScriptedPlatform, tmp_path: Path) -> None:
    platform.acknowledging = False
    task = a_task(1)
    task.options.api_key = platform.api_key
    async with running(Sample, platform, tmp_path):
        await platform.connected()
        await platform.background.send(task)
        await platform.result_of(task)

    content = journal_in(tmp_path).read_text()
    assert "lease-1" in content
    assert "secret" not in content


async def test_platform_that_restarts_finds_its_runner_again(platform: ScriptedPlatform, tmp_path: Path) -> None:
    other = ScriptedPlatform()
    async with serving(other) as server, running(Sample, other, tmp_path):
        await other.connected()
        server.close()
        await server.wait_closed()
        async with serving(other, port=other.port):
            await other.connected()
            await other.background.send(a_task(1))
            await other.result_of(a_task(1))


async def test_garbage_changes_nothing(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()
    conversation = platform.background
    garbage: list[str | bytes] = [
        "nonsense",
        b"\x00\xff",
        "[]",
        "{}",
        '{"version": 1, "message_type": "pause"}',
        '{"version": 2, "message_type": "task", "data": {"options": null}}',
        '{"version": 2, "message_type": "brand_new", "data": {}}',
        '{"version": 2, "message_type": "setup_request", "data": {}}',
        '{"version": 2, "message_type": "web_task", "data": null}',
    ]

    for frame in garbage:
        await conversation.socket.send(frame)
    await conversation.send(a_task(1))
    await platform.result_of(a_task(1))

    assert platform.background is conversation


async def test_task_before_the_configuration_waits_for_it(platform: ScriptedPlatform, start: Any) -> None:
    task = a_task(1)
    early = platform.handle

    async def overtaking(socket: Any) -> None:
        frame = '{"version": 2, "message_type": "task", "data": ' + task.model_dump_json() + "}"
        await socket.send(frame)
        await early(socket)

    platform.handle = overtaking  # type: ignore[method-assign]
    async with serving(platform):
        await start(Sample)
        answered = await platform.result_of(task)

    assert answered.output is not None
    assert answered.output.result == "success"
    assert Sample.calls[0][2] == {"COLOUR": "green"}


async def test_runner_waits_out_a_platform_that_is_down_for_maintenance(platform: ScriptedPlatform, start: Any) -> None:
    platform.refuse_with = 502
    run = await start(Sample)
    # Both sessions were refused, at the start and once more.
    await platform.until(lambda: platform.refused >= 4)
    platform.refuse_with = None

    await platform.connected()

    assert not run.ended.is_set()
    platform.refused, platform.refuse_with = 0, 502
    for conversation in list(platform.conversations.values()):
        conversation.socket.transport.abort()
    await platform.until(lambda: platform.refused >= 4)
    platform.refuse_with = None
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))


async def test_configuration_arrives_while_results_are_pending(platform: ScriptedPlatform, start: Any) -> None:
    gated(platform, "PR-7")
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1, object_id="PR-7"))
    await platform.background.send(SetupResponse(variables=[]))
    Sample.gate.set()

    answered = await platform.result_of(a_task(1))

    assert answered.output is not None
    assert answered.output.result == "success"
