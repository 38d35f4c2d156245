"""The extension's own host: its static files, its API, and what it may call of the platform's, all of one origin.

``/api`` takes the session that the frame has opened for this host, or an API key. ``/static``, ``/guest``,
``/unauthorized`` and ``/openapi/spec.json`` are open to everybody on this machine, as they are on the platform. Paths
that ``@proxied_connect_api`` names go to the platform's REST API, as the account that looks at the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connect_devops.admissions import Admissions
from connect_devops.api.callers import Visitor, key_caller, visiting_caller
from connect_devops.api.errors import answer_http_exception, bad_request, forbidden, not_found, unauthorized
from connect_devops.api.forwarding import forward
from connect_devops.api.middleware import PLATFORM, ErrorShield
from connect_devops.api.web_calls import AUTHENTICATED, METHODS, OPEN, SCHEMA
from connect_devops.door.hosts import Place, place, refuse_foreign
from connect_devops.services.container import Services
from connect_devops.services.web_calls import Caller

__all__ = ["SESSION_PATH", "ExtensionHost"]

SESSION_PATH: Final = "/-/session"
"""Opens a session with a code, then leads to a page. No path of an extension's begins like this."""
_COOKIE: Final = "connect_devops_page"
_PROXIED: Final = ("/public/", "/files")
_NEVER_PROXIED: Final = "/public/v1/devops/local"
_VIEWING: Final = ("GET", "HEAD", "OPTIONS")
# What a browser says of itself and of our session; the platform's own door would judge it.
_KEPT_BACK: Final = re.compile(rb"host|cookie|origin|referer|authorization|sec-.*|x-connect-.*")


@dataclass(frozen=True)
class ExtensionHost:
    """The application on the hosts of all extensions.

    ``owner_key`` returns the key of the platform's owner: pages that are shown to the extension's owner, without an
    installation, call the platform with it.
    """

    services: Services
    visitors: Admissions[Visitor]
    owner_key: Callable[[], str]

    def app(self) -> ASGIApp:
        """Return the application; the scope names the environment."""
        return Starlette(
            routes=[
                Route(SESSION_PATH, self._enter, methods=["GET"]),
                Route("/{rest:path}", self._serve, methods=list(METHODS)),
            ],
            middleware=[Middleware(ErrorShield)],
            exception_handlers={HTTPException: answer_http_exception},
        )

    async def _enter(self, request: Request) -> Response:
        """Give the browser a session for its code. The frame's host is of this site, so the cookie may be strict."""
        here = place(request)
        to = request.query_params.get("to", "/")
        if not to.startswith("/") or to.startswith(("//", "/\\")) or not to.isprintable():
            raise bad_request("to: expected a path of this host.")
        session = self.visitors.redeem(request.query_params.get("code", ""))
        visitor = self.visitors.grant(session)
        if session is None or visitor is None or visitor.environment_id != here.environment.id:
            raise unauthorized("The link has been used, or is too old. Open the page again: ccli devops open page")
        answer = RedirectResponse(to, status_code=303, headers={"Referrer-Policy": "no-referrer"})
        answer.set_cookie(_COOKIE, session, httponly=True, samesite="strict")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def _serve(self, request: Request) -> Response:
        here = place(request)
        rest: str = request.path_params["rest"]
        first = rest.partition("/")[0]
        if request.url.path.startswith(_PROXIED):
            return await self._proxied(request, here)
        if first == AUTHENTICATED:
            caller = await self._caller(request, here)
        elif first in OPEN or rest == SCHEMA:
            refuse_foreign(request, here.origin, strictly=False)
            caller = Caller()
        else:
            raise not_found(request.url.path)
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        url = raw.decode("latin-1").partition("?")[0]
        if query := request.scope["query_string"].decode("latin-1"):
            url = f"{url}?{query}"
        # Nobody but the frame around it may embed a page, whose buttons act for an account.
        policy = f"frame-ancestors 'self' {here.portal}"
        return await forward(self.services.web_calls, here.environment.id, request, caller, url=url, policy=policy)

    async def _caller(self, request: Request, here: Place) -> Caller:
        key = request.headers.get("authorization")
        if key is not None:
            refuse_foreign(request, here.origin, strictly=False)
            identity = await anyio.to_thread.run_sync(self.services.accounts.authenticate, key)
            if identity is None:
                raise unauthorized()
            return await anyio.to_thread.run_sync(key_caller, self.services, here.environment, identity)
        visitor = self._visitor(request, here)
        return await anyio.to_thread.run_sync(visiting_caller, self.services, here.environment, visitor)

    def _visitor(self, request: Request, here: Place) -> Visitor:
        refuse_foreign(request, here.origin, strictly=True)
        visitor = self.visitors.grant(request.cookies.get(_COOKIE))
        if visitor is None or visitor.environment_id != here.environment.id:
            raise unauthorized("Nobody is signed in here. Open the page with: ccli devops open page")
        return visitor

    async def _proxied(self, request: Request, here: Place) -> Response:
        """Let a page call the platform's REST API where the extension declared the path."""
        visitor = self._visitor(request, here)
        path = request.scope["path"]
        declared = here.environment.declared.proxied_connect_api or ()
        # A list says nothing of the permission; the weaker reading would break pages that work on the platform.
        allowed = declared if isinstance(declared, dict) else dict.fromkeys(declared, "edit")
        right = next((right for name, right in allowed.items() if _lies_below(path, name)), None)
        if right is None or _lies_below(path, _NEVER_PROXIED):
            raise forbidden(f"{path}: @proxied_connect_api does not name this path.")
        if right != "edit" and request.method not in _VIEWING:
            raise forbidden(f"{path}: @proxied_connect_api allows to view it only, not {request.method}.")
        key = await anyio.to_thread.run_sync(self._key, visitor, here)
        return _Forwarded(request.scope[PLATFORM], key)

    def _key(self, visitor: Visitor, here: Place) -> str:
        caller = visiting_caller(self.services, here.environment, visitor)
        return caller.api_key or self.owner_key()


class _Forwarded(Response):
    """The platform's own answer to a call, made with another key."""

    def __init__(self, platform: ASGIApp, key: str) -> None:
        super().__init__()
        self._platform = platform
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [pair for pair in scope["headers"] if not _KEPT_BACK.fullmatch(pair[0])]
        headers += [(b"host", b"localhost"), (b"authorization", self._key.encode("latin-1"))]
        inner = {**scope, "headers": headers, "root_path": "", "state": {}}
        for name in ("endpoint", "path_params", "router", "app"):
            inner.pop(name, None)
        await self._platform(inner, receive, send)


def _lies_below(path: str, declared: str) -> bool:
    root = declared.rstrip("/")
    return path == root or path.startswith(f"{root}/")
