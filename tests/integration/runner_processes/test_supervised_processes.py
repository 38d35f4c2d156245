"""Each kind of session has its own process; those that die are replaced, and all of them stop together."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from scripted_platform import ScriptedPlatform, Task, a_task
from watched_process import cextrun, traces


def a_validation(number: int) -> Task:
    return a_task(
        number, category="interactive", event_type="asset_purchase_request_validation", data={"id": f"PR-{number}"}
    )


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.mark.parametrize("how", ["fork", "spawn"])
async def test_kinds_run_in_processes_of_their_own_and_hooks_once(
    platform: ScriptedPlatform, project: Path, how: str
) -> None:
    async with cextrun(project, platform, CONNECT_PROCESS_START=how) as runner:
        await platform.connected()
        if sys.platform == "linux":
            # What forks must have no threads.
            assert threads_of(runner.process.pid) == 1
        await platform.background.send(a_task(1))
        await platform.interactive.send(a_validation(2))
        await platform.result_of(a_task(1))
        await platform.result_of(a_validation(2))
        runner.process.send_signal(signal.SIGTERM)
        status = await runner.ended()

    assert status == 0, runner.log
    ((background,), (interactive,)) = traces(project, "purchase"), traces(project, "validate")
    assert len({background, interactive, runner.process.pid}) == 3
    assert len(traces(project, "startup")) == 1
    assert traces(project, "shutdown") == traces(project, "startup")
    assert runner.log.count("stopped (signal SIGTERM)") == 1
    assert "2 task(s) finished" in runner.log
    assert "Warning" not in runner.log


async def test_no_process_runs_a_task_before_the_start_up_hook_has_run_in_one_of_them(
    platform: ScriptedPlatform, project: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    module = project / "my_extension" / "events.py"
    # Opening waits for somebody who writes.
    opened = f'open({str(gate)!r}).close()\n        trace("startup")'
    module.write_text(module.read_text().replace('trace("startup")', opened))
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.background.send(a_task(1))
        await platform.interactive.send(a_validation(2))
        with pytest.raises(TimeoutError):
            await platform.until(lambda: bool(platform.results), within_s=1)
        await asyncio.to_thread(gate.write_text, "")
        await platform.result_of(a_task(1))
        await platform.result_of(a_validation(2))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log
    assert len(traces(project, "startup")) == 1


async def test_killed_worker_is_replaced_at_once_and_the_other_goes_on(
    platform: ScriptedPlatform, project: Path
) -> None:
    platform.objects["requests/PR-9"] = {"id": "PR-9", "plan": "die"}
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.interactive.send(a_validation(1))
        await platform.result_of(a_validation(1))
        kept = platform.interactive
        gone = platform.background
        await gone.send(a_task(2, object_id="PR-9"))
        await platform.until(lambda: platform.conversations.get("background") is not gone)
        begun = time.monotonic()
        await platform.connected("background")
        replaced_in = time.monotonic() - begun
        await platform.background.send(a_task(3))
        await platform.interactive.send(a_validation(4))
        await platform.result_of(a_task(3))
        await platform.result_of(a_validation(4))
        runner.process.send_signal(signal.SIGTERM)
        status = await runner.ended()

    assert status == 0, runner.log
    assert "the background worker" in runner.log
    assert "signal SIGKILL" in runner.log
    assert replaced_in < 2.0
    assert platform.all_conversations.count(kept) == 1
    assert len(set(traces(project, "purchase"))) == 2
    assert len(set(traces(project, "validate"))) == 1


async def test_result_of_a_killed_worker_is_delivered_by_its_replacement(
    platform: ScriptedPlatform, project: Path
) -> None:
    platform.acknowledging = False
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        platform.acknowledging = True
        os.kill(traces(project, "purchase")[0], signal.SIGKILL)
        await platform.until(lambda: len(platform.results_of("TQ-0001")) == 2)
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert "1 result(s) of an earlier run will be delivered" in runner.log


async def test_start_up_hook_runs_again_where_its_process_was_replaced(
    platform: ScriptedPlatform, project: Path
) -> None:
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.interactive.send(a_validation(1))
        await platform.result_of(a_validation(1))
        (first,) = traces(project, "startup")
        os.kill(first, signal.SIGKILL)
        await runner.until_logged("it is replaced")
        await platform.connected()
        await platform.background.send(a_task(2))
        await platform.interactive.send(a_validation(3))
        await platform.result_of(a_task(2))
        await platform.result_of(a_validation(3))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert len(traces(project, "startup")) == 2
    assert traces(project, "shutdown") == traces(project, "startup")[1:]


async def test_worker_that_alone_is_stopped_finishes_its_task_and_is_replaced(
    platform: ScriptedPlatform, project: Path
) -> None:
    platform.objects["requests/PR-7"] = {"id": "PR-7", "plan": "slow"}
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.background.send(a_task(1, object_id="PR-7"))
        await runner.until_logged("version ONE")
        os.kill(traces(project, "purchase")[0], signal.SIGTERM)
        await platform.result_of(a_task(1))
        await runner.until_logged("it is replaced")
        await platform.connected()
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert len(platform.results_of("TQ-0001")) == 1


async def test_all_processes_end_when_the_supervisor_is_killed_even_with_a_blocked_loop(
    platform: ScriptedPlatform, project: Path
) -> None:
    platform.objects["requests/PR-8"] = {"id": "PR-8", "status": "pending"}
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.background.send(a_task(1, event_type="asset_change_request_processing", object_id="PR-8"))
        await runner.until_logged("the loop is blocked")
        runner.process.kill()
        # The pipe of its log closes when the last process has ended.
        await runner.ended()


async def test_second_signal_ends_a_blocked_loop(platform: ScriptedPlatform, project: Path) -> None:
    async with cextrun(project, platform) as runner:
        await platform.connected()
        await platform.background.send(a_task(1, event_type="asset_change_request_processing"))
        await runner.until_logged("the loop is blocked")
        runner.process.send_signal(signal.SIGTERM)
        await platform.until(lambda: platform.shutdowns == ["interactive"])
        runner.process.send_signal(signal.SIGTERM)
        status = await runner.ended()

    assert status == 1, runner.log
    assert "the background worker did not end: it is killed" in runner.log


async def test_json_log_lines_name_the_task_and_hide_secrets(platform: ScriptedPlatform, project: Path) -> None:
    module = project / "my_extension" / "events.py"
    module.write_text(module.read_text().replace('"version ONE"', '"with ApiKey SU-000-000-000:secret-of-the-key"'))
    async with cextrun(project, platform, "--json", tables=True) as runner:
        await platform.connected()
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0

    lines = [json.loads(line) for line in runner.log.splitlines()]
    (own,) = [line for line in lines if "with ApiKey" in line["message"]]
    assert (own["task_id"], own["object_id"]) == ("TQ-0001", "PR-1")
    assert own["event_type"] == "asset_purchase_request_processing"
    assert own["worker"] == "background"
    assert own["level"] == "INFO"
    assert "secret-of-the-key" not in runner.log
    assert {line["worker"] for line in lines} >= {"background", "interactive", "supervisor"}
    (events,) = [line for line in lines if line["message"] == "Event subscriptions"]
    assert [row["Method"] for row in events["rows"]].count("purchase") == 1


async def test_json_log_says_in_one_line_what_keeps_new_code_from_running(
    platform: ScriptedPlatform, project: Path
) -> None:
    module = project / "my_extension" / "events.py"
    async with cextrun(project, platform, "--json") as runner:
        await platform.connected()
        module.write_text("def broken(:\n")
        runner.process.send_signal(signal.SIGHUP)
        await runner.until_logged("the running code is kept")
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0
    async with cextrun(project, platform, "--json") as started:
        assert await started.ended() == 3

    for log in (runner.log, started.log):
        lines = [json.loads(line) for line in log.splitlines()]
        (why,) = [line for line in lines if "the extension cannot run like this" in line["message"]]
        assert (why["level"], why["worker"]) == ("ERROR", "supervisor")
        assert "events.py:1" in why["message"]


async def checked(project: Path, **variables: str) -> tuple[int | None, str, str]:
    """Status, output and log of ``cextrun --check``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "connect_eaas.runner.main", "--check"),
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project), **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, log = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, output.decode(), log.decode()


