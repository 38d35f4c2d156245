"""``/ext/{SRVC}/{dev|test|prod}/…``: the local door to an extension's web application for API clients.

On the real platform every environment has a host of its own; so it has here (`connect_devops.door`), but not every
client can look up its name. ``/api`` needs an API key, as the platform's REST API does; ``/guest``, ``/unauthorized``,
``/static`` and ``/openapi/spec.json`` are open. What the application is told about its caller comes from the key and
from nothing that the caller says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connect_devops.api.callers import key_caller
from connect_devops.api.errors import bad_request, not_found, unauthorized
from connect_devops.api.forwarding import forward
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.web_calls import Caller

__all__ = ["AUTHENTICATED", "METHODS", "OPEN", "SCHEMA", "web_call_routes"]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
AUTHENTICATED: Final = "api"
"""The first part of the application's paths that only known callers reach."""
OPEN: Final = frozenset({"guest", "unauthorized", "static"})
"""First parts of paths that everybody reaches."""
SCHEMA: Final = "openapi/spec.json"
"""Likewise open."""
_PATH: Final = "/ext/{extension}/{environment}/{rest:path}"
_ENVIRONMENTS: Final[Mapping[str, str]] = {
    "dev": "development",
    "development": "development",
    "test": "test",
    "prod": "production",
    "production": "production",
}
# A page here would be of the same origin as the platform's own pages, so browsers are told to treat it as one of none.
_POLICY: Final = "sandbox allow-scripts allow-forms allow-popups allow-downloads"


def web_call_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""

    def admit(extension_id: str, name: str, door: str, key: str | None) -> tuple[Environment, Caller]:
        """Find the environment, and say who calls; in a thread."""
        environment = services.extensions.get(extension_id).environments.get(_ENVIRONMENTS.get(name, ""))
        if environment is None:
            raise not_found(f"environment {name} of {extension_id}")
        if door != AUTHENTICATED:
            return environment, Caller()
        identity = services.accounts.authenticate(key)
        if identity is None:
            raise unauthorized()
        return environment, key_caller(services, environment, identity)

    async def call(request: Request) -> Response:
        path = request.path_params
        rest: str = path["rest"]
        door = rest.partition("/")[0]
        if door != AUTHENTICATED and door not in OPEN and rest != SCHEMA:
            raise not_found(request.url.path)
        url = _url_for_application(request, rest)
        environment, caller = await anyio.to_thread.run_sync(
            admit, path["extension"], path["environment"], door, request.headers.get("authorization")
        )
        prefix = f"/ext/{path['extension']}/{path['environment']}"
        return await forward(
            services.web_calls, environment.id, request, caller, url=url, prefix=prefix, policy=_POLICY
        )

    return [Route(_PATH, call, methods=list(METHODS))]


def _url_for_application(request: Request, rest: str) -> str:
    """Return path and query as the caller wrote them, without what leads to the environment."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    segments = raw.decode("latin-1").partition("?")[0].split("/", 4)
    written = segments[4] if len(segments) == 5 else ""
    if unquote(written) != rest:
        # Encoded slashes before the application's own part: what was checked would not be what is called.
        raise bad_request("The path up to the environment may not be encoded.")
    query = request.scope["query_string"].decode("latin-1")
    return f"/{written}?{query}" if query else f"/{written}"
