"""A caller's HTTP request as a call of an extension's web application, and the application's answer as ours."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from connect_devops.api.errors import ApiError
from connect_devops.services.web_calls import Caller, CallLostError, CallTooLargeError, TooManyCallsError, WebCalls
from connect_eaas.protocol.messages import HttpRequest, HttpResponse

__all__ = ["OUR_COOKIES", "forward"]

OUR_COOKIES: Final = "connect_devops"
"""How the names of the platform's own cookies begin; no extension sees or sets one."""
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "proxy-connection"}
)
_OURS: Final = ("x-connect-", "x-forwarded-", "proxy-")
_TRACE: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


async def forward(
    web_calls: WebCalls,
    environment_id: str,
    request: Request,
    caller: Caller,
    *,
    url: str,
    prefix: str = "",
    policy: str,
) -> Response:
    """Have the web application of an environment answer a request.

    Args:
        web_calls: the calls in flight.
        environment_id: whose application.
        request: as it came; what only we may say is taken out.
        caller: who calls, as the application is told.
        url: path and query as the application knows them.
        prefix: of the application's addresses on the host that was called; redirects are moved there.
        policy: a ``Content-Security-Policy`` for the answer, beside the application's own.

    Raises:
        ApiError: 413 the call is too large, 502 the runner was lost or its answer cannot be used, 503 too many calls.
        NotConnectedError: no runner serves the application.
        NoAnswerError: it did not answer in time.
    """
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
        answer = await web_calls.call(environment_id, forwarded, caller, trace=trace)
    except CallLostError as error:
        raise ApiError(502, str(error)) from error
    except CallTooLargeError as error:
        raise ApiError(413, str(error)) from error
    except TooManyCallsError as error:
        raise ApiError(503, str(error), headers={"Retry-After": "1"}) from error
    return _response(request, answer, prefix, policy)


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
    return "; ".join(part.strip() for part in value.split(";") if not part.strip().startswith(OUR_COOKIES))


def _response(request: Request, answer: HttpResponse, prefix: str, policy: str) -> Response:
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
    response.raw_headers = [*kept, *length, (b"content-security-policy", policy.encode("latin-1"))]
    return response


def _answer_headers(request: Request, headers: Iterable[tuple[str, str]], prefix: str) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        lowered = name.lower()
        if lowered in _HOP_BY_HOP or _is_length(name) or not (value + name).isprintable():
            continue
        if lowered == "set-cookie" and value.strip().startswith(OUR_COOKIES):
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
