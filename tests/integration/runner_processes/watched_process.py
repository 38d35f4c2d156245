"""The real command as a process, and an extension that leaves traces of what happens in it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

from scripted_platform import API_KEY, ENVIRONMENT_ID, ScriptedPlatform

EVENTS = """
    import os
    import threading
    from pathlib import Path

    from connect_eaas import BackgroundResponse, EventsApplicationBase, InteractiveResponse, event

    TRACES = Path(__file__).parents[2] / "traces"


    def trace(text):
        with TRACES.open("a") as file:
            file.write(f"{text} {os.getpid()}\\n")


    class Application(EventsApplicationBase):
        @classmethod
        def on_startup(cls, logger, config):
            trace("startup")

        @classmethod
        def on_shutdown(cls, logger, config):
            trace("shutdown")

        @event("asset_purchase_request_processing", statuses=["pending"])
        def purchase(self, request):
            trace("purchase")
            self.logger.info("version ONE")
            if request.get("plan") == "die":
                os.kill(os.getpid(), 9)
            if request.get("plan") == "slow":
                threading.Event().wait(1.0)
            if request.get("plan") == "hold":
                threading.Event().wait()
            return BackgroundResponse.skip("one")

        @event("asset_change_request_processing", statuses=["pending"])
        async def change(self, request):
            self.logger.info("the loop is blocked")
            # For ever, and on the loop's own thread.
            threading.Event().wait()

        @event("asset_purchase_request_validation", statuses=["draft"])
        def validate(self, request):
            trace("validate")
            return InteractiveResponse.done(body=request)
"""


def write_project(root: Path) -> Path:
    package = root / "my_extension"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "events.py").write_text(dedent(EVENTS))
    urls = {"readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"}
    (package / "extension.json").write_text(json.dumps({"name": "x", **urls}))
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


def traces(project: Path, what: str) -> list[int]:
    """Process ids of those that left this trace, oldest first."""
    file = project.parent / "traces"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [int(pid) for name, pid in lines if name == what]


class Cextrun:
    """A running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""
        self._output = b""

    @property
    def _stream(self) -> asyncio.StreamReader:
        stream = self.process.stderr or self.process.stdout
        assert stream is not None
        return stream

    async def until_logged(self, text: str, *, times: int = 1) -> None:
        while self.log.count(text) < times:
            line = await asyncio.wait_for(self._stream.readline(), 20)
            assert line, f"{text!r} was not logged {times} time(s):\n{self.log}"
            self.log += line.decode()

    async def ended(self) -> int:
        self.log += (await asyncio.wait_for(self._stream.read(), 20)).decode()
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def cextrun(
    project: Path, platform: ScriptedPlatform, *flags: str, tables: bool = False, **variables: str
) -> AsyncIterator[Cextrun]:
    """Run the command; with ``tables`` what it writes on standard output is in the log too."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error::DeprecationWarning", "-m", "connect_eaas.runner.main"),
        *("--no-rich-logging", "-u", "-d", *flags),
        cwd=project,
        env={
            **kept,
            "XDG_STATE_HOME": str(project.parent / "state"),
            "API_KEY": API_KEY,
            "ENVIRONMENT_ID": ENVIRONMENT_ID,
            "SERVER_ADDRESS": platform.address,
            **variables,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if tables else asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.STDOUT if tables else asyncio.subprocess.PIPE,
        limit=2**20,
    )
    try:
        yield Cextrun(process)
    finally:
        if process.returncode is None:
            process.kill()
        # To the end of the log, which the last of its processes closes.
        await process.communicate()
