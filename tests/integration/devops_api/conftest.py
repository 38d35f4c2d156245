"""A real platform on loopback, and what is needed to talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from scripted_runner import Runners, made_for

from connect_devops.clock import ManualClock
from connect_devops.server import Platform, running_platform
from connect_devops.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        discovery_file=tmp_path / "discovery.json",
        port=0,
        lease_grace=timedelta(seconds=15),
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 6, 12, tzinfo=timezone.utc))


@pytest.fixture
async def platform(settings: Settings, clock: ManualClock) -> AsyncIterator[Platform]:
    async with running_platform(settings, clock=clock) as running:
        yield running


@pytest.fixture
async def runners(platform: Platform) -> AsyncIterator[Runners]:
    """An extension with a product, and runners for it on demand."""
    async with made_for(platform) as made:
        yield made


@pytest.fixture
def api(runners: Runners) -> httpx.AsyncClient:
    """A client with the owner's key; an extension exists."""
    return runners.api
