"""What a browser sees: extensions with their environments, the queue of one environment, one task's history.

The pages only read. Each follows the platform's signals, so what they show is never older than a moment.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import anyio.to_thread
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from connect_devops.admissions import Admissions
from connect_devops.domain.errors import NotFoundError
from connect_devops.door.pages import pages_of
from connect_devops.services.container import Services
from connect_devops.services.feed import Feeds
from connect_devops.services.signals import CallsStored, EnvironmentChanged, Signal, TasksDue, TaskSettled

__all__ = ["COOKIE", "Pages"]

COOKIE: Final = "connect_devops_session"
_PAGE: Final = 50
_LONGEST_VALUE: Final = 400
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FOLLOW: Final = """\
const source = new EventSource("/changes");
source.addEventListener("changed", async () => {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const main = document.querySelector("main");
  const open = [...main.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, number) => { one.open = open[number] ?? false; });
  main.replaceWith(fresh);
});
"""


@dataclass(frozen=True)
class Pages:
    """The pages of one platform process."""

    services: Services
    feeds: Feeds
    sessions: Admissions[str]
    page_link: Callable[[str, str | None], str]
    """Makes the address of an environment's pages, or of one of them; it works once."""

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/", self._guarded(self._overview), methods=["GET"]),
            Route("/login", self._login, methods=["GET"]),
            Route("/follow.js", self._script, methods=["GET"]),
            Route("/changes", self._changes, methods=["GET"]),
            Route("/environments/{environment}/pages", self._pages, methods=["GET"]),
            Route("/environments/{environment}", self._guarded(self._environment), methods=["GET"]),
            Route("/tasks/{task}", self._guarded(self._task), methods=["GET"]),
        ]

    def _guarded(self, page: Callable[[Mapping[str, str], Mapping[str, str]], str]) -> Any:
        async def endpoint(request: Request) -> Response:
            if not self.sessions.grant(request.cookies.get(COOKIE)):
                return _page(_render("locked.html"), 401)
            try:
                return _page(await anyio.to_thread.run_sync(page, request.path_params, request.query_params))
            except NotFoundError as error:
                return _page(_render("missing.html", what=str(error)), 404)

        return endpoint

    async def _login(self, request: Request) -> Response:
        session = self.sessions.redeem(request.query_params.get("code", ""))
        if session is None:
            return _page(_render("locked.html"), 401)
        answer = RedirectResponse("/", status_code=303, headers=_HEADERS)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="strict")
        return answer

    async def _pages(self, request: Request) -> Response:
        """Lead to the pages of an environment's extension, on their own host."""
        if not self.sessions.grant(request.cookies.get(COOKIE)):
            return _page(_render("locked.html"), 401)
        environment, page = request.path_params["environment"], request.query_params.get("page")
        try:
            link = await anyio.to_thread.run_sync(self.page_link, environment, page)
        except NotFoundError as error:
            return _page(_render("missing.html", what=str(error)), 404)
        return RedirectResponse(link, status_code=303, headers=_HEADERS)

    async def _script(self, _: Request) -> Response:
        return Response(_FOLLOW, media_type="text/javascript", headers=_HEADERS)

    async def _changes(self, request: Request) -> Response:
        if not self.sessions.grant(request.cookies.get(COOKIE)):
            return Response(status_code=401, headers=_HEADERS)
        return StreamingResponse(self._told(), media_type="text/event-stream", headers=_HEADERS)

    async def _told(self) -> AsyncIterator[str]:
        async for signals in self.feeds.follow(_is_visible):
            yield "event: changed\ndata: {}\n\n" if signals else ": here\n\n"

    def _overview(self, _path: Mapping[str, str], _query: Mapping[str, str]) -> str:
        extensions = self.services.extensions.page().items
        counts = {
            environment.id: self.services.queue.counts(environment.id)
            for extension in extensions
            for environment in extension.environments.values()
        }
        return _render("overview.html", extensions=extensions, counts=counts, now=self.services.clock.now())

    def _environment(self, path: Mapping[str, str], query: Mapping[str, str]) -> str:
        environment = self.services.environments.get(path["environment"])
        extension = self.services.extensions.get(environment.extension_id)
        before = query.get("before", "")
        tasks = self.services.queue.page(
            environment.id, before=int(before) if before.isdigit() else None, limit=_PAGE + 1, total=False
        ).items
        return _render(
            "environment.html",
            extension=extension,
            environment=environment,
            variables=self.services.variables.page(environment.id).items,
            pages=pages_of(environment),
            tasks=tasks[:_PAGE],
            older=tasks[_PAGE - 1].number if len(tasks) > _PAGE else None,
        )

    def _task(self, path: Mapping[str, str], _query: Mapping[str, str]) -> str:
        timeline = self.services.queue.timeline(path["task"])
        return _render(
            "task.html",
            task=timeline.task,
            attempts=timeline.attempts,
            calls=self.services.task_calls.of(timeline.task.id),
            subject=self.services.task_objects.of(timeline.task.id),
        )


def _is_visible(signal: Signal) -> bool:
    return isinstance(signal, (CallsStored, EnvironmentChanged, TaskSettled, TasksDue))


def _page(html: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status, headers=_HEADERS)


def _value(value: Any) -> str:
    """A value of a document as JSON; what is long is cut."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _render(name: str, **values: Any) -> str:
    return _TEMPLATES.get_template(name).render(**values)


_TEMPLATES: Final = Templates(
    loader=PackageLoader("connect_devops.ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_TEMPLATES.filters["value"] = _value
