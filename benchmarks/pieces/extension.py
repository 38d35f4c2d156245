"""The extension that is measured, and the processes of a measurement."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar

from benchmarks.pieces.platform import API_KEY, ENVIRONMENT_ID

_EVENTS = """
    import asyncio

    from connect_eaas import BackgroundResponse, CustomEventResponse, Extension, event


    class Application(Extension):
        @event("product_custom_event_processing")
        async def custom(self, request):
            if request["method"] == "STUCK":
                await asyncio.Event().wait()
            return CustomEventResponse.done(body=request["body"])

        @event("asset_purchase_request_processing", statuses=["pending"])
        async def purchase(self, request):
            return BackgroundResponse.done()

        @event("asset_change_request_processing", statuses=["pending"])
        async def stuck(self, request):
            await asyncio.Event().wait()
"""
T = TypeVar("T")
_ROOT = Path(__file__).parents[2]


def write_project(root: Path) -> Path:
    """Write an events extension of coroutines that do nothing, or never end."""
    package = root / "benchmark_extension"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "events.py").write_text(dedent(_EVENTS))
    (package / "extension.json").write_text(
        json.dumps({"name": "b", "readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"})
    )
    (root / "pyproject.toml").write_text(
        '[project]\nname = "b"\nversion = "1"\n[project.entry-points."connect.eaas.ext"]\n'
        'eventsapp = "benchmark_extension.events:Application"\n'
    )
    return root


class Child:
    """A process that is measured, with the processes that it started itself."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def cpu_s(self) -> float:
        """CPU seconds so far, user and system, of the process and its descendants."""
        tick = os.sysconf("SC_CLK_TCK")
        parents, used = {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / tick
        family = {self.process.pid}
        while True:
            children = {pid for pid, parent in parents.items() if parent in family} - family
            if not children:
                return sum(used.get(pid, 0.0) for pid in family)
            family |= children


@asynccontextmanager
async def running(*command: str, cwd: Path | None = None, **variables: str) -> AsyncIterator[Child]:
    """Run a Python command until the block ends."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), **variables}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=cwd, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=_log_of(variables)
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def cextrun(port: int, *, api_port: int | None = None, **variables: str) -> AsyncIterator[Child]:
    """Run the sample extension with the real command; its log goes to a file, as in production."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        async with running(
            "-m",
            "connect_eaas.runner.main",
            "--no-rich-logging",
            "-u",
            cwd=write_project(root / "project"),
            API_KEY=API_KEY,
            ENVIRONMENT_ID=ENVIRONMENT_ID,
            SERVER_ADDRESS=f"127.0.0.1:{port}",
            API_ADDRESS=f"http://127.0.0.1:{api_port or port}",
            CONNECT_RUNNER_STATE_DIR=str(root / "state"),
            CONNECT_STOP_TIMEOUT="1",
            **variables,
        ) as child:
            yield child


@asynccontextmanager
async def echo(port: int) -> AsyncIterator[Child]:
    """Run the reference."""
    async with running("-m", "benchmarks.pieces.echo", f"ws://127.0.0.1:{port}/echo") as child:
        yield child


def run_on_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a benchmark's coroutine on the loop that the runner uses."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def _log_of(variables: dict[str, str]) -> int:
    path = os.environ.get("BENCHMARK_LOG", os.devnull)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
