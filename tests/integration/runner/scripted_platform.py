"""A small real platform for tests: a websocket server and the REST reads of a runner, on one port.

It speaks the wire through the session machine's platform side, and leaves every decision to the test.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

import anyio
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from connect_eaas.protocol.messages import (
    ACKNOWLEDGEMENTS,
    Ack,
    Logging,
    LogMeta,
    SetupRequest,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    Variable,
    WebTask,
)
from connect_eaas.protocol.session import Session, Side
from connect_eaas.protocol.session_events import Event, ResultReceived, SetupRequested, ShutdownReceived

API_KEY = "ApiKey SU-000-000-000:secret-of-the-key"
ENVIRONMENT_ID = "ENV-1111-2222-01"


def a_task(
    number: int = 1,
    *,
    category: str = "background",
    event_type: str = "asset_purchase_request_processing",
    object_id: str = "PR-1",
    lease: str | None = None,
    data: object = None,
) -> Task:
    return Task(
        options=TaskOptions(
            task_id=f"TQ-{number:04}", task_category=category, correlation_id=lease or f"lease-{number}", reply_to="hub"
        ),
        input=TaskInput(event_type=event_type, object_id=object_id, data=data),
    )


@dataclass
class Conversation:
    """One connection of a runner."""

    socket: ServerConnection
    session: Session
    kind: str
    query: dict[str, list[str]]
    setup: SetupRequest = field(default_factory=SetupRequest)

    async def flush(self) -> None:
        for frame in self.session.data_to_send():
            await self.socket.send(frame)

    async def send(self, *messages: Task | WebTask | SetupResponse) -> None:
        for message in messages:
            self.session.send(message)
        await self.flush()


class ScriptedPlatform:
    """What the test decides, and what it saw."""

    def __init__(self) -> None:
        self.features: tuple[str, ...] = (ACKNOWLEDGEMENTS,)
        # False: results are read but not acknowledged.
        self.acknowledging = True
        # Status of the upgrade, when it is to be refused.
        self.refuse_with: int | None = None
        # Upgrades that were refused so.
        self.refused = 0
        self.api_key = API_KEY
        self.response = SetupResponse(
            variables=[Variable(name="COLOUR", value="green")],
            environment_type="development",
            logging=Logging(log_level="INFO", runner_log_level="INFO", meta=LogMeta(service_id="SRVC-1111-2222")),
        )
        # Objects that REST knows: path below /public/v1 → JSON. Collections are counted by their prefix.
        self.objects: dict[str, object] = {
            "requests/PR-1": {"id": "PR-1", "status": "pending", "type": "purchase"},
        }
        self.counts: dict[str, int] = {}
        self.requests: list[str] = []
        self.results: list[Task] = []
        self.shutdowns: list[str] = []
        self.conversations: dict[str, Conversation] = {}
        self.all_conversations: list[Conversation] = []
        self.changed = asyncio.Condition()
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def background(self) -> Conversation:
        return self.conversations["background"]

    @property
    def interactive(self) -> Conversation:
        return self.conversations["interactive"]

    async def until(self, condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
        """Wait until something that the platform saw makes the condition true."""
        with anyio.fail_after(within_s):
            async with self.changed:
                await self.changed.wait_for(condition)

    async def connected(self, *kinds: str) -> None:
        wanted = kinds or ("background", "interactive")
        await self.until(lambda: all(kind in self.conversations for kind in wanted))

    def results_of(self, task_id: str) -> list[Task]:
        return [result for result in self.results if result.options.task_id == task_id]

    async def result_of(self, task: Task) -> Task:
        """The first result under the task's lease."""
        lease = task.options.correlation_id
        await self.until(lambda: any(result.options.correlation_id == lease for result in self.results))
        return next(result for result in self.results if result.options.correlation_id == lease)

    async def _noted(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        path = urlsplit(socket.request.path)
        query = parse_qs(path.query)
        application = path.path.rpartition("/")[2]
        kind = query.get("runner_type", [application if application == "webapp" else "background"])[0]
        session = Session(Side.PLATFORM, now=0.0, features=self.features)
        conversation = Conversation(socket, session, kind, query)
        self.all_conversations.append(conversation)
        try:
            async for frame in socket:
                for event in session.receive(frame, 0.0):
                    self._act(conversation, event)
                await conversation.flush()
                await self._noted()
        except ConnectionClosed:
            pass
        finally:
            session.close()
            if self.conversations.get(kind) is conversation:
                del self.conversations[kind]
            await self._noted()

    def _act(self, conversation: Conversation, event: Event) -> None:
        if isinstance(event, SetupRequested):
            conversation.setup = event.request
            conversation.session.send(self.response)
            self.conversations[conversation.kind] = conversation
        elif isinstance(event, ResultReceived):
            self.results.append(event.task)
            if self.acknowledging and conversation.session.may_send("ack"):
                options = event.task.options
                conversation.session.send(Ack(task_id=options.task_id, correlation_id=options.correlation_id))
        elif isinstance(event, ShutdownReceived):
            self.shutdowns.append(conversation.kind)

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != self.api_key:
            return _json(401, {"error_code": "AUTH_001", "errors": ["API request is unauthorized."]})
        if "/devops/ws/" in request.path:
            if self.refuse_with is None:
                return None
            self.refused += 1
            await self._noted()
            return _json(self.refuse_with, {"errors": ["refused"]})
        path, _, query = request.path.removeprefix("/public/v1/").partition("?")
        self.requests.append(unquote(request.path))
        await self._noted()
        if "limit=0" in query:
            total = self.counts.get(path, 1)
            return _json(200, [], {"Content-Range": f"items 0-0/{total}"})
        found = self.objects.get(path)
        if found is None:
            return _json(404, {"error_code": "NOT_001", "errors": [f"{path} not found."]})
        return _json(200, found)


def _json(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(content).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    return Response(status, HTTPStatus(status).phrase, Headers({**fields, **(headers or {})}), body)


@asynccontextmanager
async def serving(platform: ScriptedPlatform, *, port: int = 0) -> AsyncIterator[Server]:
    async with serve(
        platform.handle, "127.0.0.1", port, process_request=platform.answer, compression=None, close_timeout=1
    ) as server:
        platform.port = next(iter(server.sockets)).getsockname()[1]
        yield server