def without_async(project: Path) -> None:
    module = project / "my_extension" / "events.py"
    module.write_text(module.read_text().replace("async def", "def"))


async def test_check_shows_settings_applications_and_features_and_opens_no_session(
    platform: ScriptedPlatform, project: Path
) -> None:
    without_async(project)
    status, shown, log = await checked(
        project, API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01", SERVER_ADDRESS="http://h"
    )

    assert status == 0, log
    for text in ("ENV-1-01", "ws://h", "my_extension.events:Application", "asset_purchase_request_processing"):
        assert text in shown
    assert platform.all_conversations == []


async def test_check_needs_no_credentials_and_prints_what_is_found(project: Path) -> None:
    without_async(project)
    status, shown, log = await checked(project)

    assert status == 0, log
    assert "warning LIC002  pyproject.toml" in shown
    assert "ENVIRONMENT_ID is not set" in shown
    assert "asset_purchase_request_processing" in shown
    # A setting that is there is checked all the same.
    assert (await checked(project, CONNECT_STOP_TIMEOUT="soon"))[0] == 2


async def test_check_fails_with_the_errors_of_the_project(project: Path) -> None:
    status, shown, log = await checked(project)

    assert status == 3
    assert "error MIX001  my_extension/events.py:" in shown
    assert "breaks 1 rule" in log
    assert "Traceback" not in log


async def test_crash_loop_slows_down_and_a_stop_ends_it(platform: ScriptedPlatform, project: Path) -> None:
    platform.objects["requests/PR-9"] = {"id": "PR-9", "plan": "die"}
    async with cextrun(project, platform) as runner:
        for number in (1, 2, 3):
            await platform.connected("background")
            old = platform.background
            await old.send(a_task(number, object_id="PR-9"))
            await platform.until(lambda old=old: platform.conversations.get("background") is not old)  # type: ignore[misc]
        await runner.until_logged("it is replaced in 1.0 s, as 3 died young")
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert "it is replaced in 0.5 s, as 2 died young" in runner.log
