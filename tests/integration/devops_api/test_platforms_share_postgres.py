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

from connect_devops.errors import StartError
from connect_devops.server import Platform, running_platform
from connect_devops.services.signals import TasksDue, TaskSettled
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


def beside(shared: Settings, tmp_path: Path) -> Settings:
    """Settings of a second platform, with the first one's key."""
    later = dataclasses.replace(shared, data_dir=tmp_path / "beside", discovery_file=tmp_path / "beside.json")
    later.data_dir.mkdir(mode=0o700)
    shutil.copy(shared.data_dir / "secret.key", later.data_dir / "secret.key")
    return later


async def test_what_one_platform_makes_the_other_one_delivers_at_once(
    first: Platform, shared: Settings, tmp_path: Path
) -> None:
    later = await asyncio.to_thread(beside, shared, tmp_path)
    async with made_for(first) as runners:
        runner = await runners.start(acknowledge=True)
        async with running_platform(later) as second, made_for(second) as others:
            # Heartbeats come every five seconds and deliver nothing; only the signal of the second one wakes the first.
            task_id = await others.submit("PR-2")
            task = await asyncio.wait_for(runner.receive("task"), 3)
            # The other way round: the second one hears what became of the task.
            with second.services.signals.listen(lambda signal: isinstance(signal, TaskSettled)) as inbox:
                await runner.answer(task)
                (settled, *_) = await asyncio.wait_for(inbox.get(), 3)
            assert isinstance(settled, TaskSettled)
            assert (settled.task_id, settled.status) == (task_id, "succeeded")


async def test_a_lost_connection_is_made_anew_and_nothing_stays_asleep(
    first: Platform, shared: Settings, tmp_path: Path, database_url: str
) -> None:
    later = await asyncio.to_thread(beside, shared, tmp_path)
    async with made_for(first) as runners:
        runner = await runners.start(acknowledge=True)
        async with running_platform(later) as second, made_for(second) as others:
            with first.services.signals.listen(lambda signal: isinstance(signal, TasksDue)) as woken:
                await asyncio.to_thread(cut_listeners, database_url)
                await woken.get()
            # A change of the configuration may have been missed, so it comes again.
            await asyncio.wait_for(runner.receive("setup_response"), 3)
            await others.submit("PR-3")
            await asyncio.wait_for(runner.receive("task"), 3)


def cut_listeners(database_url: str) -> None:
    """End the connections that wait for notifications, as a restart of the database would."""
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        ended = connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN connect_devops%'")
        ).all()
    engine.dispose()
    assert ended


async def test_another_key_ends_the_platform_at_its_start(first: Platform, shared: Settings, tmp_path: Path) -> None:
    other = dataclasses.replace(shared, data_dir=tmp_path / "other", discovery_file=tmp_path / "other.json")
    async with made_for(first):
        with pytest.raises(StartError, match=r"secret\.key .* is not the key .* Put the old file back"):
            async with running_platform(other):
                pass
