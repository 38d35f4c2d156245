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

from pydantic_core import from_json

from connect_eaas.runner.deadlines import Deadlines
from connect_eaas.runner.execution import TimeLimit
from connect_eaas.runner.permits import Permits

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


@dataclass
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
        try:
            return from_json(self.body)
        except ValueError:
            # Knows UTF-16, and its message says what is wrong, and where.
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
        self._permits = Permits(_AT_ONCE)
        self._deadlines: Deadlines | None = None
        # The one that was used last is used first, so that the others can grow old.
        self._idle: deque[_Connection] = deque()

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        request = self._request(path, headers)
        if self._deadlines is None:
            self._deadlines = Deadlines(asyncio.get_running_loop())
        if not self._permits.take_now():
            await self._permits.take()
        try:
            with TimeLimit(_READ_S, self._deadlines):
                return await self._get(request, self._deadlines)
        except TimeoutError:
            raise RestError(f"no answer within {_READ_S:g} s") from None
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            raise RestError(str(error) or type(error).__name__) from error
        finally:
            self._permits.give_back()

    async def aclose(self) -> None:
        if self._deadlines is not None:
            self._deadlines.close()
        while self._idle:
            await self._idle.pop().aclose()

    async def _get(self, request: bytes, deadlines: Deadlines) -> Answer:
        while self._idle:
            kept = self._idle.pop()
            try:
                return await self._exchange(kept, request)
            except _StaleError:
                continue  # The host had closed it while it was idle: nothing was processed.
        with TimeLimit(_CONNECT_S, deadlines):
            connection = await self._connect()
        return await self._exchange(connection, request)

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_HEAD_BYTES, loop=loop)
        transport, protocol = await loop.create_connection(
            lambda: _Incoming(reader, loop=loop), self._host, self._port, ssl=self._tls
        )
        return _Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop), protocol)

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
        lines = []
        for name, value in headers.items():
            if not value.isprintable() or not value.isascii():
                raise RestError(f"{name}: contains characters that a header cannot carry")
            lines.append(f"{name}: {value}\r\n")
        target = quote(path.lstrip("/"), safe=_TARGET)
        return f"GET {self._path}/{target} HTTP/1.1\r\nHost: {self._authority}\r\n{''.join(lines)}\r\n".encode("ascii")


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


class _Incoming(asyncio.StreamReaderProtocol):
    """Hands over an answer that came in one piece, as nearly all do; what is in pieces goes through the stream."""

    def __init__(self, reader: asyncio.StreamReader, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self._runs_on = loop
        self._awaited: asyncio.Future[tuple[Answer, bool] | None] | None = None
        # True while an answer is due.
        self.busy = False
        # True once something came that nobody had asked for.
        self.spoiled = False

    def answered(self) -> asyncio.Future[tuple[Answer, bool] | None]:
        """The next answer, and whether the connection can be used again; None if it has to be read from the stream."""
        self._awaited = self._runs_on.create_future()
        return self._awaited

    def data_received(self, data: bytes) -> None:
        if self._awaited is not None:
            whole = _whole(data)
            self._tell(whole)
            if whole is not None:
                return
        elif not self.busy:
            self.spoiled = True
        super().data_received(data)

    def eof_received(self) -> bool | None:
        self._tell(None)
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(None)
        super().connection_lost(exc)

    def _tell(self, whole: tuple[Answer, bool] | None) -> None:
        awaited, self._awaited = self._awaited, None
        if awaited is not None and not awaited.done():
            awaited.set_result(whole)


class _Connection:
    """One connection; carries one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: _Incoming) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming = incoming
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
            if self._reader.at_eof() or self._incoming.spoiled:
                raise ConnectionResetError("the host closed the connection")
            self._incoming.busy = True
            answered = self._incoming.answered()
            self._writer.write(request)
            whole = await answered
            if whole is not None:
                self._incoming.busy = False
                return whole
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if reused and not getattr(error, "partial", b""):
                raise _StaleError from error
            raise
        version, status, reason, headers = _parse(head)
        while 100 <= status < 200:
            version, status, reason, headers = _parse(await self._reader.readuntil(b"\r\n\r\n"))
        kept = _is_kept(version, headers)
        if status in (204, 304):
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = await self._chunks()
        elif "content-length" in headers:
            body = await self._reader.readexactly(int(headers["content-length"]))
        else:
            body, kept = await self._reader.read(), False
        self._incoming.busy = False
        return Answer(status, reason, headers, body), kept

    async def _chunks(self) -> bytes:
        chunks = []
        while size := int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            chunks.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass  # Trailers.
        return b"".join(chunks)


def _whole(data: bytes) -> tuple[Answer, bool] | None:
    """The answer, if it is here as a whole and told its length, and whether the connection can be used again."""
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        return None
    try:
        version, status, reason, headers = _parse(data[:end])
    except ValueError:
        return None
    length = headers.get("content-length", "")
    if status < 200 or status in (204, 304) or "transfer-encoding" in headers or not length.isdecimal():
        return None
    border = end + int(length)
    if len(data) < border:
        return None
    # More than was asked for would be taken for the next answer.
    kept = len(data) == border and _is_kept(version, headers)
    return Answer(status, reason, headers, data[end:border]), kept


def _is_kept(version: str, headers: Mapping[str, str]) -> bool:
    return headers.get("connection", "").lower() != "close" and version != "HTTP/1.0"


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
