"""Runners of version 1 of the protocol against the real platform (up to 25; frames without a version)."""

from __future__ import annotations

import json
from typing import Any

import anyio
from scripted_runner import CUSTOM_EVENT, PATIENCE_S, PURCHASE, Runners, ScriptedRunner


class OldRunner:
    """One websocket, and the frames of version 1 on it."""

    def __init__(self, runner: ScriptedRunner) -> None:
        self.socket = runner.socket

    async def send(self, message_type: str, data: object) -> None:
        await self.socket.send(json.dumps({"message_type": message_type, "data": data}))

    async def receive(self, message_type: str) -> dict[str, Any]:
        with anyio.fail_after(PATIENCE_S):
            frame = json.loads(await self.socket.recv())
        assert frame["message_type"] == message_type, frame
        assert "version" not in frame
        data: dict[str, Any] = frame["data"]
        return data

    async def introduce(self) -> dict[str, Any]:
        await self.send(
            "capabilities",
            {
                "capabilities": {PURCHASE: ["pending"], CUSTOM_EVENT: []},
                "variables": [{"name": "COLOUR", "initial_value": "red", "secure": False}],
                "schedulables": [],
                "readme_url": None,
                "changelog_url": None,
                "runner_version": "24.9",
            },
        )
        return await self.receive("configuration")


async def connected(runners: Runners) -> OldRunner:
    return OldRunner(await runners.connect(runner_type=None))


async def test_old_runner_is_configured_and_its_results_settle_tasks(runners: Runners) -> None:
    runner = await connected(runners)
    configuration = await runner.introduce()
    assert configuration["configuration"] == {"COLOUR": "red"}
    assert configuration["environment_type"] == "development"
    assert configuration["service_id"] == runners.extension_id

    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    assert (task["task_id"], task["task_type"], task["object_id"]) == (task_id, PURCHASE, "PR-1")
    await runner.send("task", {**task, "data": None, "result": "skip", "runtime": 0.25, "output": "not mine"})
    document = await runners.until(task_id, "skipped")
    assert document["output"] == "not mine"


async def test_old_runner_gets_interactive_tasks_with_their_argument(runners: Runners) -> None:
    runner = await connected(runners)
    await runner.introduce()
    task_id = await runners.submit("PRD-100-200-300", CUSTOM_EVENT, {"method": "GET"})
    task = await runner.receive("task")
    assert (task["task_category"], task["data"]) == ("interactive", {"method": "GET"})
    await runner.send("task", {**task, "data": {"http_status": 200}, "result": "success", "output": None})
    await runners.until(task_id, "succeeded")


async def test_bad_frame_of_an_old_runner_costs_nothing_else(runners: Runners) -> None:
    runner = await connected(runners)
    await runner.introduce()
    await runner.send("task", {"task_id": "TQ-1"})
    await runner.send("gossip", {})
    await runner.socket.send("{")
    task_id = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.send("task", {**task, "data": None, "result": "success"})
    await runners.until(task_id, "succeeded")


async def test_old_runner_that_stops_gets_no_more_tasks_and_may_still_answer(runners: Runners) -> None:
    runner = await connected(runners)
    await runner.introduce()
    first = await runners.submit("PR-1")
    task = await runner.receive("task")
    await runner.send("shutdown", None)
    await runner.send("task", {**task, "data": None, "result": "success"})
    await runners.until(first, "succeeded")
    await runners.submit("PR-2")
    successor = await runners.start(instance="instance-2")
    assert (await successor.receive("task"))["input"]["object_id"] == "PR-2"
