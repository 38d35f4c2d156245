"""Changed code is loaded anew beside what runs: by a saved file with --reload, by SIGHUP without it."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from scripted_platform import ScriptedPlatform, Task, a_task
from watched_process import cextrun, traces


def message(result: Task) -> str | None:
    assert result.output is not None
    return result.output.message


async def fresh_background(platform: ScriptedPlatform, old: object) -> None:
    await platform.until(lambda: platform.conversations.get("background") not in (None, old))


async def test_saved_file_is_served_soon_and_the_running_task_is_not_lost(
    platform: ScriptedPlatform, project: Path
) -> None:
    module = project / "my_extension" / "events.py"
    platform.objects["requests/PR-7"] = {"id": "PR-7", "plan": "slow"}
    async with cextrun(project, platform, "--reload") as runner:
        await platform.connected()
        await platform.background.send(a_task(1, object_id="PR-7"))
        await runner.until_logged("version ONE")
        old = platform.background
        module.write_text(module.read_text().replace('"one"', '"two"'))
        running = await platform.result_of(a_task(1))
        await fresh_background(platform, old)
        await platform.background.send(a_task(2))
        afterwards = await platform.result_of(a_task(2))
        old = platform.background
        begun = time.monotonic()
        module.write_text(module.read_text().replace('"two"', '"three"'))
        await fresh_background(platform, old)
        idle_s = time.monotonic() - begun
        # Hooks come in pairs only where there was time for the first: a task is run after it.
        await platform.background.send(a_task(3))
        await platform.result_of(a_task(3))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert message(running) == "one"
    assert message(afterwards) == "two"
    # Under a second where the machine has nothing else to do; see benchmarks/reload.py.
    assert idle_s < 5.0
    assert runner.log.count("changed: my_extension/events.py") == 2
    assert runner.log.count("reloaded in ") == 2
    assert " s: 3 events\n" in runner.log
    assert " Application.purchase (" in runner.log
    assert " s so far), at most 10 s; Ctrl-C twice gives up" in runner.log
    assert len(traces(project, "startup")) == len(traces(project, "shutdown")) == 3


async def test_file_saved_before_anybody_watches_is_loaded_too(platform: ScriptedPlatform, project: Path) -> None:
    """The code saves a new version of itself while it is imported: the watching process is still being started."""
    module = project / "my_extension" / "events.py"
    new = module.read_text().replace('"one"', '"two"')
    (project / "next.txt").write_text(new)
    # Two processes do so, and either may be stopped at any moment: the file is never half there. The old version never
    # gets any further.
    save = "import os, shutil, threading\nos.replace(shutil.copy('next.txt', f'{os.getpid()}.txt'), __file__)\n"
    module.write_text(f"{save}threading.Event().wait()\n{module.read_text()}")
    async with cextrun(project, platform, "--reload", "--no-validate") as runner:
        await runner.until_logged("changed: my_extension/events.py")
        await platform.connected()
        await platform.background.send(a_task(1))
        result = await platform.result_of(a_task(1))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert message(result) == "two"
    assert runner.log.count("changed: my_extension/events.py") == 1


async def test_problems_come_after_the_tables_and_tables_only_when_they_are_new(
    platform: ScriptedPlatform, project: Path
) -> None:
    """Both on one stream, as in a terminal: what is written last stands last."""
    module = project / "my_extension" / "events.py"
    unknown = '\n    @event("no_such_event", statuses=[])\n    def nothing(self, request):\n        pass\n'
    text = module.read_text().rstrip() + "\n" + unknown
    module.write_text(text)
    names = ("API_KEY", "ENVIRONMENT_ID", "SERVER_ADDRESS")
    (project / ".my_extension_dev.env").write_text("".join(f"export {name}=unused\n" for name in names))
    async with cextrun(project, platform, "--reload", tables=True) as runner:
        await runner.until_logged("EVT005")
        first = runner.log
        await platform.connected()
        old = platform.background
        module.write_text(text.replace('"one"', '"two"'))
        await runner.until_logged("EVT005", times=2)
        second = runner.log[len(first) :]
        await fresh_background(platform, old)
        old = platform.background
        module.write_text(text.replace("def validate(", "def check("))
        await runner.until_logged("EVT005", times=3)
        third = runner.log[len(first) + len(second) :]
        await fresh_background(platform, old)
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert "Event subscriptions" in first
    assert first.index("Event subscriptions") < first.index("EVT005")
    assert "Event subscriptions" not in second
    assert second.index("reloaded in") < second.index("EVT005")
    assert third.index("Event subscriptions") < third.index("reloaded in") < third.index("EVT005")
    assert " Fix: " in runner.log
    assert runner.log.count("env file: ") == 1
    assert "not used: the real environment sets all of its variables, and wins" in runner.log


async def test_hang_up_loads_new_code_and_keeps_the_old_where_the_new_is_wrong(
    platform: ScriptedPlatform, project: Path
) -> None:
    module = project / "my_extension" / "events.py"
    original = module.read_text()
    async with cextrun(project, platform) as runner:
        await platform.connected()
        old = platform.background
        module.write_text("this is no Python\n")
        runner.process.send_signal(signal.SIGHUP)
        await runner.until_logged("the running code is kept")
        await platform.background.send(a_task(1))
        kept = await platform.result_of(a_task(1))
        module.write_text(original.replace('"one"', '"two"'))
        runner.process.send_signal(signal.SIGHUP)
        await fresh_background(platform, old)
        await platform.background.send(a_task(2))
        loaded = await platform.result_of(a_task(2))
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log

    assert message(kept) == "one"
    assert message(loaded) == "two"
    assert "events.py:1: " in runner.log


async def test_project_that_is_wrong_at_the_start_is_waited_for(platform: ScriptedPlatform, project: Path) -> None:
    module = project / "my_extension" / "events.py"
    original = module.read_text()
    module.write_text("this is no Python\n")
    async with cextrun(project, platform, "--reload") as runner:
        await runner.until_logged("waiting for a change")
        module.write_text(original)
        await platform.connected()
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log


async def test_stop_while_the_extension_is_imported(platform: ScriptedPlatform, project: Path) -> None:
    module = project / "my_extension" / "events.py"
    hold = "import sys, threading\nsys.stderr.write('importing\\n')\nthreading.Event().wait()\n"
    module.write_text(hold + module.read_text())
    async with cextrun(project, platform, "--no-validate") as runner:
        await runner.until_logged("importing")
        runner.process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(runner.ended(), 10)

    assert status == 0
    assert platform.all_conversations == []
