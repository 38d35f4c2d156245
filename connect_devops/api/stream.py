"""``…/environments/{ENV}/stream``: what happens in an environment, as server-sent events; ours.

An event ``task`` is told for each task that came in or was settled, an event ``environment`` when its state changed;
their data are the documents of the API. Nobody polls: the stream sleeps until the services signal something. A
comment every few seconds lets readers notice a dead platform.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import anyio
import anyio.to_thread
from sqlalchemy import Select
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Route

from connect_devops.api import render
from connect_devops.api.calls import Call
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.queue import Task
from connect_devops.services.signals import EnvironmentChanged, Signal, TasksDue, TaskSettled

__all__ = ["TaskStreams"]

_HEARTBEAT_S: Final = 10.0
_MOST_AT_ONCE: Final = 1000


class TaskStreams:
    """The open streams of one platform process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closed = asyncio.Event()

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        path = "/public/v1/devops/services/{extension}/environments/{environment}/stream"
        return [Route(path, self._open, methods=["GET"])]

    def close(self) -> None:
        """End all streams: the platform stops, and waits for running calls."""
        self._closed.set()

    async def _open(self, request: Request) -> StreamingResponse:
        call = Call(
            services=self._services,
            identity=request.state.identity,
            method=request.method,
            path=request.path_params,
            query=request.scope["query_string"],
            headers=request.headers,
            body=b"",
        )
        environment = await anyio.to_thread.run_sync(call.environment)
        return StreamingResponse(
            self._events(environment), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _events(self, environment: Environment) -> AsyncIterator[str]:
        def concerns(signal: Signal) -> bool:
            if isinstance(signal, (EnvironmentChanged, TaskSettled, TasksDue)):
                return signal.environment_id == environment.id
            return False

        follower = _Follower(self._services, environment)
        with self._services.signals.listen(concerns) as inbox:
            yield ": open\n\n"
            while not self._closed.is_set():
                changed = await self._first(inbox.arrived)
                if not changed:
                    yield ": here\n\n"
                    continue
                if any(isinstance(signal, EnvironmentChanged) for signal in inbox.take()):
                    yield await anyio.to_thread.run_sync(follower.state)
                for event in await anyio.to_thread.run_sync(follower.changes):
                    yield event

    async def _first(self, arrived: asyncio.Event) -> bool:
        """Wait for a signal, the end or the next heartbeat; say whether it was a signal."""
        with anyio.move_on_after(_HEARTBEAT_S):
            async with anyio.create_task_group() as group:

                async def wait_for(event: asyncio.Event) -> None:
                    await event.wait()
                    group.cancel_scope.cancel()

                group.start_soon(wait_for, arrived)
                group.start_soon(wait_for, self._closed)
        return arrived.is_set()


class _Follower:
    """Reads the tasks that changed since it last looked."""

    def __init__(self, services: Services, environment: Environment) -> None:
        self._services = services
        self._environment = environment
        self._since = services.clock.now()
        # What was told of the tasks that carry the newest time: the next look begins with that time again.
        self._told: set[tuple[str, datetime, str]] = set()

    def state(self) -> str:
        """Return the event of the environment as it is now."""
        found = self._services.environments.get(self._environment.id)
        owner = self._services.accounts.get(found.owner_id)
        return _event("environment", render.environment_reference(found, owner) | {"status": found.status})

    def changes(self) -> list[str]:
        """Return the events of the changed tasks, oldest change first."""
        updated = self._services.queue.columns["events.updated.at"]

        def refine(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
            return statement.where(updated >= self._since).order_by(updated)

        found = self._services.queue.page(self._environment.id, refine=refine, limit=_MOST_AT_ONCE, total=False).items
        fresh = [task for task in found if _mark(task) not in self._told]
        if found:
            self._since = found[-1].updated
            self._told = {_mark(task) for task in found if task.updated == self._since}
        owner = self._services.accounts.get(self._environment.owner_id)
        reference = render.environment_reference(self._environment, owner)
        return [_event("task", render.task(task, reference, owner)) for task in fresh]


def _event(name: str, document: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n"


def _mark(task: Task) -> tuple[str, datetime, str]:
    return task.id, task.updated, task.status
