"""The session of an Anvil application: real platform, real uplink library, and a stand-in for Anvil's server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from connect_devops.server import Platform
from connect_eaas.runner.anvil_uplink import Uplink

pytest.importorskip("anvil")


class AnvilServer:
    """Speaks as much of the uplink's protocol as a backend needs."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.registered: set[str] = set()
        self.socket: ServerConnection | None = None
        self.changed = asyncio.Condition()
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def handle(self, socket: ServerConnection) -> None:
        try:
            async for frame in socket:
                message = json.loads(frame)
                if "key" in message:
                    self.keys.append(message["key"])
                    self.registered.clear()
                    await socket.send(json.dumps({"auth": "OK", "priv": "uplink", "app-info": APP}))
                    self.socket = socket
                elif message.get("type") == "REGISTER":
                    self.registered.add(message["name"])
                elif message.get("type") == "CALL":
                    await socket.send(json.dumps({"id": message["id"], "response": "keep-alive"}))
                elif message.get("id") in self._answers:
                    self._answers.pop(message["id"]).set_result(message)
                async with self.changed:
                    self.changed.notify_all()
        except ConnectionClosed:
            return
        finally:
            if self.socket is socket:
                self.socket = None
            async with self.changed:
                self.changed.notify_all()

    async def call(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        assert self.socket is not None
        number = f"call-{len(self.keys)}-{name}-{len(self._answers)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        body = {"type": "CALL", "id": number, "command": name, "args": [], "kwargs": arguments, "objects": []}
        await self.socket.send(json.dumps(body))
        return await asyncio.wait_for(answer, 30)

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(30):
            async with self.changed:
                await self.changed.wait_for(condition)


APP = {"id": "A", "branch": "main", "environment": {"description": "Test", "tags": []}, "main_package": "m"}


@pytest.fixture
async def anvil() -> AsyncIterator[tuple[AnvilServer, Server]]:
    stand_in = AnvilServer()
    async with serve(stand_in.handle, "127.0.0.1", 0) as server:
        yield stand_in, server


PROJECT = {
    "pyproject.toml": """\
[project]
name = "backend"
version = "1.0.0"

[project.entry-points."connect.eaas.ext"]
anvilapp = "backend.anvil:Backend"
""",
    "backend/__init__.py": "",
    "backend/extension.json": """\
{"name": "Backend", "description": "d", "version": "1.0.0", "readme_url": "https://example.com/r",
 "changelog_url": "https://example.com/c", "audience": ["vendor"]}
""",
    "backend/anvil.py": """\
import asyncio

from connect_eaas import AnvilApplicationBase, anvil_callable, anvil_key_variable


@anvil_key_variable("ANVIL_API_KEY")
class Backend(AnvilApplicationBase):
    @anvil_callable(summary="Greet")
    def greet(self, name: str) -> dict[str, str]:
        return {"text": f"{self.config.get('GREETING', 'Hello')}, {name}"}

    @anvil_callable()
    async def later(self) -> str:
        await asyncio.sleep(0)
        return "later"
""",
}


@asynccontextmanager
async def backend(
    platform: Platform, environment_id: str, port: int, project: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "API_KEY": platform.api_key,
        "ENVIRONMENT_ID": environment_id,
        "SERVER_ADDRESS": platform.url,
        "ANVIL_UPLINK_URL": f"ws://127.0.0.1:{port}",
        "CONNECT_RUNNER_STATE_DIR": str(project / "state"),
    }
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "connect_eaas.runner.main",
        "--no-rich-logging",
        cwd=project,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_methods_are_offered_while_a_key_is_set(
    platform: Platform, anvil: tuple[AnvilServer, Server], tmp_path: Path
) -> None:
    stand_in, server = anvil
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/public/v1", headers={"Authorization": platform.api_key}, trust_env=False
    ) as api:
        made = (
            await api.post("/devops/services", json={"type": "multiaccount", "name": "B", "package_id": "a.b"})
        ).json()
        environment_id = made["environments"]["development"]["id"]
        base = f"/devops/services/{made['id']}/environments/{environment_id}"
        body = {"name": "ANVIL_API_KEY", "value": "server_KEY1", "secure": True}
        variable = (await api.post(f"{base}/variables", json=body)).json()
        async with backend(platform, environment_id, port, tmp_path / "project") as process:
            await stand_in.until(lambda: stand_in.registered >= {"greet", "later"})
            assert stand_in.keys == ["server_KEY1"]
            assert (await stand_in.call("greet", name="Ada"))["response"] == {"text": "Hello, Ada"}
            assert (await stand_in.call("later"))["response"] == "later"
            described = (await api.get(base)).json()
            assert {item["method"] for item in described["anvil_callables"]} == {"greet", "later"}

            # The connection is lost, and comes back.
            assert stand_in.socket is not None
            await stand_in.socket.close(1012)
            await stand_in.until(lambda: len(stand_in.keys) == 2 and stand_in.registered >= {"greet", "later"})

            # New variables reach the application, and a new key its connection.
            await api.post(f"{base}/variables", json={"name": "GREETING", "value": "Welcome", "secure": False})
            await api.put(f"{base}/variables/{variable['id']}", json={"value": "server_KEY2"})
            await api.post(f"{base}/update-config")
            await stand_in.until(lambda: "server_KEY2" in stand_in.keys and stand_in.registered >= {"greet", "later"})
            assert (await stand_in.call("greet", name="Ada"))["response"] == {"text": "Welcome, Ada"}

            # Without a key nothing is offered any more.
            await api.put(f"{base}/variables/{variable['id']}", json={"value": "changeme!"})
            await api.post(f"{base}/update-config")
            await stand_in.until(lambda: stand_in.socket is None)

            process.send_signal(signal.SIGTERM)
            _, log = await asyncio.wait_for(process.communicate(), 20)
            assert process.returncode == 0, log.decode()
            assert b"3 task(s) finished" in log


async def test_opening_the_connection_keeps_the_event_loop_free() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def prepare() -> None:
        begun.set()
        go_on.wait(20)
        raise RuntimeError("not today")

    uplink = Uplink("ws://127.0.0.1:9")
    clock = asyncio.get_running_loop().time
    asked = clock()
    uplink.connect("server_KEY", prepare)
    assert clock() - asked < 1, "nobody waits for what is slow"
    assert await asyncio.to_thread(begun.wait, 10)
    uplink.disconnect()
    go_on.set()
    assert await asyncio.to_thread(uplink.wait_closed, 20)
