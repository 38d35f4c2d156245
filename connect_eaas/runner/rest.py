"""GET over kept connections: the runner's own REST calls, two for each background task.

`DirectConnections` speaks as much of HTTP/1.1 as that takes, on the loop's own streams: general clients spend many
times more of the processor on such a call (figures in docs/performance.md). Behind a proxy, where the way is long
anyway, `ProxiedConnections` leaves it to ``httpx``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Connections", "DirectConnections", "ProxiedConnections", "RestError", "open_connections"]

_AT_ONCE: Final = 50
_CONNECT_S: Final = 15.0
_READ_S: Final = 30.0
_HEAD_BYTES: Final = 64 * 1024
# What may stand in a target as it is; everything else is escaped.
_TARGET: Final = "%/:=&?~+!$,;'@()*[]-._"


class RestError(Exception):
    """The call got no answer, or one that is no HTTP."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; names of headers are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body)


class Connections(Protocol):
    """Connections to one host."""

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Call; ``path`` is relative to the root.

        Raises:
            RestError: there was no answer.
        """

    async def aclose(self) -> None:
        """Close all connections."""


def open_connections(root: str, tls: ssl.SSLContext | None) -> Connections:
    """Choose how to reach the API: straight, or through the proxy that the environment names for it.

    Args:
        root: of the API, e.g. ``https://api.connect.cloudblue.com/public/v1``.
        tls: how to verify the host; needed for ``https``.
    """
    parts = urlsplit(root)
    proxies = getproxies()
    proxied = parts.scheme in proxies or "all" in proxies
    if proxied and not proxy_bypass(parts.netloc):
        return ProxiedConnections(root, tls)
    return DirectConnections(root, tls)


class DirectConnections:
    """Connections without anything between; at most 50, opened when needed and kept."""

    def __init__(self, root: str, tls: ssl.SSLContext | None) -> None:
        parts = urlsplit(root)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = tls if parts.scheme == "https" else None
        self._path = parts.path.rstrip("/")
        self._authority = parts.netloc
        self._slots = asyncio.Semaphore(_AT_ONCE)
        # The one that was used last is used first, so that the others can grow old.
        self._idle: deque[_Connection] = deque()

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        request = self._request(path, headers)
        try:
            async with self._slots:
                with anyio.fail_after(_READ_S):
                    return await self._get(request)
        except TimeoutError:
            raise RestError(f"no answer within {_READ_S:g} s") from None
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            raise RestError(str(error) or type(error).__name__) from error

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    async def _get(self, request: bytes) -> Answer:
        while self._idle:
            kept = self._idle.pop()
            try:
                return await self._exchange(kept, request)
            except _StaleError:
                continue  # The host had closed it while it was idle: nothing was processed.
        with anyio.fail_after(_CONNECT_S):
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_HEAD_BYTES)
        return await self._exchange(_Connection(reader, writer), request)

    async def _exchange(self, connection: _Connection, request: bytes) -> Answer:
        try:
            answer, kept = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        if kept:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _request(self, path: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"GET {self._path}/{quote(path.lstrip('/'), safe=_TARGET)} HTTP/1.1", f"Host: {self._authority}"]
        for name, value in headers.items():
            if not value.isprintable() or not value.isascii():
                raise RestError(f"{name}: contains characters that a header cannot carry")
            lines.append(f"{name}: {value}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")


class ProxiedConnections:
    """Connections through a proxy of the environment (``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``)."""

    def __init__(self, root: str, tls: ssl.SSLContext | None) -> None:
        import httpx

        self._root = root.rstrip("/")
        self._client: httpx.AsyncClient = httpx.AsyncClient(
            verify=tls if tls is not None else False,
            timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=20),
        )

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        import httpx

        try:
            answer = await self._client.get(f"{self._root}/{path.lstrip('/')}", headers=dict(headers))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RestError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, answer.reason_phrase, fields, answer.content)

    async def aclose(self) -> None:
        await self._client.aclose()


class _StaleError(Exception):
    """A kept connection had been closed by the host before it took the request."""


class _Connection:
    """One connection; carries one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._used = False

    def close(self) -> None:
        self._writer.close()

    async def aclose(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def exchange(self, request: bytes) -> tuple[Answer, bool]:
        """Send the request and read its answer; True if the connection can be used again."""
        reused, self._used = self._used, True
        try:
            if self._reader.at_eof():
                raise ConnectionResetError("the host closed the connection")
            self._writer.write(request)
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if reused and not getattr(error, "partial", b""):
                raise _StaleError from error
            raise
        version, status, reason, headers = _parse(head)
        while 100 <= status < 200:
            version, status, reason, headers = _parse(await self._reader.readuntil(b"\r\n\r\n"))
        kept = headers.get("connection", "").lower() != "close" and version != "HTTP/1.0"
        if status in (204, 304):
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = await self._chunks()
        elif "content-length" in headers:
            body = await self._reader.readexactly(int(headers["content-length"]))
        else:
            body, kept = await self._reader.read(), False
        return Answer(status, reason, headers, body), kept

    async def _chunks(self) -> bytes:
        chunks = []
        while size := int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            chunks.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass  # Trailers.
        return b"".join(chunks)


def _parse(head: bytes) -> tuple[str, int, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or len(status) != 3:
        raise ValueError("the answer is no HTTP/1.1")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    return version, int(status), reason, headers
