"""A web task's round trip, against the same application behind uvicorn over HTTP on kept connections.

Three processes: this one calls; one runs the real worker of a web session, one runs uvicorn. The application, its
request headers and the event loop are the same, no side logs calls, and this side speaks as plainly as it can on both
ways: prepared frames over one websocket, prepared requests over raw sockets.
"""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from benchmarks.rows import Row

WARM_UP = 300
ALONE = 500
TOGETHER = 1600
IN_FLIGHT = 32
ROUNDS = 9
"""Short ones in turn, so that a machine that becomes busier meanwhile is so for both."""
PATH = "/api/things/5?size=3"
EXPECTED = b'{"number":5,"size":3,"caller":"UR-1"}'
HEADERS = {
    "host": "localhost",
    "accept": "application/json",
    "user-agent": "benchmark",
    "x-forwarded-host": "extension.example",
    "x-forwarded-proto": "https",
}
INTERNAL = {"x-connect-user-id": "UR-1", "x-connect-account-id": "VA-1", "x-connect-call-type": "user"}

Call = Callable[[], Awaitable[None]]

APPLICATION = """
from typing import Any
from fastapi import Depends
from connect_eaas import WebApplicationBase, router, web_app
from connect_eaas.web.application import build_app
from connect_eaas.web.inject.common import get_call_context

@web_app(router)
class Web(WebApplicationBase):
    @router.get("/things/{number}")
    async def thing(self, number: int, size: int = 1, context: Any = Depends(get_call_context)) -> dict[str, Any]:
        return {"number": number, "size": size, "caller": context.user_id}
"""
RUNNER = (
    APPLICATION
    + """
import sys, uvloop
from connect_eaas.declarations import Declarations
from connect_eaas.runner.settings import read_settings
from connect_eaas.runner.worker import Worker

async def main() -> None:
    settings = read_settings(
        {"API_KEY": "ApiKey SU-1:x", "ENVIRONMENT_ID": "ENV-0000-0000-01", "SERVER_ADDRESS": sys.argv[1]}, unsecure=True
    )
    await Worker(settings, Declarations.of(Web), instance_id="benchmark", version="0", kinds=["web"]).run()

uvloop.run(main())
"""
)
UVICORN = (
    APPLICATION
    + """
import sys, uvicorn
options = {"log_level": "warning", "access_log": False, "loop": "uvloop", "timeout_keep_alive": 600}
uvicorn.run(build_app(Web), port=int(sys.argv[1]), **options)
"""
)


def run() -> list[Row]:
    """Print two rows: alone and with many in flight."""
    import uvloop

    return uvloop.run(_run())


async def _run() -> list[Row]:
    async with AsyncExitStack() as stack:
        platform = _Platform()
        ours = await stack.enter_async_context(platform)
        theirs = await stack.enter_async_context(_Http())
        for call in (ours, theirs):
            await _many(call, WARM_UP, 1)
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append((await _one_by_one(ours), await _one_by_one(theirs)))
            together.append((await _many(ours, TOGETHER, IN_FLIGHT), await _many(theirs, TOGETHER, IN_FLIGHT)))
    print("web task, against the same application behind uvicorn over HTTP")
    mine, other = (statistics.median(column) for column in zip(*alone, strict=True))
    ratio = statistics.median(a / b for a, b in alone)
    print(
        f"  round trip, p50        {mine * 1e6:6.0f} us   uvicorn {other * 1e6:6.0f} us   "
        f"ratio {ratio:4.2f}   promised 1.30   {'holds' if ratio <= 1.3 else 'DOES NOT HOLD'}"
    )
    trip = Row(
        "web task round trip, p50",
        f"{mine * 1e6:.0f} µs",
        "≤ 1.3 ×",
        ratio <= 1.3,
        f"{other * 1e6:.0f} µs, uvicorn",
        f"{ratio:.2f} ×",
    )
    mine, other = (statistics.median(column) for column in zip(*together, strict=True))
    ratio = statistics.median(a / b for a, b in together)
    print(
        f"  {IN_FLIGHT} in flight           {mine:6.0f} /s   uvicorn {other:6.0f} /s   "
        f"ratio {ratio:4.2f}   promised 0.70   {'holds' if ratio >= 0.7 else 'DOES NOT HOLD'}"
    )
    many = Row(
        f"web tasks, {IN_FLIGHT} in flight",
        f"{mine:,.0f}/s",
        "≥ 70 %",
        ratio >= 0.7,
        f"{other:,.0f}/s, uvicorn",
        f"{ratio:.0%}",
    )
    return [trip, many]


