"""One HTTP call to an ASGI application in this process: a request in, a response out, no socket and no HTTP client.

`sanitized` is the border: headers by which the runner tells who calls are never taken from a caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

__all__ = ["Application", "AsgiCall", "Headers", "Request", "Response", "TooLargeError", "sanitized"]

Application = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_INTERNAL: Final = "x-connect-"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Request:
    """One call; ``url`` is a path with query, ``headers`` have names in lower case."""

    method: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Response:
    """Its answer; a name may stand several times in ``headers``."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


class TooLargeError(Exception):
    """The response's body is larger than allowed; answer with a smaller one, such as a page of a list."""


def sanitized(headers: Mapping[str, str]) -> Headers:
    """Return a caller's headers as ASGI has them, without those that only the runner may send.

    Dropped is every ``X-Connect-*``, in any letter case; underscores count as hyphens, because WSGI applications behind
    an adapter cannot tell them apart.
    """
    kept: Headers = []
    for name, value in headers.items():
        lowered = name.strip().lower()
        if not lowered.replace("_", "-").startswith(_INTERNAL):
            kept.append((lowered.encode("latin-1", "replace"), value.encode("latin-1", "replace")))
    return kept


class AsgiCall:
    """One call of an application.

    Args:
        app: the application.
        request: the call.
        answered: called once, with the response, as soon as it is complete; the application may go on after that, with
            what it does in the background.
        max_body_bytes: a larger response is an error.
    """

    def __init__(
        self, app: Application, request: Request, answered: Callable[[Response], None], *, max_body_bytes: int
    ) -> None:
        self._app = app
        self._request = request
        self._answered = answered
        self._max_body_bytes = max_body_bytes
        self._request_sent = False
        self._status: int | None = None
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._length = 0
        # True once the response is complete.
        self.complete = False
        # Set when nobody waits for the response any more; made when the application first asks.
        self._gone: asyncio.Event | None = None
        self._is_gone = False

    async def run(self) -> None:
        """Call the application, and wait until it is done with it.

        Raises:
            TooLargeError: the response is too large.
            RuntimeError: the application ended without a complete response, or broke the rules of ASGI.
            Exception: whatever the application raised.
        """
        await self._app(self._scope(), self._receive, self._send)
        if not self.complete:
            raise RuntimeError("the application returned without a complete response")

    def disconnect(self) -> None:
        """Tell the application, if it asks, that nobody waits for the response."""
        self._is_gone = True
        if self._gone is not None:
            self._gone.set()

    def _scope(self) -> dict[str, Any]:
        request = self._request
        raw_path, _, query = request.url.partition("#")[0].partition("?")
        raw = raw_path.encode("ascii", "replace") if raw_path.isascii() else raw_path.encode()
        headers, scheme, server = _forwarded(request.headers)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method.upper(),
            "scheme": scheme,
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw,
            "query_string": query.encode("latin-1", "replace") if query.isascii() else query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": server,
            "extensions": {},
        }

    async def _receive(self) -> dict[str, Any]:
        if not self._request_sent:
            self._request_sent = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        if not self._is_gone and not self.complete:
            if self._gone is None:
                self._gone = asyncio.Event()
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._is_gone:
            raise OSError("nobody waits for the response any more")
        if self.complete:
            return
        kind = message["type"]
        if kind == "http.response.start" and self._status is None:
            self._status = int(message["status"])
            self._headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers") or ()]
        elif kind == "http.response.body" and self._status is not None:
            self._add(message.get("body") or b"")
            if not message.get("more_body"):
                self.complete = True
                if self._gone is not None:
                    self._gone.set()
                self._answered(Response(self._status, self._headers, b"".join(self._body)))
        else:
            raise RuntimeError(f"the application sent {kind!r} at a wrong moment")

    def _add(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > self._max_body_bytes:
            self._body.clear()
            raise TooLargeError(f"the response is larger than {self._max_body_bytes} bytes")
        if self._request.method.upper() != "HEAD":
            self._body.append(bytes(part))


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> tuple[Headers, str, tuple[str, int]]:
    """Host and scheme as the caller saw them: ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` are honoured."""
    host = forwarded_host = scheme = b""
    kept: Headers = []
    for name, value in headers:
        if name == b"x-forwarded-host":
            forwarded_host = value.split(b",")[0].strip()
        elif name == b"x-forwarded-proto":
            scheme = value.split(b",")[0].strip().lower()
        if name == b"host":
            host = value
        else:
            kept.append((name, value))
    shown = forwarded_host or host or b"localhost"
    protocol = "https" if scheme == b"https" else "http"
    kept.insert(0, (b"host", shown))
    try:
        parts = urlsplit("//" + shown.decode("latin-1"))
        server = (parts.hostname or "localhost", parts.port or _DEFAULT_PORTS[protocol])
    except ValueError:
        server = ("localhost", _DEFAULT_PORTS[protocol])
    return kept, protocol, server
