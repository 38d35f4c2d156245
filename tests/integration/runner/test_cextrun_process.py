"""The real command as a process: real signals, real files, real exit statuses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from scripted_platform import API_KEY, ENVIRONMENT_ID, ScriptedPlatform, a_task

COMMAND = [sys.executable, "-m", "connect_eaas.runner.main", "--no-rich-logging"]

EVENTS = """
    from pathlib import Path

    from connect.eaas.core.decorators import event
    from connect.eaas.core.extension import EventsApplicationBase
    from connect.eaas.core.responses import BackgroundResponse


    class Application(EventsApplicationBase):
        @event("asset_purchase_request_processing", statuses=["pending"])
        def purchase(self, request):
            self.logger.info("version ONE of the handler")
            if request.get("hold"):
                Path(request["hold"]).touch()
                import threading
                threading.Event().wait()
            return BackgroundResponse.skip("one")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An extension that is not installed."""
    root = tmp_path / "my-extension"
    package = root / "my_extension"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "events.py").write_text(dedent(EVENTS))
    (package / "extension.json").write_text(
        json.dumps({"name": "x", "readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"})
    )
    (root / "pyproject.toml").write_text(
        dedent("""
            [tool.poetry]
            name = "my-extension"

            [tool.poetry.dependencies]
            connect-extension-sdk = "*"

            [tool.poetry.plugins."connect.eaas.ext"]
            eventsapp = "my_extension.events:Application"
        """)
    )
    return root


def environment(project: Path, **variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "XDG_STATE_HOME": str(project.parent / "state"), **variables}


def credentials(platform: ScriptedPlatform) -> dict[str, str]:
    return {"API_KEY": API_KEY, "ENVIRONMENT_ID": ENVIRONMENT_ID, "SERVER_ADDRESS": platform.address}


class Runner:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def until_logged(self, text: str) -> None:
        assert self.process.stderr is not None
        async with asyncio.timeout(20) if sys.version_info >= (3, 11) else _no_limit():
            while text not in self.log:
                line = await self.process.stderr.readline()
                assert line, f"{text!r} was not logged:\n{self.log}"
                self.log += line.decode()

    async def ended(self) -> int:
        assert self.process.stderr is not None
        self.log += (await asyncio.wait_for(self.process.stderr.read(), 20)).decode()
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def _no_limit() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def cextrun(project: Path, *flags: str, **variables: str) -> AsyncIterator[Runner]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *flags,
        cwd=project,
        env=environment(project, **variables),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Runner(process)
    finally:
        if process.returncode is None:
            process.kill()
        # To the end of the log, which the last of its processes closes.
        await process.communicate()


def run(project: Path, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *flags],
        cwd=project,
        env=environment(project, **{"SERVER_ADDRESS": "127.0.0.1:9", **variables}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_project_that_is_not_installed_runs_and_stops_on_a_signal(
    platform: ScriptedPlatform, project: Path, number: signal.Signals
) -> None:
    async with cextrun(project, "-d", "-u", **credentials(platform)) as runner:
        await platform.connected()
        await platform.background.send(a_task())
        answered = await platform.result_of(a_task())
        runner.process.send_signal(number)
        status = await runner.ended()

    assert status == 0, runner.log
    assert answered.output is not None
    assert answered.output.message == "one"
    assert sorted(platform.shutdowns) == ["background", "interactive"]
    assert "TQ-0001 version ONE of the handler" in runner.log
    assert f"stopped (signal {number.name})" in runner.log
    assert "1 task(s) finished" in runner.log
    assert "Traceback" not in runner.log
    assert "secret" not in runner.log


SPY = """
import os, socket, sys