async def _one_by_one(call: Call) -> float:
    """Median seconds of a call."""
    times = []
    for _ in range(ALONE):
        begun = time.perf_counter()
        await call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


async def _many(call: Call, number: int, in_flight: int) -> float:
    """Calls a second."""

    async def some(count: int) -> None:
        for _ in range(count):
            await call()

    begun = time.perf_counter()
    await asyncio.gather(*(some(number // in_flight) for _ in range(in_flight)))
    return number / (time.perf_counter() - begun)


class _Platform:
    """As much of a platform as a web session needs."""

    async def __aenter__(self) -> Call:
        loop = asyncio.get_running_loop()
        self._answers: dict[str, asyncio.Future[bytes]] = {}
        self._connected: asyncio.Future[_Socket] = loop.create_future()
        self._server = await loop.create_server(lambda: _Socket(self._take), "127.0.0.1", 0)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self._runner = _python(RUNNER, f"127.0.0.1:{port}")
        self._socket = await asyncio.wait_for(self._connected, 60)
        options = {"reply_to": "r", "user_id": "UR-1", "account_id": "VA-1", "call_type": "user"}
        request = {"method": "GET", "url": PATH, "headers": HEADERS, "content": None}
        data = {"options": {"correlation_id": "?", **options}, "request": request, "model_type": "web_task"}
        frame = json.dumps({"version": 2, "message_type": "web_task", "data": data})
        self._head, self._tail = frame.split("?", 1)
        self._number = 0
        return self._call

    async def __aexit__(self, *_: object) -> None:
        self._runner.terminate()
        self._runner.wait(20)
        self._server.close()
        await self._server.wait_closed()

    def _take(self, socket: _Socket, frame: bytes) -> None:
        message: Any = json.loads(frame)
        if message["message_type"] == "web_task":
            answer = message["data"]
            content = base64.b64decode(answer["response"]["content"])
            self._answers.pop(answer["options"]["correlation_id"]).set_result(content)
        elif message["message_type"] == "setup_request":
            logging = {
                "log_level": "WARNING",
                "runner_log_level": "WARNING",
                "meta": {"service_id": "SRVC-0000-0000"},
            }
            data = {
                "variables": [],
                "environment_type": "development",
                "logging": logging,
                "model_type": "setup_response",
            }
            socket.send(json.dumps({"version": 2, "message_type": "setup_response", "data": data}))
            self._connected.set_result(socket)

    async def _call(self) -> None:
        self._number += 1
        name = str(self._number)
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        self._socket.send(f"{self._head}{name}{self._tail}")
        _check(await answer)


class _Socket(asyncio.Protocol):
    """A websocket's server side without anything between the library's frames and the socket."""

    def __init__(self, take: Callable[[_Socket, bytes], None]) -> None:
        self._take = take
        self._protocol = ServerProtocol()

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._take(self, bytes(event.data))
        self._write()

    def send(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        self._write()

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            # An empty piece is the end.
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


class _Http:
    """Kept connections to uvicorn, one for each call in flight."""

    async def __aenter__(self) -> Call:
        probe = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        self._port = probe.sockets[0].getsockname()[1]
        probe.close()
        await probe.wait_closed()
        self._server = _python(UVICORN, str(self._port))
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        lines = [f"{name}: {value}" for name, value in {**HEADERS, **INTERNAL}.items()]
        self._request = "\r\n".join([f"GET {PATH} HTTP/1.1", *lines, "", ""]).encode()
        deadline = time.monotonic() + 60
        while not await self._open():
            if time.monotonic() > deadline:
                raise TimeoutError("uvicorn did not start")
            await asyncio.sleep(0.05)
        return self._call

    async def _open(self) -> bool:
        try:
            self._free.append(await asyncio.open_connection("127.0.0.1", self._port))
        except OSError:
            return False
        return True

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._free:
            writer.close()
        self._server.terminate()
        self._server.wait(20)

    async def _call(self) -> None:
        connection = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = connection
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        _check(await reader.readexactly(length))
        self._free.append(connection)


def _check(body: bytes) -> None:
    if body != EXPECTED:
        raise AssertionError(f"a wrong answer: {body!r}")


def _python(code: str, argument: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, argument])
