"""A platform in process, and a git repository to deploy to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from git_project import GitProject

from connect_devops.server import Platform, running_platform
from connect_devops.settings import Settings
from connect_eaas.client import ClientFactory


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(data_dir=tmp_path / "data", discovery_file=tmp_path / "discovery.json", port=0)
    async with running_platform(settings) as running:
        yield running


@pytest.fixture
def client(platform: Platform) -> Any:
    factory = ClientFactory(endpoint=f"{platform.url}/public/v1", api_key=platform.api_key, max_retries=0)
    yield factory.client()
    factory.close()


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    return GitProject(tmp_path / "my project")