noted = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def note(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        os.write(noted, f"wrote {os.fsdecode(arguments[0])}\\n".encode())
    elif event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        host = arguments[1][0] if event == "socket.connect" else arguments[0]
        os.write(noted, f"called {host.decode() if isinstance(host, bytes) else host}\\n".encode())
    elif event in ("subprocess.Popen", "os.posix_spawn", "os.system", "os.exec"):
        os.write(noted, f"started {arguments[0]}\\n".encode())

sys.addaudithook(note)
open(os.environ["NOTED"] + ".proof", "w").close()
socket.getaddrinfo("localhost", 1)
from connect_eaas.runner.main import main
main(prog_name="cextrun")
"""


async def test_runner_writes_to_its_state_only_and_calls_nobody_but_the_platform(
    platform: ScriptedPlatform, project: Path
) -> None:
    noted = project.parent / "noted"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SPY, "--no-rich-logging", "-u"),
        cwd=project,
        env=environment(project, NOTED=str(noted), PYTHONDONTWRITEBYTECODE="1", **credentials(platform)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    runner = Runner(process)
    try:
        await platform.connected()
        await platform.background.send(a_task())
        await platform.result_of(a_task())
        process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0, runner.log
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

    lines = [line.partition(" ") for line in noted.read_text().splitlines()]
    called = {what for how, _, what in lines if how == "called"}
    wrote = {Path(what) for how, _, what in lines if how == "wrote"} - {Path("/dev/null")}
    assert [what for how, _, what in lines if how == "started"] == []
    assert called - {"127.0.0.1"} == {"localhost"}, "the proof that calls are seen"
    outside = {path for path in wrote if not path.is_relative_to(project.parent / "state")}
    assert outside == {Path(f"{noted}.proof")}


async def test_log_has_no_colours_where_it_is_read_by_a_program(platform: ScriptedPlatform, project: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *[word for word in COMMAND if word != "--no-rich-logging"],
        "-u",
        cwd=project,
        env=environment(project, TERM="xterm-256color", **credentials(platform)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await platform.connected()
        await platform.background.send(a_task())
        await platform.result_of(a_task())
        process.send_signal(signal.SIGTERM)
        output, log = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    (line,) = [line for line in log.decode().splitlines() if "version ONE of the handler" in line]
    assert "eaas.eventsapp" in line, "lines are whole, however long, and name their logger"
    assert line.endswith("TQ-0001 version ONE of the handler")
    assert b"asset_purchase_request_processing" in output, "the tables"
    assert b"\x1b" not in output + log


async def test_second_signal_ends_a_hanging_handler_at_once(platform: ScriptedPlatform, project: Path) -> None:
    platform.objects["requests/PR-7"] = {"id": "PR-7", "hold": str(project / "held")}
    async with cextrun(project, "-u", **credentials(platform)) as runner:
        await platform.connected()
        await platform.background.send(a_task(object_id="PR-7"))
        await runner.until_logged("version ONE")
        runner.process.send_signal(signal.SIGINT)
        await runner.until_logged("waiting for TQ-")
        runner.process.send_signal(signal.SIGINT)
        status = await runner.ended()

    assert status == 1
    assert "1 given up while running" in runner.log


async def test_killed_runner_comes_back_as_the_same_instance_with_its_results(
    platform: ScriptedPlatform, project: Path
) -> None:
    platform.acknowledging = False
    async with cextrun(project, "-u", **credentials(platform)) as runner:
        await platform.connected()
        await platform.background.send(a_task())
        await platform.result_of(a_task())
        first = platform.background
        runner.process.kill()
        await runner.process.wait()
    platform.acknowledging = True

    async with cextrun(project, "-u", **credentials(platform)):
        await platform.until(lambda: len(platform.results) == 2, within_s=20)
        second = platform.background

    assert second.setup.held == ["lease-1"]
    assert first.socket.request is not None
    assert second.socket.request is not None
    assert first.socket.request.path == second.socket.request.path


async def test_env_file_is_found(platform: ScriptedPlatform, project: Path) -> None:
    (project / ".my_extension_dev.env").write_text(
        f'export API_KEY="{API_KEY}"\nexport ENVIRONMENT_ID={ENVIRONMENT_ID}\nSERVER_ADDRESS={platform.address}\n'
    )
    async with cextrun(project, "-u") as runner:
        await platform.connected()
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0

    assert ".my_extension_dev.env" in runner.log
    assert "secret" not in runner.log


async def test_local_platform_is_found(platform: ScriptedPlatform, project: Path) -> None:
    discovery = project.parent / "discovery.json"
    discovery.write_text(
        json.dumps(
            {
                "url": f"http://{platform.address}",
                "pid": os.getpid(),
                "api_key": API_KEY,
                "projects": {str(project): ENVIRONMENT_ID},
            }
        )
    )
    async with cextrun(project, "-d", CONNECT_DEVOPS_DISCOVERY=str(discovery)) as runner:
        await platform.connected()
        # Its objects are read over plain http too.
        await platform.background.send(a_task())
        answered = await platform.result_of(a_task())
        runner.process.send_signal(signal.SIGTERM)
        assert await runner.ended() == 0

    assert answered.output is not None
    assert answered.output.message == "one"

    assert f"local platform: http://{platform.address}" in runner.log
    assert "secret" not in runner.log


@pytest.mark.slow
async def test_changed_code_is_reloaded_and_broken_code_is_survived(platform: ScriptedPlatform, project: Path) -> None:
    module = project / "my_extension" / "events.py"
    original = module.read_text()
    async with cextrun(project, "-r", "-u", **credentials(platform)) as runner:
        await platform.connected()
        await platform.background.send(a_task(1))
        await platform.result_of(a_task(1))
        module.write_text("this is no Python\n")
        await runner.until_logged("waiting for a change")
        module.write_text(original.replace('"one"', '"two"'))
        await platform.connected()
        await platform.background.send(a_task(2))
        answered = await platform.result_of(a_task(2))
        runner.process.send_signal(signal.SIGTERM)
        status = await runner.ended()

    assert answered.output is not None
    assert answered.output.message == "two"
    assert status == 0, runner.log
    assert "events.py:1: " in runner.log


async def test_reloading_parent_that_is_killed_leaves_no_orphan(platform: ScriptedPlatform, project: Path) -> None:
    async with cextrun(project, "-r", "-u", **credentials(platform)) as runner:
        await platform.connected()
        runner.process.kill()
        await platform.until(lambda: sorted(platform.shutdowns) == ["background", "interactive"])
        await runner.ended()

    assert "stopped (the starting process has ended)" in runner.log


async def test_wrong_key_ends_with_one_clear_line(platform: ScriptedPlatform, project: Path) -> None:
    variables = {**credentials(platform), "API_KEY": "ApiKey SU-9:other-secret"}
    async with cextrun(project, "-u", **variables) as runner:
        status = await runner.ended()

    assert status == 2
    (line,) = [line for line in runner.log.splitlines() if line.startswith("Error: ")]
    assert "401: API_KEY from the environment is not valid there: take it from" in line
    assert "trying again" not in runner.log
    assert "stopp" not in runner.log
    assert "Traceback" not in runner.log
    assert "other-secret" not in runner.log


async def test_wrong_credentials_of_an_env_file_name_the_file(platform: ScriptedPlatform, project: Path) -> None:
    env_file = project / ".my_extension_dev.env"
    env_file.write_text(f"API_KEY={API_KEY}\nENVIRONMENT_ID={ENVIRONMENT_ID}\nSERVER_ADDRESS={platform.address}\n")
    platform.refuse_with = 404
    async with cextrun(project, "-u") as runner:
        status = await runner.ended()

    assert status == 2
    last = runner.log.splitlines()[-1]
    assert f"404: ENVIRONMENT_ID from the env file {env_file} ({ENVIRONMENT_ID}) does not exist there" in last
    assert last.endswith("take both from the environment's Local Access box, or correct SERVER_ADDRESS")


def test_key_without_its_scheme_is_refused_before_anything_is_sent(project: Path) -> None:
    env_file = project / ".my_extension_dev.env"
    env_file.write_text("API_KEY=nope-secret\nENVIRONMENT_ID=ENV-1-01\n")
    ended = run(project)

    assert ended.returncode == 2
    assert f"Error: API_KEY (from the env file {env_file}): expected the whole key" in ended.stderr
    assert "ApiKey SU-…:…" in ended.stderr
    assert "nope-secret" not in ended.stderr


def test_missing_credentials_are_named(project: Path) -> None:
    ended = run(project)

    assert ended.returncode == 2
    assert "API_KEY and ENVIRONMENT_ID are not set" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_setting_is_named(project: Path) -> None:
    ended = run(project, API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01", BACKGROUND_TASK_MAX_EXECUTION_TIME="soon")

    assert ended.returncode == 2
    assert "BACKGROUND_TASK_MAX_EXECUTION_TIME" in ended.stderr


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("def broken(:\n    pass\n", "events.py:1: "),
        ("import no_such_module_anywhere\n", "No module named 'no_such_module_anywhere'"),
        ("\nraise SystemExit(0)\n", "events.py:2: "),
        ("Other = 1\n", "has no class 'Application'"),
        ("Application = 1\n", "a int, not a class, under the name"),
        ("class Application:\n    pass\n", "does not derive from"),
    ],
)
def test_extension_that_cannot_be_loaded_is_explained(project: Path, content: str, named: str) -> None:
    (project / "my_extension" / "events.py").write_text(content)

    ended = run(project, API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01")

    assert ended.returncode == 3
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_declarations_are_listed_unless_not_wanted(project: Path) -> None:
    module = project / "my_extension" / "events.py"
    module.write_text(module.read_text().replace('"pending"', '"unheard_of"'))

    ended = run(project, API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01")
    unchecked = run(project, "--check", "-n", API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01")

    assert ended.returncode == 3
    assert "unheard_of" in ended.stderr
    assert unchecked.returncode == 0


def test_directory_without_an_extension_is_explained(tmp_path: Path) -> None:
    ended = run(tmp_path, API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01")

    assert ended.returncode == 3
    assert "no application found" in ended.stderr


def test_check_shows_what_the_extension_can_do(project: Path) -> None:
    ended = run(project, "--check", API_KEY="ApiKey SU-1:k", ENVIRONMENT_ID="ENV-1-01")

    assert ended.returncode == 0, ended.stderr
    assert "asset_purchase_request_processing" in ended.stdout
    assert "pending" in ended.stdout


def test_help_imports_only_click_and_the_standard_library() -> None:
    code = dedent("""
        import sys
        sys.argv = ["cextrun", "--help"]
        before = set(sys.modules)
        from connect_eaas.runner.main import main
        try:
            main()
        except SystemExit as end:
            assert end.code == 0, end.code
        top = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(top - set(sys.stdlib_module_names)), file=sys.stderr)
    """)

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert "--reload" in ended.stdout
    assert ended.stderr.strip() == "['click', 'connect_eaas']"
