"""``/ext/{SRVC}/{dev|test|prod}/…``: the local door to an extension's web application.

On the real platform every environment has a host of its own; here it is a path. ``/api`` needs an API key, as the
platform's REST API does; ``/guest``, ``/unauthorized``, ``/static`` and ``/openapi/spec.json`` are open. What the
application is told about its caller comes from the key and from nothing that the caller says.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connect_devops.api.errors import ApiError, bad_request, forbidden, not_found, unauthorized
from connect_devops.domain.account import Identity
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.installations import Installation
from connect_devops.services.web_calls import Caller, CallLostError, CallTooLargeError, TooManyCallsError
from connect_eaas.protocol.messages import HttpRequest, HttpResponse

__all__ = ["web_call_routes"]

_PATH: Final = "/ext/{extension}/{environment}/{rest:path}"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ENVIRONMENTS: Final[Mapping[str, str]] = {
    "dev": "development",
    "development": "development",
    "test": "test",
    "prod": "production",
    "production": "production",
}
_CLOSED: Final = "api"
_OPEN: Final = frozenset({"guest", "unauthorized", "static"})
_SCHEMA: Final = "openapi/spec.json"
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "proxy-connection"}
)
_OURS: Final = ("x-connect-", "x-forwarded-", "proxy-")
_OUR_COOKIES: Final = "connect_devops"
_TRACE: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def web_call_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""

    def admit(extension_id: str, name: str, door: str, key: str | None) -> tuple[Environment, Caller]:
        """Find the environment, and say who calls; in a thread."""
        environment = services.extensions.get(extension_id).environments.get(_ENVIRONMENTS.get(name, ""))
        if environment is None:
            raise not_found(f"environment {name} of {extension_id}")
        if door != _CLOSED:
            return environment, Caller()
        identity = services.accounts.authenticate(key)
        if identity is None:
            raise unauthorized()
        return environment, _caller(services, environment, identity)

    async def call(request: Request) -> Response:
        path = request.path_params
        rest: str = path["rest"]
        door = rest.partition("/")[0]
        if door != _CLOSED and door not in _OPEN and rest != _SCHEMA:
            raise not_found(request.url.path)
        url = _url_for_application(request, rest)
        environment, caller = await anyio.to_thread.run_sync(
            admit, path["extension"], path["environment"], door, request.headers.get("authorization")
        )
        body = await request.body()
        forwarded = HttpRequest(
            method=request.method,
            url=url,
            headers=_forwarded_headers(request),
            content=base64.b64encode(body).decode("ascii") if body else None,
        )
        trace = request.headers.get("traceparent", "")
        if not _TRACE.fullmatch(trace):
            trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        try:
            answer = await services.web_calls.call(environment.id, forwarded, caller, trace=trace)
        except CallLostError as error:
            raise ApiError(502, str(error)) from error
        except CallTooLargeError as error:
            raise ApiError(413, str(error)) from error
        except TooManyCallsError as error:
            raise ApiError(503, str(error), headers={"Retry-After": "1"}) from error
        return _response(request, answer, f"/ext/{path['extension']}/{path['environment']}")

    return [Route(_PATH, call, methods=list(_METHODS))]


def _caller(services: Services, environment: Environment, identity: Identity) -> Caller:
    """Say who an identity is to the extension: its owner, or an account that installed it."""
    installation = _installation(services, environment, identity)
    owner = identity.account.id == environment.owner_id and identity.installation_id is None
    if installation is None and not owner:
        raise forbidden(f"{identity.account.id} has not installed {environment.extension_name} ({environment.type}).")
    return Caller(
        api_key=services.installations.api_key(installation.id) if installation is not None else None,
        installation_id=installation.id if installation is not None else None,
        user_id=identity.key_id,
        account_id=identity.account.id,
        account_role=identity.account.role,
        call_type="admin" if identity.account.id == environment.owner_id else "user",
        call_source="api",
    )


def _installation(services: Services, environment: Environment, identity: Identity) -> Installation | None:
    """The caller's installation of this environment, if there is one."""
    installations = services.installations.page(extension_id=environment.extension_id, owner_id=identity.account.id)
    for installation in installations.items:
        if (
            installation.environment_id == environment.id
            and installation.status == "installed"
            and identity.installation_id in (None, installation.id)
        ):
            return installation
    return None


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


def _forwarded_headers(request: Request) -> dict[str, str]:
    """What the application may know of the caller's headers; those that only we may say are ours."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in _HOP_BY_HOP or name == "forwarded" or name.replace("_", "-").startswith(_OURS):
            continue
        if name == "authorization" and value[:7].lower() == "apikey ":
            continue
        if name == "cookie":
            value = _without_our_cookies(value)
        if value:
            joint = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    headers["x-forwarded-host"] = request.headers.get("host", "")
    headers["x-forwarded-proto"] = request.url.scheme
    if request.client is not None:
        headers["x-forwarded-for"] = request.client.host
    return headers


def _without_our_cookies(value: str) -> str:
    return "; ".join(part.strip() for part in value.split(";") if not part.strip().startswith(_OUR_COOKIES))


def _response(request: Request, answer: HttpResponse, prefix: str) -> Response:
    """Turn the application's answer into ours.

    A page of an extension would be of the same origin as the platform's own pages here, so browsers are told to treat
    it as one of no origin.
    """
    try:
        body = base64.b64decode(answer.content) if answer.content else b""
    except binascii.Error as error:
        raise ApiError(502, "The runner's answer cannot be read: its content is not base64.") from error
    if not 200 <= answer.status <= 599:
        raise ApiError(502, f"The runner's answer cannot be used: its status is {answer.status}.")
    response = Response(body, answer.status)
    kept = list(_answer_headers(request, answer.headers.items(), prefix))
    if request.method == "HEAD" or answer.status in (204, 304):
        length = [(b"content-length", value.encode()) for name, value in answer.headers.items() if _is_length(name)]
    else:
        length = [(b"content-length", str(len(body)).encode())]
    sandbox = (b"content-security-policy", b"sandbox allow-scripts allow-forms allow-popups allow-downloads")
    response.raw_headers = [*kept, *length, sandbox]
    return response


def _answer_headers(request: Request, headers: Iterable[tuple[str, str]], prefix: str) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        lowered = name.lower()
        if lowered in _HOP_BY_HOP or _is_length(name) or not (value + name).isprintable():
            continue
        if lowered == "set-cookie" and value.strip().startswith(_OUR_COOKIES):
            continue
        shown = _moved(request, value, prefix) if lowered == "location" else value
        yield lowered.encode("latin-1", "replace"), shown.encode("latin-1", "replace")


def _moved(request: Request, location: str, prefix: str) -> str:
    """A redirect to a path of the application's own host leads to that path behind our prefix."""
    parts = urlsplit(location)
    own = not parts.netloc or (parts.netloc == request.headers.get("host") and parts.scheme == request.url.scheme)
    if not own or not parts.path.startswith("/") or location.startswith("//"):
        return location
    return f"{prefix}{parts._replace(scheme='', netloc='').geturl()}"


def _is_length(name: str) -> bool:
    return name.lower() == "content-length"
