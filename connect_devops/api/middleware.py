"""What every call passes: common headers, the check of who calls from where, limits, errors without tracebacks."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

import anyio.to_thread
from sqlalchemy.exc import OperationalError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connect_devops.api.errors import ApiError, error_response, translate, unauthorized
from connect_devops.domain.account import Identity
from connect_devops.settings import LOOPBACK_NAMES

__all__ = [
    "CONNECT_VERSION",
    "PLATFORM",
    "Authentication",
    "BodyLimit",
    "CommonHeaders",
    "ErrorShield",
    "HostGuard",
    "OtherHosts",
]

CONNECT_VERSION: Final = "37.0.0"
"""Major version of the platform whose API this is; runners read it from ``GET /accounts``."""

PLATFORM: Final = "connect_devops.platform"
"""Where the scope of an application on another host names the platform's own application."""

logger = logging.getLogger(__name__)


class CommonHeaders:
    """Adds ``Connect-Version`` and ``Date`` to every answer."""

    def __init__(self, app: ASGIApp, *, now: Callable[[], datetime]) -> None:
        self._app = app
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers["Connect-Version"] = CONNECT_VERSION
                headers["Date"] = format_datetime(self._now().astimezone(timezone.utc), usegmt=True)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class ErrorShield:
    """Turns what nobody caught into an error body; the traceback goes to the log, under a reference."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            answer = translate(error)
            if answer is not None and not started:
                await answer.response()(scope, receive, send)
                return
            reference = secrets.token_hex(4)
            logger.exception("unexpected error reference=%s %s %s", reference, scope["method"], scope["path"])
            if started:
                raise
            if isinstance(error, OperationalError):
                # The machine's trouble rather than a defect: a full disk, a locked file, a server that is gone.
                problem, status = f"The platform's database fails: {str(error.orig).partition(chr(10))[0]}", 503
            else:
                problem, status = "The platform failed", 500
            text = f"{problem}; its log has the cause under the reference {reference}."
            await error_response(status, [text])(scope, receive, send)


class OtherHosts:
    """Lets other applications answer on hosts of their own; everything else goes on to the platform.

    Args:
        app: the platform.
        app_of: returns what answers on a host name (without its port), or None if the name is not one of theirs.
    """

    def __init__(self, app: ASGIApp, *, app_of: Callable[[str], Awaitable[ASGIApp | None]]) -> None:
        self._app = app
        self._app_of = app_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            name = _host_name(f"//{Headers(scope=scope).get('host', '')}")
            other = None if name is None else await self._app_of(name)
            if other is not None:
                await other({**scope, PLATFORM: self._app}, receive, send)
                return
        await self._app(scope, receive, send)


class HostGuard:
    """Refuses calls that a web page elsewhere could make a browser send to this machine.

    The ``Host`` header must name this platform, and ``Origin``, where a browser sends it, too (DNS rebinding and
    cross-site requests).
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in (*LOOPBACK_NAMES, *names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers.get("host", ""), headers.get("origin"))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await error_response(403, [refusal], code="AUTH_003")(scope, receive, send)

    def _refusal(self, host: str, origin: str | None) -> str | None:
        if not self._is_ours(_host_name(f"//{host}")):
            return f"Host: {_shown(host)} is not a name of this platform; start it with --allow-host to accept it."
        if origin is not None and not self._is_ours(_host_name(origin)):
            return f"Origin: {_shown(origin)} may not call this platform."
        return None

    def _is_ours(self, name: str | None) -> bool:
        if name is None:
            return False
        if name in self._names or "*" in self._names:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _shown(text: str) -> str:
    return repr(text[:80])


class Authentication:
    """Lets only known keys into the REST API; ``request.state.identity`` says who calls.

    Open are the base address (clients read the version there) and the hooks, which check tokens of their own. Addresses
    outside of the API, such as the links that a browser opens, are not its business.
    """

    _PREFIX: Final = "/public/v1/"
    _OPEN: Final = ("/public/v1/devops/hooks/",)

    def __init__(self, app: ASGIApp, *, authenticate: Callable[[str | None], Identity | None]) -> None:
        self._app = app
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; websockets are admitted by the hub."""
        path = scope.get("path", "")
        guarded = path.startswith(self._PREFIX) and path != self._PREFIX and not path.startswith(self._OPEN)
        if scope["type"] != "http" or not guarded:
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get("authorization")
        identity = await anyio.to_thread.run_sync(self._authenticate, header)
        if identity is None:
            raise unauthorized()
        scope.setdefault("state", {})["identity"] = identity
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses bodies above a number of bytes, announced or not."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await self._too_large().response()(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, receive_counted, send)

    def _too_large(self) -> ApiError:
        return ApiError(413, f"The body is larger than {self._max_bytes} bytes.", headers={"Connection": "close"})
