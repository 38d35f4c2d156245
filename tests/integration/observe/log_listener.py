"""The listener of the log service, as far as a runner sees it: TLS, one JSON record a line, 200."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import trustme
from small_proxies import Seen, closed, serving, splice

HOST = "listener.logz.io"


@dataclass
class LogListener:
    """What arrived."""

    proxy: Seen
    ca_file: Path
    records: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def variables(self) -> dict[str, str]:
        """Variables by which a process finds the listener, and nothing else, through the proxy."""
        proxy = f"http://127.0.0.1:{self.proxy.port}"
        return {"HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1", "REQUESTS_CA_BUNDLE": str(self.ca_file)}

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a record; return it."""
        with anyio.fail_after(30):
            async with self.changed:
                await self.changed.wait_for(lambda: any(map(condition, self.records)))
        return next(filter(condition, self.records))

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = lines[0].split(" ")
            assert method == "POST"
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            body = await reader.readexactly(int(headers["content-length"]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            async with self.changed:
                self.tokens.update(parse_qs(urlsplit(target).query)["token"])
                self.records.extend(json.loads(line) for line in body.splitlines())
                self.changed.notify_all()


@asynccontextmanager
async def log_listener(folder: Path) -> AsyncIterator[LogListener]:
    """Listen as the log service, for those who come through a proxy that knows its name."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    ca_file = folder / "log-service-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    listener = LogListener(Seen(), ca_file)
    server = await asyncio.start_server(listener_of(listener), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        listener.proxy.tunnels.append(head.split(b" ")[1].decode())
        far = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await splice(reader, writer, *far)

    async with server, serving(tunnel, listener.proxy):
        yield listener


def listener_of(listener: LogListener) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await listener.handle(reader, writer)
        except (OSError, EOFError):
            return
        finally:
            await closed(writer)

    return handle
