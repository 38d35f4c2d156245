from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import live_web
import pytest

from connect_devops.server import Platform, running_platform
from connect_devops.services.extensions import Extension
from connect_devops.settings import Settings as PlatformSettings
from connect_eaas.declarations import Declarations
from connect_eaas.runner.settings import Limits, read_settings
from connect_eaas.runner.worker import Worker


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = PlatformSettings(data_dir=tmp_path / "data", discovery_file=tmp_path / "discovery.json", port=0)
    async with running_platform(settings) as running:
        yield running


@dataclasses.dataclass
class Web:
    """An extension whose web application runs."""

    platform: Platform
    extension: Extension
    worker: Worker | None = None
    job: asyncio.Task[Any] | None = None

    @property
    def environment_id(self) -> str:
        return self.extension.environments["development"].id

    @property
    def base(self) -> str:
        return f"{self.platform.url}/ext/{self.extension.id}/dev"

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base, timeout=20, **options)

    @asynccontextmanager
    async def running(self, limits: Limits | None = None, **options: Any) -> AsyncIterator[Worker]:
        settings = read_settings(
            {
                "API_KEY": self.platform.api_key,
                "ENVIRONMENT_ID": self.environment_id,
                "SERVER_ADDRESS": self.platform.url.removeprefix("http://"),
            },
            unsecure=True,
        )
        if limits is not None:
            settings = dataclasses.replace(settings, limits=limits)
        connected = anyio.Event()
        worker = Worker(
            settings,
            Declarations.of(live_web.LiveWeb),
            instance_id="web-1",
            version="1.0.0",
            kinds=["web"],
            connected=lambda _: connected.set(),
            **options,
        )
        job = asyncio.create_task(worker.run())
        try:
            with anyio.fail_after(10):
                await connected.wait()
            yield worker
        finally:
            live_web.released.set()
            worker.stop.request("the test is over")
            await asyncio.wait_for(job, 20)


@pytest.fixture
async def web(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Web:
    """A multi-account extension without a runner."""
    monkeypatch.setenv("API_KEY", platform.api_key)
    live_web.released.clear()
    # A test before may have left without waiting for everybody who came in.
    while live_web.entered.acquire(blocking=False):
        pass
    live_web.seen.clear()
    live_web.life.clear()
    live_web.refusal.clear()
    owner = platform.services.accounts.owner()
    assert owner is not None
    extension = await asyncio.to_thread(make_extension, platform, owner.id)
    return Web(platform, extension)


def make_extension(platform: Platform, owner_id: str) -> Extension:
    return platform.services.extensions.create(owner_id, type="multiaccount", name="Web", package_id="connect.web")


@pytest.fixture
async def running(web: Web) -> AsyncIterator[Web]:
    async with web.running():
        yield web


@pytest.fixture
async def anyone(running: Web) -> AsyncIterator[httpx.AsyncClient]:
    """A caller without a key."""
    async with running.client() as client:
        yield client


@pytest.fixture
async def owner(running: Web) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with the owner's key."""
    async with running.client(headers={"Authorization": running.platform.api_key}) as client:
        yield client
