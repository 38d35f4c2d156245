"""The ASGI application of a web application: its routers, static files, middlewares, error handlers and OpenAPI.

Mounting: ``reference/sdk-api.md`` section 1. Who forwards calls to it strips what callers may not say
(``connect_eaas.web.asgi``); nothing here is to be served to a network directly.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_eaas.applications import WebApplicationBase
from connect_eaas.descriptor import Descriptor
from connect_eaas.errors import DeclarationError, MissingExtraError, Problem
from connect_eaas.inflection import import_client

try:
    from fastapi import FastAPI
except ImportError as error:
    raise MissingExtraError("web", "fastapi", "A web application") from error

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from connect_eaas.web.errors import client_error_exception_handler

import_client()

from connect.client import ClientError  # noqa: E402  # the line before makes it cheap

__all__ = ["OPENAPI_PATH", "build_app"]

OPENAPI_PATH: Final = "/openapi/spec.json"
_INTERNAL: Final = "x-connect-"
_TOLD_IN: Final = ("development", "test")


def build_app(application: type[WebApplicationBase], *, root_path: str = "") -> FastAPI:
    """Build the application.

    Served are ``/api`` (endpoints), ``/guest`` and ``/unauthorized`` (those marked ``@unauthorized``, twice),
    ``/static`` if the directory exists, and the schema at ``/openapi/spec.json``, for pages of any origin.

    Args:
        application: the author's class.
        root_path: part of the path that callers see and routes do not.

    Raises:
        DeclarationError: ``get_middlewares`` or ``get_exception_handlers`` return something impossible.
    """
    descriptor = Descriptor.of(application)
    app = _Application(
        title=descriptor.name or "Unnamed API",
        description=descriptor.description or "",
        version=descriptor.version or "0.0.0",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        root_path=root_path,
        exception_handlers=_exception_handlers(application),
    )
    authorized, unauthorized = application.get_routers()
    app.include_router(authorized, prefix="/api")
    app.include_router(unauthorized, prefix="/guest")
    app.include_router(unauthorized, prefix="/unauthorized")
    static = application.get_static_root()
    if static is not None:
        app.mount("/static", StaticFiles(directory=static), name="static")
    schema = CORSMiddleware(_Schema(app), allow_origins=["*"], allow_methods=["GET"], allow_headers=["*"])
    app.router.routes.append(Route(OPENAPI_PATH, endpoint=schema, include_in_schema=False))
    for middleware, options in _middlewares(application):
        app.add_middleware(middleware, **options)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the schema without the headers that only the runner sends."""
        if self.openapi_schema is None:
            schema = super().openapi()
            for path in schema.get("paths", {}).values():
                for operation in (path, *path.values()):
                    _remove_internal_headers(operation)
        return self.openapi_schema or {}


def _remove_internal_headers(operation: Any) -> None:
    if not isinstance(operation, dict) or "parameters" not in operation:
        return
    kept = [item for item in operation["parameters"] if not _is_internal_header(item)]
    if kept:
        operation["parameters"] = kept
    else:
        del operation["parameters"]


def _is_internal_header(parameter: Mapping[str, Any]) -> bool:
    return parameter.get("in") == "header" and str(parameter.get("name")).lower().startswith(_INTERNAL)


class _Schema:
    """Answers with the schema."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method not in ("GET", "HEAD"):
            refusal = JSONResponse({"detail": "Method Not Allowed"}, status_code=405, headers={"Allow": "GET, HEAD"})
            await refusal(scope, receive, send)
            return
        await JSONResponse(self._app.openapi())(scope, receive, send)


async def _unexpected(request: Request, error: Exception) -> Response:
    """Answer for an exception that nobody caught; its text is for people who develop, not for every caller."""
    told = request.headers.get("x-connect-environment-type") in _TOLD_IN
    text = (str(error) or type(error).__name__) if told else "Internal Server Error"
    return PlainTextResponse(text, status_code=500)


def _exception_handlers(application: type[WebApplicationBase]) -> dict[Any, Callable[..., Any]]:
    defaults: dict[Any, Callable[..., Any]] = {ClientError: client_error_exception_handler}
    hook = getattr(application, "get_exception_handlers", None)
    if hook is None:
        return {Exception: _unexpected, **defaults}
    handlers = hook(dict(defaults))
    if not isinstance(handlers, Mapping):
        raise _wrong(application, "get_exception_handlers", "return a dict of exception class → handler", handlers)
    return {Exception: _unexpected, **handlers}


def _middlewares(application: type[WebApplicationBase]) -> list[tuple[Any, dict[str, Any]]]:
    """Functions become HTTP middlewares; classes are added as they are, also with options: ``(class, {…})``."""
    hook = getattr(application, "get_middlewares", None)
    declared = hook() if hook is not None else None
    found: list[tuple[Any, dict[str, Any]]] = []
    for item in declared or ():
        if inspect.isclass(item):
            found.append((item, {}))
        elif inspect.isroutine(item):
            found.append((BaseHTTPMiddleware, {"dispatch": item}))
        elif isinstance(item, tuple) and len(item) == 2 and inspect.isclass(item[0]) and isinstance(item[1], Mapping):
            found.append((item[0], dict(item[1])))
        else:
            expected = "list functions, classes, or tuples (class, options as a dict)"
            raise _wrong(application, "get_middlewares", expected, item)
    return found


def _wrong(application: type, method: str, expected: str, got: object) -> DeclarationError:
    return DeclarationError(Problem(f"{expected}, not {got!r}", class_name=application.__qualname__, method=method))
