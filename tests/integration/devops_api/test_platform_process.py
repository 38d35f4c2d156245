"""The platform as a process: starting, not starting, stopping."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from scripted_runner import CUSTOM_EVENT, Reachable, made_for

from connect_devops.clock import ManualClock
from connect_devops.discovery import read_discovery
from connect_devops.errors import AlreadyRunningError, PortError, StartError
from connect_devops.listeners import bind
from connect_devops.server import Platform, running_platform
from connect_devops.settings import Settings

PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from connect_devops.errors import StartError
    from connect_devops.server import serve
    from connect_devops.settings import Settings

    base = Path(sys.argv[1])
    try:
        serve(
            Settings(data_dir=base / "data", discovery_file=base / "discovery.json", port=0),
            ready=lambda platform: print(platform.url, flush=True),
        )
    except StartError as error:
        sys.exit(str(error))
    print("stopped", flush=True)
    """
)


def start(base: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(base)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        facts = read_discovery(tmp_path / "discovery.json")
        assert facts is not None
        assert (facts["url"], facts["pid"]) == (url, process.pid)
        answer = httpx.get(f"{url}/public/v1/accounts", headers={"Authorization": facts["api_key"]}, trust_env=False)
        assert answer.status_code == 200
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stdout.read() == "stopped\n"
    assert not (tmp_path / "discovery.json").exists()


def test_killed_platform_starts_again_with_its_data(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        with start(tmp_path) as process:
            assert process.stdout is not None
            process.stdout.readline()
            facts = read_discovery(tmp_path / "discovery.json")
            assert facts is not None
            keys.append(facts["api_key"])
            process.kill()
        assert read_discovery(tmp_path / "discovery.json") is None
    assert keys[0] == keys[1]


@pytest.mark.parametrize("replaced", [False, True])
def test_lost_database_ends_the_platform_with_a_clear_message(tmp_path: Path, replaced: bool) -> None:
    file = tmp_path / "data" / "platform.db"
    with start(tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        if replaced:
            other = file.with_suffix(".other")
            other.write_bytes(file.read_bytes())
            other.replace(file)
        else:
            file.unlink()
        # It may have noticed by itself already.
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/public/v1/accounts", headers={"Authorization": "ApiKey SU-1:x"}, trust_env=False)
            assert answer.status_code == 503
            assert f"The database {file} was deleted or replaced" in answer.json()["errors"][0]
        assert process.wait(20) == 1
        said = process.stderr.read()
        assert f"The database {file} was deleted or replaced" in said
        assert "Traceback" not in said
    with start(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://")
        process.terminate()


async def test_killed_platform_loses_no_task_and_remembers_no_session(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        async with made_for(reachable(process, tmp_path)) as runners:
            runner = await runners.start(acknowledge=True)
            interactive = await runners.start(runner_type="interactive")
            held_id = await runners.submit("PR-1")
            task = await runner.receive("task")
            asked_id = await runners.submit("PRD-100-200-300", CUSTOM_EVENT)
            await interactive.receive("task")
            process.kill()
            assert await runner.closed() == 1006
    with start(tmp_path) as process:
        async with made_for(reachable(process, tmp_path)) as runners:
            environment = (await runners.api.get(runners.base)).json()
            assert (environment["status"], environment["instances"]) == ("disconnected", [])
            assert (await runners.task(asked_id))["status"] == "failed"
            runner = await runners.start(acknowledge=True, held=[task["options"]["correlation_id"]])
            await runner.answer(task)
            await runner.receive("ack")
            assert (await runners.task(held_id))["status"] == "succeeded"
            assert len(await runners.attempts(held_id)) == 1
        process.terminate()


def reachable(process: subprocess.Popen[str], base: Path) -> Reachable:
    """Wait for a started platform to be ready."""
    assert process.stdout is not None
    process.stdout.readline()
    facts = read_discovery(base / "discovery.json")
    assert facts is not None
    return Reachable(facts["url"], facts["ws_url"], facts["api_key"])


def test_second_platform_on_the_same_data_dir_exits_with_a_message(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        second = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
        )
        process.kill()
    assert second.returncode == 1
    assert f"in use by process {process.pid}" in second.stderr
    assert "Traceback" not in second.stderr


async def test_taken_port_is_a_start_error_and_leaves_the_data_dir_free(settings: Settings) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        wrong = Settings(data_dir=settings.data_dir, discovery_file=settings.discovery_file, port=port)
        with pytest.raises(PortError, match=str(port)):
            async with running_platform(wrong):
                pass
    assert not settings.discovery_file.exists()
    async with running_platform(settings):
        assert settings.discovery_file.exists()


async def test_data_dir_in_use_is_a_start_error(settings: Settings) -> None:
    async with running_platform(settings):
        with pytest.raises(AlreadyRunningError):
            async with running_platform(settings):
                pass


async def test_unwritable_discovery_file_is_a_start_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    wrong = Settings(data_dir=tmp_path / "data", discovery_file=tmp_path / "file" / "discovery.json", port=0)
    with pytest.raises(StartError, match="discovery file"):
        async with running_platform(wrong):
            pass


async def test_moved_clock_is_kept_over_a_restart(settings: Settings) -> None:
    async with running_platform(settings) as platform:
        await move(platform, 86_400)
    async with running_platform(settings) as platform:
        ahead = platform.clock.now() - datetime.now(timezone.utc)
        assert timedelta(hours=23) < ahead < timedelta(hours=25)


async def move(platform: Platform, seconds: int) -> None:
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": platform.api_key}) as client:
        answer = await client.post(f"{platform.url}/public/v1/devops/local/clock", json={"advance": seconds})
        assert answer.status_code == 200, answer.text


async def test_discovery_file_knows_new_extensions_and_projects(settings: Settings, clock: ManualClock) -> None:
    async with (
        running_platform(settings, clock=clock) as platform,
        httpx.AsyncClient(
            base_url=f"{platform.url}/public/v1", trust_env=False, headers={"Authorization": platform.api_key}
        ) as client,
    ):
        body = {"type": "products", "name": "New", "products": [{"id": "PRD-100-200-300"}]}
        extension = (await client.post("/devops/services", json=body)).json()
        environment_id = extension["environments"]["development"]["id"]
        link = {"directory": "/somewhere/project", "environment": environment_id}
        assert (await client.post("/devops/local/projects", json=link)).status_code == 200
        facts = json.loads(settings.discovery_file.read_text())
        assert [item["id"] for item in facts["extensions"]] == [extension["id"]]
        assert facts["projects"] == {"/somewhere/project": environment_id}
        relative = await client.post("/devops/local/projects", json={**link, "directory": "project"})
        assert (relative.status_code, relative.json()["errors"][0].partition(":")[0]) == (400, "directory")


async def test_secrets_on_disk_are_for_their_owner_only(settings: Settings) -> None:
    async with running_platform(settings) as platform:
        for file in (
            settings.data_dir / "api-key",
            settings.data_dir / "secret.key",
            settings.data_dir / "tls" / "server.pem",
            settings.discovery_file,
        ):
            assert file.stat().st_mode & 0o077 == 0, file
        assert settings.data_dir.stat().st_mode & 0o077 == 0
        assert platform.ca_file.is_file()
