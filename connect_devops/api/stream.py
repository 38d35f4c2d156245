"""``…/environments/{ENV}/stream``: what happens in an environment, as server-sent events; ours.

An event ``task`` is told for each task that came in or was settled, an event ``environment`` when its state changed;
their data are the documents of the API. Nobody polls: the stream sleeps until the services signal something. A
comment every few seconds lets readers notice a dead platform.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import anyio.to_thread
from sqlalchemy import Select
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Route

from connect_devops.api import render
from connect_devops.api.calls import Call
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.feed import Feeds
from connect_devops.services.queue import Task
from connect_devops.services.signals import EnvironmentChanged, Signal, TasksDue, TaskSettled

__all__ = ["stream_routes"]

_MOST_AT_ONCE: Final = 1000


def stream_routes(services: Services, feeds: Feeds) -> list[BaseRoute]:
    """Return the route."""

    async def stream(request: Request) -> StreamingResponse:
        call = Call(
            services=services,
            identity=request.state.identity,
            method=request.method,
            path=request.path_params,
            query=request.scope["query_string"],
            headers=request.headers,
            body=b"",
        )
        environment = await anyio.to_thread.run_sync(call.environment)
        events = _events(services, feeds, environment)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    path = "/public/v1/devops/services/{extension}/environments/{environment}/stream"
    return [Route(path, stream, methods=["GET"])]


async def _events(services: Services, feeds: Feeds, environment: Environment) -> AsyncIterator[str]:
    def concerns(signal: Signal) -> bool:
        if isinstance(signal, (EnvironmentChanged, TaskSettled, TasksDue)):
            return signal.environment_id == environment.id
        return False

    follower = _Follower(services, environment)
    async for signals in feeds.follow(concerns):
        if not signals:
            yield ": here\n\n"
            continue
        for event in await anyio.to_thread.run_sync(follower.tell, signals):
            yield event


class _Follower:
    """Turns signals into events, and remembers what it told."""

    def __init__(self, services: Services, environment: Environment) -> None:
        self._services = services
        self._environment = environment
        self._since = services.clock.now()
        # What was told of the tasks that carry the newest time: the next look begins with that time again.
        self._told: set[tuple[str, datetime, str]] = set()

    def tell(self, signals: Sequence[Signal]) -> list[str]:
        """Return the events behind the signals."""
        changed = any(isinstance(signal, EnvironmentChanged) for signal in signals)
        return [*([self._state()] if changed else []), *self._tasks()]

    def _state(self) -> str:
        found = self._services.environments.get(self._environment.id)
        owner = self._services.accounts.get(found.owner_id)
        return _event("environment", render.environment_reference(found, owner) | {"status": found.status})

    def _tasks(self) -> list[str]:
        """The tasks that changed since the last look, oldest change first."""
        updated = self._services.queue.columns["events.updated.at"]

        def refine(statement: Select[Any]) -> Select[Any]:
            return statement.where(updated >= self._since).order_by(updated)

        found = self._services.queue.page(self._environment.id, refine=refine, limit=_MOST_AT_ONCE, total=False).items
        fresh = [task for task in found if _mark(task) not in self._told]
        if found:
            self._since = found[-1].updated
            self._told = {_mark(task) for task in found if task.updated == self._since}
        owner = self._services.accounts.get(self._environment.owner_id)
        reference = render.environment_reference(self._environment, owner)
        return [_event("task", render.task(task, reference, owner)) for task in fresh]


def _mark(task: Task) -> tuple[str, datetime, str]:
    return task.id, task.updated, task.status


def _event(name: str, document: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n"
