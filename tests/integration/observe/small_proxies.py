"""A CONNECT (and forwarding) proxy and a SOCKS5 server, small and real. Every name leads to this machine."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Seen:
    """What a proxy was asked for."""

    port: int = 0
    tunnels: list[str] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)


@asynccontextmanager
async def http_proxy(credentials: str | None = None) -> AsyncIterator[Seen]:
    seen = Seen()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        wanted = f"proxy-authorization: basic {base64.b64encode((credentials or '').encode()).decode()}".lower()
        if credentials is not None and wanted not in (line.lower() for line in lines):
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        if method == "CONNECT":
            seen.tunnels.append(target)
            far = await asyncio.open_connection("127.0.0.1", int(target.rpartition(":")[2]))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            url = urlsplit(target)
            seen.forwarded.append(target)
            far = await asyncio.open_connection("127.0.0.1", url.port or 80)
            path = url.path + (f"?{url.query}" if url.query else "")
            far[1].write(head.replace(target.encode(), path.encode(), 1))
        await splice(reader, writer, *far)

    async with serving(handle, seen):
        yield seen


@asynccontextmanager
async def socks5_proxy() -> AsyncIterator[Seen]:
    seen = Seen()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        assert kind == 3, "the name has to be looked up by the proxy"
        (length,) = await reader.readexactly(1)
        name = (await reader.readexactly(length)).decode()
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        seen.tunnels.append(f"{name}:{port}")
        far = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await splice(reader, writer, *far)

    async with serving(handle, seen):
        yield seen


@asynccontextmanager
async def serving(handle: Handler, seen: Seen) -> AsyncIterator[None]:
    jobs: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        job = asyncio.current_task()
        assert job is not None
        jobs.add(job)
        try:
            await handle(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            return
        finally:
            await closed(writer)
            jobs.discard(job)

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for job in list(jobs):
            job.cancel()
        if jobs:
            await asyncio.wait(set(jobs))


async def splice(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()

    ways = {asyncio.ensure_future(carry(reader, far_writer)), asyncio.ensure_future(carry(far_reader, writer))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        far_writer.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await closed(far_writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
