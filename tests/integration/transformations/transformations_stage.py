"""The real platform and the real runner's worker in this process, with a transformations application."""

from __future__ import annotations

import asyncio
import dataclasses
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from connect_devops.server import Platform, running_platform
from connect_devops.services.signals import TaskSettled
from connect_devops.settings import Settings
from connect_eaas.declarations import Declarations
from connect_eaas.runner.settings import Limits, read_settings
from connect_eaas.runner.worker import Worker

PATIENCE_S = 15.0
BILLING = "billing_transformation_request"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(
        data_dir=tmp_path / "data",
        discovery_file=tmp_path / "discovery.json",
        port=0,
        lease_grace=timedelta(seconds=1),
    )
    async with running_platform(settings) as running:
        yield running


class Stage:
    """An extension on a platform, runners for it, and requests."""

    def __init__(self, platform: Platform, api: httpx.AsyncClient) -> None:
        self.platform = platform
        self.api = api
        owner = platform.services.accounts.owner()
        assert owner is not None
        extension = platform.services.extensions.create(
            owner.id, type="transformations", name="Sheets", package_id="sheets.example"
        )
        self.environment_id = extension.environments["development"].id

    @asynccontextmanager
    async def runner(
        self, application: type, *, limits: Limits | None = None, kind: str = "transformations"
    ) -> AsyncIterator[Worker]:
        """Run the application until the block ends; connected when it begins."""
        connected = asyncio.Event()
        settings = read_settings(self.variables(), unsecure=True)
        if limits is not None:
            settings = dataclasses.replace(settings, limits=limits)
        worker = Worker(
            settings,
            Declarations.of(application),
            instance_id="stage",
            version="1.0.0",
            kinds=(kind,),
            connected=lambda _: connected.set(),
        )
        job = asyncio.create_task(worker.run())
        try:
            await asyncio.wait_for(connected.wait(), PATIENCE_S)
            yield worker
        finally:
            worker.stop.request("the test is over")
            worker.stop.forced.set()
            await asyncio.wait_for(job, PATIENCE_S)

    def variables(self) -> dict[str, str]:
        """What a runner needs to know."""
        return {
            "API_KEY": self.platform.api_key,
            "ENVIRONMENT_ID": self.environment_id,
            "SERVER_ADDRESS": self.platform.url,
            "CONNECT_CA_FILE": str(self.platform.ca_file),
        }

    async def trigger(self, **overrides: Any) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
        """Make a request; its tasks and remarks too."""
        answer = await self.api.post("devops/local/trigger", json={"event_type": BILLING, "set": overrides})
        assert answer.status_code == 200, answer.text
        made = answer.json()
        return made["object"], made["tasks"], made["notes"]

    async def transformed(self, **overrides: Any) -> tuple[dict[str, Any], str]:
        """Make a request and wait for its end; returns it and the status of its task."""
        with self.platform.services.signals.listen(lambda signal: isinstance(signal, TaskSettled)) as inbox:
            request, tasks, notes = await self.trigger(**overrides)
            assert tasks, notes
            return await self.ended(request["id"], tasks[0]["id"], inbox)

    async def ended(self, request_id: str, task_id: str, inbox: Any) -> tuple[dict[str, Any], str]:
        """Wait until a task is done; returns its request and its status."""

        async def settled() -> str:
            while True:
                status = self.platform.services.queue.get(task_id).status
                if status in ("succeeded", "failed", "skipped", "retry_failed"):
                    return status
                await inbox.get()

        status = await asyncio.wait_for(settled(), PATIENCE_S)
        return (await self.api.get(f"billing/requests/{request_id}")).json(), status

    async def message_of(self, request_id: str) -> str:
        """The last message of a request's conversation."""
        messages = (await self.api.get(f"conversations/{request_id}/messages")).json()
        return str(messages[-1]["text"])

    async def put_file(self, request: dict[str, Any], content: bytes) -> None:
        """Replace the bytes of a request's input."""
        path = self.platform.settings.data_dir / "media" / request["files"]["input"]["id"]
        await asyncio.to_thread(path.write_bytes, content)

    async def upload(self, content: bytes, folder: str = "streams_batches/TRB-1", name: str = "in.xlsx") -> Any:
        """Upload a file as a raw body; the document of it."""
        answer = await self.api.post(
            f"media/folders/{folder}/files",
            content=content,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
        assert answer.status_code == 201, answer.text
        assert not answer.headers["content-type"].startswith("application/json")
        return answer.json()

    async def result(self, request: dict[str, Any]) -> openpyxl.Workbook:
        """The output of a request."""
        origin = self.platform.url
        answer = await self.api.get(f"{origin}{request['files']['output']['name']}")
        assert answer.status_code == 200
        return openpyxl.load_workbook(io.BytesIO(answer.content))

    async def input(self, request: dict[str, Any]) -> openpyxl.Workbook:
        """The input of a request."""
        answer = await self.api.get(f"{self.platform.url}{request['files']['input']['name']}")
        assert answer.status_code == 200
        return openpyxl.load_workbook(io.BytesIO(answer.content))


Trigger = Callable[..., Awaitable[Any]]


@pytest.fixture
async def stage(platform: Platform) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/public/v1/", headers={"Authorization": platform.api_key}, timeout=PATIENCE_S
    ) as api:
        yield Stage(platform, api)
