"""A small extension of events, web and transformations, and a platform that only shakes hands."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

SESSIONS = 4
"""Background, interactive, web and transformations."""
APPLICATIONS = {
    "events": """
        from connect_eaas import BackgroundResponse, EventsApplicationBase, event


        class Events(EventsApplicationBase):
            @event("asset_purchase_request_processing", statuses=["pending"])
            def purchase(self, request):
                return BackgroundResponse.done()
    """,
    "web": """
        from connect.eaas.core.decorators import router, web_app
        from connect.eaas.core.extension import WebApplicationBase


        @web_app(router)
        class Web(WebApplicationBase):
            @router.get("/hello", summary="Say hello")
            def hello(self):
                return {"hello": "world"}
    """,
    "tfn": """
        from connect.eaas.core.decorators import transformation
        from connect.eaas.core.extension import TransformationsApplicationBase
        from connect.eaas.core.responses import RowTransformationResponse


        class Transformations(TransformationsApplicationBase):
            @transformation("Copy", "Copies a column", "/static/copy.html")
            def copy(self, row):
                return RowTransformationResponse.done(row)
    """,
}
PYPROJECT = """
    [project]
    name = "idle"
    version = "1.0"

    [project.entry-points."connect.eaas.ext"]
    eventsapp = "idle.events:Events"
    webapp = "idle.web:Web"
    tfnapp = "idle.tfn:Transformations"
"""


def make_project(directory: Path) -> Path:
    """Write the extension."""
    package = directory / "idle"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name, code in APPLICATIONS.items():
        (package / f"{name}.py").write_text(dedent(code))
    urls = {name: f"https://example.org/{name}" for name in ("readme_url", "changelog_url")}
    (package / "extension.json").write_text(json.dumps({"name": "Idle", **urls}))
    (directory / "pyproject.toml").write_text(dedent(PYPROJECT))
    return directory


class Platform:
    """Answers each handshake."""

    def __init__(self) -> None:
        self.sessions = 0
        self.complete = asyncio.Event()

    def expect_all(self) -> None:
        """Count handshakes anew."""
        self.sessions = 0
        self.complete.clear()

    async def handle(self, socket: ServerConnection) -> None:
        try:
            await socket.recv()
            data = {"variables": [], "environment_type": "development", "model_type": "setup_response"}
            await socket.send(json.dumps({"version": 2, "message_type": "setup_response", "data": data}))
            self.sessions += 1
            if self.sessions == SESSIONS:
                self.complete.set()
            await socket.wait_closed()
        except ConnectionClosed:
            pass


@asynccontextmanager
async def connected_runner(project: Path, *flags: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Platform]]:
    """Start ``cextrun`` in the project; the block begins when its last session is open."""
    platform = Platform()
    async with serve(platform.handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with tempfile.TemporaryDirectory() as state:
            environment = {
                **os.environ,
                "API_KEY": "ApiKey SU-000-000-000:benchmark",
                "ENVIRONMENT_ID": "ENV-1111-2222-01",
                "SERVER_ADDRESS": f"http://127.0.0.1:{port}",
                "XDG_STATE_HOME": state,
            }
            log = Path(state) / "log"
            with log.open("wb") as stream:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "connect_eaas.runner.main", "--no-rich-logging", *flags),
                    cwd=project,
                    env=environment,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=stream,
                )
            try:
                await asyncio.wait_for(platform.complete.wait(), 60)
                yield process, platform
            except asyncio.TimeoutError:
                raise RuntimeError(f"only {platform.sessions} of {SESSIONS} sessions:\n{log.read_text()}") from None
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()
