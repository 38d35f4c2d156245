"""Two platform processes' worth of platform on one PostgreSQL database."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from scripted_runner import made_for
from sqlalchemy import create_engine, make_url, text

from connect_devops.server import Platform, running_platform
from connect_devops.settings import Settings

POSTGRES_URL = os.environ.get("CONNECT_TEST_POSTGRES_URL")

pytestmark = pytest.mark.skipif(POSTGRES_URL is None, reason="CONNECT_TEST_POSTGRES_URL names no PostgreSQL server")


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty schema of its own."""
    assert POSTGRES_URL is not None
    schema = f"t{uuid.uuid4().hex}"
    admin = create_engine(make_url(POSTGRES_URL).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRES_URL).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def shared(settings: Settings, database_url: str) -> Settings:
    return dataclasses.replace(settings, database_url=database_url)


@pytest.fixture
async def first(shared: Settings) -> AsyncIterator[Platform]:
    async with running_platform(shared) as platform:
        yield platform


async def test_platform_that_starts_later_leaves_the_sessions_of_the_first_alone(
    first: Platform, shared: Settings, tmp_path: Path
) -> None:
    later = dataclasses.replace(shared, data_dir=tmp_path / "later", discovery_file=tmp_path / "later.json")
    later.data_dir.mkdir(mode=0o700)
    # What is encrypted in the database is for both to read.
    await asyncio.to_thread(shutil.copy, shared.data_dir / "secret.key", later.data_dir / "secret.key")
    async with made_for(first) as runners:
        runner = await runners.start(acknowledge=True)
        task_id = await runners.submit("PR-1")
        task = await runner.receive("task")
        async with running_platform(later) as second, made_for(second) as others:
            environment = (await others.api.get(others.base)).json()
            assert (environment["id"], environment["status"]) == (runners.environment_id, "connected")
            assert (await others.task(task_id))["status"] == "processing"
            await runner.answer(task)
            await runner.receive("ack")
            assert (await others.task(task_id))["status"] == "succeeded"
        assert (await runners.api.get(runners.base)).json()["status"] == "connected"
        assert len(await runners.attempts(task_id)) == 1
