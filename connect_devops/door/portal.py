"""The frame around a page of an extension: the list of the pages, who looks at them, and the page in an iframe.

It speaks the part of the portal's protocol that the UI toolkit of Connect knows, see ``static/frame.js``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

import anyio.to_thread
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connect_devops.admissions import Admissions
from connect_devops.api.callers import Visitor
from connect_devops.api.errors import ApiError, answer_http_exception
from connect_devops.api.middleware import ErrorShield
from connect_devops.domain.account import Account
from connect_devops.domain.errors import NotFoundError
from connect_devops.door.extension_host import SESSION_PATH
from connect_devops.door.hosts import Place, place, refuse_foreign
from connect_devops.door.pages import Page, find_page, pages_of
from connect_devops.services.container import Services
from connect_devops.services.dialogs import Choice, keep_choice, kept_choice
from connect_devops.services.installations import Installation

__all__ = ["ENTER_PATH", "Portal"]

ENTER_PATH: Final = "/-/enter"
"""Opens a session of the frame with a code, then shows it."""
_COOKIE: Final = "connect_devops_portal"
_OWNER: Final = "owner"
_MAX_CHOICE: Final = 1 << 20
_ASSETS: Final[Mapping[str, str]] = {"frame.js": "text/javascript", "frame.css": "text/css"}
_INSTALLABLE: Final = ("multiaccount", "transformations")


@dataclass(frozen=True)
class Portal:
    """The application on the hosts of all frames.

    ``columns`` are offered to the dialogs of transformations, as the columns of a stream are on the platform.
    """

    services: Services
    guests: Admissions[str]
    visitors: Admissions[Visitor]
    columns: Sequence[Mapping[str, Any]]

    def app(self) -> ASGIApp:
        """Return the application; the scope names the environment."""
        return Starlette(
            routes=[
                Route("/", self._frame, methods=["GET"]),
                Route(ENTER_PATH, self._enter, methods=["GET"]),
                Route("/-/choices/{method}", self._keep, methods=["PUT"]),
                Route("/-/{asset}", self._asset, methods=["GET"]),
            ],
            middleware=[Middleware(ErrorShield)],
            exception_handlers={HTTPException: answer_http_exception},
        )

    async def _enter(self, request: Request) -> Response:
        here = place(request)
        session = self.guests.redeem(request.query_params.get("code", ""))
        if session is None or self.guests.grant(session) != here.environment.id:
            return _html(here, _render("locked.html"), 401)
        chosen = {name: request.query_params[name] for name in ("page", "as") if name in request.query_params}
        # A redirect would be the continuation of a request from another site, to which strict cookies are not sent.
        answer = _html(here, _render("enter.html", to=f"/?{urlencode(chosen)}"))
        answer.set_cookie(_COOKIE, session, httponly=True, samesite="strict")
        return answer

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["asset"]
        if name not in _ASSETS:
            raise HTTPException(404)
        text = files("connect_devops.door").joinpath(f"static/{name}").read_text(encoding="utf-8")
        return Response(text, media_type=_ASSETS[name], headers={"Cache-Control": "no-cache"})

    async def _keep(self, request: Request) -> Response:
        """Keep what a dialog saved; the next request that is triggered for its transformation has these settings."""
        here = place(request)
        refuse_foreign(request, here.portal, strictly=True)
        if self.guests.grant(request.cookies.get(_COOKIE)) != here.environment.id:
            raise ApiError(401, "This session has ended; open the page again with: ccli devops open page")
        method = request.path_params["method"]
        if method not in {page.method for page in pages_of(here.environment)}:
            raise ApiError(404, f"{here.environment.id} has no transformation {method!r} with a dialog.")
        sent = b""
        async for part in request.stream():
            sent += part
            if len(sent) > _MAX_CHOICE:
                raise ApiError(413, f"What a dialog saves has at most {_MAX_CHOICE} bytes.")
        try:
            choice = Choice.read(json.loads(sent))
        except (ValueError, RecursionError):
            raise ApiError(400, "The body is no JSON.") from None
        await anyio.to_thread.run_sync(keep_choice, self.services.store, here.environment.id, method, choice)
        return Response(status_code=204)

    async def _frame(self, request: Request) -> Response:
        here = place(request)
        refuse_foreign(request, here.portal, strictly=False)
        if self.guests.grant(request.cookies.get(_COOKIE)) != here.environment.id:
            return _html(here, _render("locked.html"), 401)
        return await anyio.to_thread.run_sync(self._draw, here, dict(request.query_params))

    def _draw(self, here: Place, chosen: Mapping[str, str]) -> Response:
        environment = here.environment
        pages = pages_of(environment)
        page: Page | None = pages[0] if pages else None
        problem = ""
        try:
            page = find_page(environment, chosen["page"]) if "page" in chosen else page
        except NotFoundError as error:
            problem, page = str(error), None
        installations = [
            item
            for item in self.services.installations.page(extension_id=environment.extension_id).items
            if item.environment_id == environment.id and item.status == "installed"
        ]
        installation = _chosen(installations, chosen.get("as"))
        owner = self.services.accounts.get(environment.owner_id)
        visitor = Visitor(environment.id, None if installation is None else installation.id)
        return _html(
            here,
            _render(
                "frame.html",
                environment=environment,
                groups=_grouped(pages),
                page=page,
                problem=problem,
                origin=here.origin,
                source=None if page is None else self._source(here, page, visitor),
                installations=installations,
                installation=installation,
                owner=owner,
                installable=environment.extension_type in _INSTALLABLE,
                setup=json.dumps(self._setup(here, page, installation, owner)),
            ),
        )

    def _source(self, here: Place, page: Page, visitor: Visitor) -> str:
        query = urlencode({"code": self.visitors.new_code(visitor), "to": page.url})
        return f"{here.origin}{SESSION_PATH}?{query}"

    def _setup(
        self, here: Place, page: Page | None, installation: Installation | None, owner: Account
    ) -> dict[str, Any]:
        """What the frame's script needs to know."""
        account = owner if installation is None else installation.owner
        method = None if page is None else page.method
        kept = None if method is None else kept_choice(self.services.store, here.environment.id, method)
        return {
            "origin": here.origin,
            "page": None if page is None else page.key,
            "as": _OWNER if installation is None else installation.id,
            "state": {
                "account": {"id": account.id, "name": account.name, "role": account.role},
                "environment": {"id": here.environment.id, "type": here.environment.type},
                "installation": None if installation is None else {"id": installation.id},
            },
            "columns": list(self.columns) if page is not None and page.is_dialog else [],
            "method": method,
            "kept": None if kept is None else kept.as_json(),
        }


def _chosen(installations: Sequence[Installation], wanted: str | None) -> Installation | None:
    if wanted == _OWNER or not installations:
        return None
    return next((item for item in installations if item.id == wanted), installations[0])


def _grouped(pages: Sequence[Page]) -> dict[str, list[Page]]:
    groups: dict[str, list[Page]] = {}
    for page in pages:
        groups.setdefault(page.point, []).append(page)
    return groups


def _html(here: Place, html: str, status: int = 200) -> HTMLResponse:
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {here.origin};"
        f" connect-src 'self'; frame-src {here.origin}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers=headers)


def _render(name: str, **values: Any) -> str:
    return _TEMPLATES.get_template(name).render(**values)


_TEMPLATES: Final = Templates(
    loader=PackageLoader("connect_devops.door"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
