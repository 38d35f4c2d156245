"""The platform is away for ten minutes by the event loop's clock, with the runner's real pauses between its tries."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from pathlib import Path

from conftest_runner import running
from scripted_platform import Conversation, ScriptedPlatform, a_task, serving

from connect_eaas import BackgroundResponse, Extension, event
from connect_eaas.runner.settings import Limits

TEN_MINUTES_S = 600.0


class MovedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time can be moved on."""

    offset_s = 0.0

    def time(self) -> float:
        return super().time() + self.offset_s


class Patient(Extension):
    """Its handlers end when the test says so."""

    gate: asyncio.Event

    @event("asset_purchase_request_processing", statuses=["pending"])
    async def purchase(self, request: dict[str, object]) -> BackgroundResponse:
        await self.gate.wait()
        return BackgroundResponse.done()


class Pauses(logging.Handler):
    """Notes how long the runner waits before its next try."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: asyncio.Queue[float] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        if "trying again in" in record.msg and isinstance(record.args, tuple):
            wait = record.args[1]
            assert isinstance(wait, float)
            self.waits.put_nowait(wait)


def test_fifty_results_outlast_ten_minutes_without_a_platform(tmp_path: Path) -> None:
    loop = MovedLoop()
    begun = time.monotonic()
    try:
        loop.run_until_complete(_outlast(loop, tmp_path))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    assert loop.offset_s >= TEN_MINUTES_S
    assert time.monotonic() - begun < TEN_MINUTES_S / 10, "the clock was moved, nobody waited"


async def _outlast(loop: MovedLoop, folder: Path) -> None:
    platform, pauses = ScriptedPlatform(), Pauses()
    Patient.gate = asyncio.Event()
    tasks = [a_task(number, object_id=f"PR-{number}") for number in range(1, 51)]
    for task in tasks:
        platform.objects[f"requests/{task.input.object_id}"] = {"id": task.input.object_id, "status": "pending"}
    log = logging.getLogger("connect.eaas.runner.background")
    log.addHandler(pauses)
    try:
        async with serving(platform):
            port = platform.port
            run = running(Patient, platform, folder / "state", limits=Limits(background_s=10_000))
            worker = await run.__aenter__()
            await platform.connected()
            await platform.background.send(*tasks)
            await platform.until(lambda: len(platform.requests) == 2 * len(tasks), within_s=30)
            connected: list[Conversation] = list(platform.conversations.values())
            for conversation in connected:
                conversation.socket.transport.abort()
        # Nobody listens at the port now.
        Patient.gate.set()
        away_s = 0.0
        tries = 0
        while away_s < TEN_MINUTES_S:
            wait = await asyncio.wait_for(pauses.waits.get(), 1000)
            away_s += wait
            tries += 1
            loop.offset_s += wait
        assert worker.worker.stop.reason is None, "the runner never gives up"
        assert tries > 60, "eager in the first minute"
        platform.conversations.clear()
        async with serving(platform, port=port):
            loop.offset_s += await asyncio.wait_for(pauses.waits.get(), 1000)
            await platform.until(lambda: len(platform.results) >= len(tasks), within_s=30)
            # Another round trip: whatever was sent twice would have come before.
            await platform.background.send(a_task(99))
            await platform.result_of(a_task(99))
            report = await worker.stop()
            await run.__aexit__(None, None, None)
    finally:
        log.removeHandler(pauses)
    counted = Counter(result.options.lease for result in platform.results)
    assert counted == {task.options.lease: 1 for task in [*tasks, a_task(99)]}
    assert {result.output.result for result in platform.results if result.output is not None} == {"success"}
    assert report.undelivered == 0
