"""The real command with a metrics port: what Prometheus reads of all its processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from scripted_platform import ScriptedPlatform, a_task
from test_cextrun_process import Runner, cextrun, credentials, run

from connect_eaas.runner.metrics import Board
from connect_eaas.runner.metrics_export import health

KINDS = ("background", "interactive")


class Metrics:
    def __init__(self, url: str) -> None:
        self.url = url

    async def read(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(self.url)
        answer.raise_for_status()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    async def value(self, name: str, **labels: str) -> float:
        return (await self.read())[name, frozenset(labels.items())]


@asynccontextmanager
async def measured(
    project: Path, platform: ScriptedPlatform, *flags: str, **variables: str
) -> AsyncIterator[tuple[Runner, Metrics]]:
    async with cextrun(
        project, "-u", "-d", "--metrics-port", "0", *flags, **credentials(platform), **variables
    ) as runner:
        await runner.until_logged("/metrics")
        address = re.search(r"http://127\.0\.0\.1:\d+/metrics", runner.log)
        assert address is not None
        await platform.connected()
        yield runner, Metrics(address[0])


async def test_tasks_results_outbox_and_connections_of_all_processes(platform: ScriptedPlatform, project: Path) -> None:
    async with measured(project, platform) as (runner, metrics):
        for number in range(1, 4):
            await platform.background.send(a_task(number))
            await platform.result_of(a_task(number))
        missing = a_task(4, event_type="asset_change_request_processing")
        await platform.background.send(missing)
        await platform.result_of(missing)

        assert await metrics.value("connect_tasks_total", category="background", result="skip") == 3
        assert await metrics.value("connect_tasks_total", category="background", result="fail") == 1
        assert await metrics.value("connect_task_duration_seconds_count", category="background") == 4
        assert await metrics.value("connect_tasks_running", category="background") == 0
        assert await metrics.value("connect_connections_total", worker="background") == 1
        assert await metrics.value("connect_connections_total", worker="interactive") == 1
        assert await metrics.value("connect_reconnects_total", worker="background") == 0

        before = platform.background
        await before.socket.close(1011)
        await platform.until(lambda: platform.conversations.get("background") not in (None, before))
        await platform.background.send(a_task(5))
        await platform.result_of(a_task(5))
        assert await metrics.value("connect_reconnects_total", worker="background") == 1
        assert await metrics.value("connect_sessions_connected", worker="background") == 1

        platform.acknowledging = False
        await platform.background.send(a_task(6))
        await platform.result_of(a_task(6))
        assert await metrics.value("connect_outbox_results", worker="background") == 1
        platform.acknowledging = True
        platform.background.socket.transport.abort()
        await platform.until(lambda: len(platform.results_of("TQ-0006")) == 2)

        runner.process.terminate()
        assert await runner.ended() == 0


async def test_killed_worker_is_counted_and_its_counts_are_kept(platform: ScriptedPlatform, project: Path) -> None:
    async with measured(project, platform) as (runner, metrics):
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        await runner.until_logged("the background worker runs in process")
        process = int(re.findall(r"the background worker runs in process (\d+)", runner.log)[-1])
        before = platform.background
        os.kill(process, signal.SIGKILL)
        await platform.until(lambda: platform.conversations.get("background") not in (None, before))
        await platform.background.send(a_task(2))
        await platform.result_of(a_task(2))

        assert await metrics.value("connect_worker_restarts_total", worker="background") == 1
        assert await metrics.value("connect_worker_restarts_total", worker="interactive") == 0
        assert await metrics.value("connect_tasks_total", category="background", result="skip") == 2


async def test_running_tasks_are_seen_while_they_run(platform: ScriptedPlatform, project: Path, tmp_path: Path) -> None:
    platform.objects["requests/PR-1"] = {"id": "PR-1", "status": "pending", "hold": str(tmp_path / "held")}
    async with measured(project, platform) as (_, metrics):
        await platform.background.send(a_task(1))
        await platform.until(lambda: any("requests/PR-1" in request for request in platform.requests))
        assert await metrics.value("connect_tasks_running", category="background") == 1


async def test_health_is_200_while_every_session_is_connected(platform: ScriptedPlatform, project: Path) -> None:
    async with measured(project, platform) as (runner, metrics), httpx.AsyncClient(trust_env=False) as client:
        address = metrics.url.replace("/metrics", "/health")
        # Whoever has an answer to a task has been connected.
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        interactive = a_task(2, category="interactive", event_type="asset_purchase_request_validation")
        await platform.interactive.send(interactive)
        await platform.result_of(interactive)
        well = await client.get(address)

        # One of the sessions is refused from now on.
        platform.refuse_with = 503
        platform.background.socket.transport.abort()
        await platform.until(lambda: platform.refused > 0)
        ill = await client.get(address)
        platform.refuse_with = None
        await platform.connected()
        await platform.background.send(a_task(3))
        await platform.result_of(a_task(3))
        again = await client.get(address)

        runner.process.terminate()
        assert await runner.ended() == 0

    quiet = {"connected": True, "results_waiting": 0, "handlers_stuck": 0}
    assert (well.status_code, well.json()) == (
        200,
        {"ok": True, "stopping": False, "sessions": dict.fromkeys(KINDS, quiet)},
    )
    assert (ill.status_code, ill.json()["ok"]) == (503, False)
    assert {kind: state["connected"] for kind, state in ill.json()["sessions"].items()} == {
        "background": False,
        "interactive": True,
    }
    assert again.status_code == 200


async def test_health_is_503_while_a_stop_waits_for_a_task(
    platform: ScriptedPlatform, project: Path, tmp_path: Path
) -> None:
    platform.objects["requests/PR-1"] = {"id": "PR-1", "status": "pending", "hold": str(tmp_path / "held")}
    async with measured(project, platform) as (runner, metrics), httpx.AsyncClient(trust_env=False) as client:
        await platform.background.send(a_task(1))
        await runner.until_logged("version ONE")
        runner.process.terminate()
        await runner.until_logged("waiting for TQ-")
        answer = await client.get(metrics.url.replace("/metrics", "/health"))
        runner.process.terminate()
        assert await runner.ended() == 1

    assert answer.status_code == 503
    assert answer.json()["stopping"] is True
    assert answer.json()["sessions"]["background"]["connected"] is True


def test_sessions_that_have_not_begun_are_not_well(tmp_path: Path) -> None:
    assert health(tmp_path, []) == {"ok": False, "stopping": False, "sessions": {}}
    assert not health(tmp_path, ["background"])["ok"]
    board = Board(tmp_path / "background")
    board.connected(again=False)
    board.owed(2)
    board.stuck(1)
    expected = {"connected": True, "results_waiting": 2, "handlers_stuck": 1}
    sessions = {"background": expected}
    assert health(tmp_path, ["background"]) == {"ok": True, "stopping": False, "sessions": sessions}
    assert health(tmp_path, ["background"], stopping=True) == {"ok": False, "stopping": True, "sessions": sessions}
    # A kind that a reload has taken away does not matter any more.
    assert health(tmp_path, ["background", "web"])["ok"] is False
    board.disconnected()
    board.close()
    assert health(tmp_path, ["background"])["ok"] is False


async def test_without_the_flag_no_port_is_open(platform: ScriptedPlatform, project: Path) -> None:
    async with cextrun(project, "-u", **credentials(platform)) as runner:
        await platform.connected()
        runner.process.terminate()
        await runner.ended()
    assert "/metrics" not in runner.log


def test_port_in_use_ends_the_start_and_says_so(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(
            project, "--metrics-port", str(port), API_KEY="ApiKey SU-000-000-000:x", ENVIRONMENT_ID="ENV-1111-2222-01"
        )
    assert ended.returncode == 2
    assert f"CONNECT_METRICS_PORT: cannot listen at 127.0.0.1:{port}" in ended.stderr


@pytest.mark.parametrize("port", ["-1", "70000", "http"])
def test_wrong_port_is_refused_by_name(project: Path, port: str) -> None:
    ended = run(
        project, CONNECT_METRICS_PORT=port, API_KEY="ApiKey SU-000-000-000:x", ENVIRONMENT_ID="ENV-1111-2222-01"
    )
    assert ended.returncode == 2
    assert "CONNECT_METRICS_PORT: expected a port" in ended.stderr


async def test_json_log_lines_carry_the_task_that_they_belong_to(platform: ScriptedPlatform, project: Path) -> None:
    async with cextrun(project, "-u", "--json", **credentials(platform)) as runner:
        await platform.connected()
        await platform.background.send(a_task(7))
        await platform.result_of(a_task(7))
        runner.process.terminate()
        assert await runner.ended() == 0
    lines = [json.loads(line) for line in runner.log.splitlines()]
    handler = next(line for line in lines if line["message"].endswith("version ONE of the handler"))
    assert (handler["task_id"], handler["event_type"], handler["object_id"]) == (
        "TQ-0007",
        "asset_purchase_request_processing",
        "PR-1",
    )
    assert handler["worker"] == "background"
    assert handler["level"] == "INFO"
    supervisor = next(line for line in lines if line["message"].startswith("connect-extension-sdk"))
    assert supervisor["worker"] == "supervisor"
    assert "task_id" not in supervisor


async def test_health_is_that_of_the_code_that_runs(platform: ScriptedPlatform, project: Path) -> None:
    async with measured(project, platform) as (runner, metrics), httpx.AsyncClient(trust_env=False) as client:
        interactive = a_task(2, category="interactive", event_type="asset_purchase_request_validation")
        for session, task in ((platform.background, a_task(1)), (platform.interactive, interactive)):
            await session.send(task)
            await platform.result_of(task)
        # New code with a further session, which proves wrong: the old goes on.
        (project / "my_extension" / "web.py").write_text("this is no Python\n")
        with (project / "pyproject.toml").open("a") as file:
            file.write('webapp = "my_extension.web:Application"\n')
        runner.process.send_signal(signal.SIGHUP)
        await runner.until_logged("the running code is kept")
        answer = await client.get(metrics.url.replace("/metrics", "/health"))
        runner.process.terminate()
        assert await runner.ended() == 0

    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert set(answer.json()["sessions"]) == set(KINDS)
