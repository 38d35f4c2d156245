"""``/devops/hooks/{SRVC}/product/custom-event``: external systems call an extension (``reference/devops-api.md`` 4.7).

The caller proves itself by a JSON web token, signed with the JWT secret of the environment that its claims name.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

import anyio.to_thread
import jwt
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connect_devops.answers import http_answer
from connect_devops.api.calls import read_json
from connect_devops.api.errors import ApiError, bad_request, unauthorized
from connect_devops.services.container import Services

__all__ = ["hook_routes"]

_PATH: Final = "/public/v1/devops/hooks/{extension}/product/custom-event"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EVENT: Final = "product_custom_event_processing"
_ALGORITHM: Final = "HS256"
_SECRETS: Final = frozenset({"authorization", "authentication", "cookie", "proxy-authorization"})
"""Headers that are not handed on: they would be kept with the task."""
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_CLOCK_SKEW_S: Final = 30


@dataclass(frozen=True)
class _Caller:
    """What a good token says."""

    environment_id: str
    product_id: str


def hook_routes(services: Services, real_time: Callable[[], datetime]) -> list[BaseRoute]:
    """Return the routes.

    Args:
        services: the platform.
        real_time: the time outside, by which callers date their tokens; a moved platform clock does not count.
    """

    def check(extension_id: str, headers: Mapping[str, str]) -> _Caller:
        token = _bearer(headers)
        claims = _claims_unverified(token)
        try:
            extension = services.extensions.get(extension_id)
            environment = extension.environments[_claim(claims, "environment")]
        except KeyError:
            raise unauthorized(
                f"environment: the token names {claims['environment']!r}; expected development, test or production."
            ) from None
        _verify(token, environment.jwt_secret, real_time())
        product_id = _claim(claims, "product_id")
        if product_id not in {product.id for product in extension.products}:
            raise unauthorized(f"product_id: {product_id} is not a product of the extension {extension.id}.")
        return _Caller(environment.id, product_id)

    async def custom_event(request: Request) -> Response:
        caller = await anyio.to_thread.run_sync(check, request.path_params["extension"], request.headers)
        data = await _describe(request)
        result = await services.interactive.call(caller.environment_id, _EVENT, caller.product_id, data)
        return http_answer(result.output)

    return [Route(_PATH, custom_event, methods=list(_METHODS))]


def _bearer(headers: Mapping[str, str]) -> str:
    for name in ("authentication", "authorization"):
        scheme, _, token = headers.get(name, "").strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
    raise unauthorized("The header 'Authentication: Bearer <token>' is missing.")


def _claims_unverified(token: str) -> Mapping[str, Any]:
    """Read the claims; they only tell by which secret the token has to be verified."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise unauthorized(f"The token cannot be read: {error}.") from error
    return claims


def _claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise unauthorized(f"{name}: the token lacks this claim.")
    return value


def _verify(token: str, secret: str, now: datetime) -> None:
    try:
        # The expiry is compared below, by a time that is given and not read.
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.InvalidAlgorithmError:
        raise unauthorized(f"The token is not signed by {_ALGORITHM}.") from None
    except jwt.InvalidTokenError:
        raise unauthorized("The token's signature does not match the JWT secret of the environment.") from None
    expiry = claims.get("exp")
    if not isinstance(expiry, (int, float)) or isinstance(expiry, bool):
        raise unauthorized("exp: the token lacks this claim, a number of seconds since 1970.")
    if expiry + _CLOCK_SKEW_S < now.timestamp():
        raise unauthorized(f"exp: the token expired {_when(expiry)}, it is {now.isoformat(timespec='seconds')} now.")
    begin = claims.get("nbf")
    if isinstance(begin, (int, float)) and begin - _CLOCK_SKEW_S > now.timestamp():
        raise unauthorized(f"nbf: the token is not valid before {_when(begin)}.")


def _when(timestamp: float) -> str:
    try:
        return datetime.fromtimestamp(timestamp, timezone.utc).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return f"at {timestamp}"


async def _describe(request: Request) -> dict[str, Any]:
    """Build the handler's argument: ``{method, headers, querystring, body, form_data}``."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body: Any = None
    form_data: dict[str, Any] | None = None
    if kind in _FORMS:
        form_data = await _read_form(request)
    else:
        body = _read_body(await request.body(), kind)
    return {
        "method": request.method,
        "headers": {name: value for name, value in request.headers.items() if name.lower() not in _SECRETS},
        "querystring": request.url.query,
        "body": body,
        "form_data": form_data,
    }


def _read_body(content: bytes, kind: str) -> Any:
    if not content:
        return None
    try:
        return read_json(content)
    except ValueError as error:
        if kind == "application/json" or kind.endswith("+json"):
            raise bad_request(f"body: not JSON: {error}") from error
    try:
        return content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii")


async def _read_form(request: Request) -> dict[str, Any]:
    try:
        form = await request.form()
    except ApiError:
        raise
    except Exception as error:
        raise bad_request(f"body: not a form: {error}") from error
    try:
        found: dict[str, Any] = {}
        for name in form:
            values = [await _form_value(value) for value in form.getlist(name)]
            found[name] = values[0] if len(values) == 1 else values
        return found
    finally:
        await form.close()


async def _form_value(value: UploadFile | str) -> Any:
    if isinstance(value, str):
        return value
    content = await value.read()
    return {
        "filename": value.filename,
        "content_type": value.content_type,
        "content": base64.b64encode(content).decode("ascii"),
    }
