from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from scripted_platform import API_KEY, ENVIRONMENT_ID, ScriptedPlatform, serving

from connect_eaas.declarations import Declarations
from connect_eaas.runner.settings import Limits, read_settings
from connect_eaas.runner.state_dir import open_slot
from connect_eaas.runner.worker import StopReport, Worker


class Running:
    """A worker in this process, against a scripted platform."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.report: StopReport | None = None
        self.error: Exception | None = None
        self.ended = anyio.Event()

    async def run(self) -> None:
        try:
            self.report = await self.worker.run()
        except Exception as error:
            self.error = error
        finally:
            self.ended.set()

    async def stop(self) -> StopReport:
        self.worker.stop.request("the test is over")
        with anyio.fail_after(20):
            await self.ended.wait()
        if self.error is not None:
            raise self.error
        assert self.report is not None
        return self.report


@pytest.fixture
async def platform() -> AsyncIterator[ScriptedPlatform]:
    scripted = ScriptedPlatform()
    async with serving(scripted):
        yield scripted


StartWorker = Callable[..., Awaitable[Running]]


@asynccontextmanager
async def running(
    application: type, platform: ScriptedPlatform, state: Path, *, api_key: str = API_KEY, limits: Limits | None = None
) -> AsyncIterator[Running]:
    """Run the application until the block ends."""
    settings = read_settings(
        {"API_KEY": api_key, "ENVIRONMENT_ID": ENVIRONMENT_ID, "SERVER_ADDRESS": platform.address}, unsecure=True
    )
    if limits is not None:
        settings = dataclasses.replace(settings, limits=limits)
    slot = open_slot(state, ENVIRONMENT_ID)
    try:
        worker = Worker(
            settings, Declarations.of(application), instance_id=slot.instance_id(), version="1.0.0", slot=slot
        )
        run = Running(worker)
        # No task group: fixtures are set up and torn down in different tasks.
        job = asyncio.create_task(run.run())
        yield run
        if not run.ended.is_set():
            run.worker.stop.request("the test is over")
            run.worker.stop.forced.set()
        await asyncio.wait_for(job, 20)
    finally:
        slot.close()


@pytest.fixture
async def start(platform: ScriptedPlatform, tmp_path: Path) -> AsyncIterator[StartWorker]:
    """Start a worker for an application class; it is stopped when the test ends."""
    async with AsyncExitStack() as stack:

        async def begin(application: type, **options: object) -> Running:
            return await stack.enter_async_context(
                running(application, platform, tmp_path / "state", **options)  # type: ignore[arg-type]
            )

        yield begin
