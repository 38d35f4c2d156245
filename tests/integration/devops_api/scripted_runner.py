"""A runner that does exactly what a test tells it: raw JSON frames on a real websocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
from websockets.asyncio.client import ClientConnection, connect

from connect_devops.server import Platform
from connect_devops.services.container import Services

PATIENCE_S = 30.0
PURCHASE = "asset_purchase_request_processing"
CUSTOM_EVENT = "product_custom_event_processing"
SUBSCRIPTIONS = {PURCHASE: ["pending", "inquiring"], CUSTOM_EVENT: []}

Frame = dict[str, Any]


class ScriptedRunner:
    """One websocket of a runner."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, message_type: str, data: object) -> None:
        await self.socket.send(json.dumps({"version": 2, "message_type": message_type, "data": data}))

    async def receive(self, message_type: str) -> Frame:
        """The data of the next frame, which must be of this type."""
        with anyio.fail_after(PATIENCE_S):
            frame: Frame = json.loads(await self.socket.recv())
        assert frame["version"] == 2
        assert frame["message_type"] == message_type, frame
        data: Frame = frame["data"]
        if data is not None:
            assert data["model_type"] == message_type
        return data

    async def is_quiet(self) -> bool:
        """Whether nothing has come, a whole round trip and a turn of the platform later."""
        for _ in range(3):
            await (await self.socket.ping())
        try:
            with anyio.fail_after(0.05):
                await self.socket.recv()
        except TimeoutError:
            return True
        return False

    async def set_up(self, *, acknowledge: bool = False, held: Sequence[str] | None = None, **more: Any) -> Frame:
        """Introduce itself; returns the configuration."""
        request = {
            "event_subscriptions": SUBSCRIPTIONS,
            "variables": None,
            "schedulables": None,
            "runner_version": "1.0",
            "features": ["ack"] if acknowledge else None,
            "held": held,
            "model_type": "setup_request",
            **more,
        }
        await self.send("setup_request", request)
        return await self.receive("setup_response")

    async def answer(self, task: Frame, result: str = "success", **output: Any) -> None:
        """Send the result of a task."""
        await self.send("task", {**task, "output": {"result": result, "runtime": 0.5, **output}})

    async def cut(self) -> None:
        """The line breaks, without a word."""
        self.socket.transport.abort()
        await self.socket.wait_closed()

    async def closed(self) -> int | None:
        """The code by which the platform closes the socket."""
        with anyio.fail_after(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code


@dataclass(frozen=True)
class Reachable:
    """A platform in another process."""

    url: str
    ws_url: str
    api_key: str


class Runners:
    """Makes runners of one extension's development environment."""

    def __init__(self, platform: Platform | Reachable, api: httpx.AsyncClient, extension: Mapping[str, Any]) -> None:
        self.platform = platform
        self.api = api
        self.extension_id: str = extension["id"]
        self.environment: Mapping[str, Any] = extension["environments"]["development"]
        self.environment_id: str = self.environment["id"]
        self.base = f"/devops/services/{self.extension_id}/environments/{self.environment_id}"
        self._stack = AsyncExitStack()

    @property
    def services(self) -> Services:
        """The platform's services, if it runs in this process."""
        assert isinstance(self.platform, Platform)
        return self.platform.services

    async def __aenter__(self) -> Runners:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def connect(
        self,
        *,
        environment: str | None = None,
        instance: str = "instance-1",
        suffix: str = "",
        key: str | None = None,
        runner_type: str | None = "background",
        running: int = 0,
    ) -> ScriptedRunner:
        """Open a websocket, as yet without a word."""
        query: dict[str, object] = {"running_tasks": running, "running_scheduled_tasks": 0}
        if runner_type is not None:
            query["runner_type"] = runner_type
        socket = await self._stack.enter_async_context(
            connect(
                f"{self.platform.ws_url}/public/v1/devops/ws/{environment or self.environment_id}/{instance}{suffix}"
                f"?{urlencode(query)}",
                additional_headers={"Authorization": self.platform.api_key if key is None else key},
                proxy=None,
                open_timeout=PATIENCE_S,
                close_timeout=1,
                max_size=2 * 1024 * 1024,
            )
        )
        return ScriptedRunner(socket)

    async def start(
        self, *, acknowledge: bool = False, held: Sequence[str] | None = None, **where: Any
    ) -> ScriptedRunner:
        """Open a websocket and introduce the runner."""
        runner = await self.connect(**where)
        await runner.set_up(acknowledge=acknowledge, held=held)
        return runner

    async def submit(self, object_id: str, event_type: str = PURCHASE, data: object = None) -> str:
        """Put a task into the queue; returns its id."""
        body = {"object": {"id": object_id, "type": event_type, "data": data}}
        answer = await self.api.post(f"{self.base}/tasks", json=body)
        assert answer.status_code == 201, answer.text
        task_id: str = answer.json()["id"]
        return task_id

    async def task(self, task_id: str) -> Frame:
        """The task, as the REST API shows it."""
        document: Frame = (await self.api.get(f"{self.base}/tasks/{task_id}")).json()
        return document

    async def attempts(self, task_id: str) -> list[Frame]:
        """Every delivery of the task."""
        documents: list[Frame] = (await self.api.get(f"{self.base}/tasks/{task_id}/attempts")).json()
        return documents

    async def until(self, task_id: str, status: str) -> Frame:
        """Wait for the task to get into a state; only with a platform of this process."""
        signals = self.services.signals
        with signals.listen() as inbox, anyio.fail_after(PATIENCE_S):
            while (document := await self.task(task_id))["status"] != status:
                await inbox.get()
        return document


@asynccontextmanager
async def made_for(platform: Platform | Reachable) -> AsyncIterator[Runners]:
    """Make an extension on a platform, and runners for it on demand."""
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/public/v1", headers={"Authorization": platform.api_key}, trust_env=False
    ) as api:
        existing = (await api.get("/devops/services")).json()
        if not existing:
            body = {"type": "products", "name": "Under test", "products": [{"id": "PRD-100-200-300"}]}
            answer = await api.post("/devops/services", json=body)
            assert answer.status_code == 201, answer.text
            existing = [answer.json()]
        async with Runners(platform, api, existing[0]) as runners:
            yield runners
