"""Errors of the REST API, and their bodies.

Every answer of 4xx and 5xx is ``{"error_code": …, "errors": [text, …]}``: clients make an exception of a body only if
both keys are there, and they join the texts (``reference/devops-api.md`` section 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connect_devops.domain.errors import DataLostError, DevOpsError, NotFoundError, ValidationError
from connect_devops.rql import RqlError
from connect_devops.services.interactive import NoAnswerError, NotConnectedError
from connect_devops.services.secrets import SecretsError

__all__ = [
    "ApiError",
    "answer_http_exception",
    "bad_request",
    "error_response",
    "forbidden",
    "not_found",
    "translate",
    "unauthorized",
]

_CODES: Final[Mapping[int, str]] = {
    400: "VAL_001",
    401: "AUTH_001",
    403: "AUTH_002",
    404: "NFND_001",
    405: "NFND_002",
    413: "VAL_002",
    415: "VAL_003",
    500: "SYS_001",
    502: "EXT_001",
    503: "SYS_002",
    504: "EXT_002",
}


class ApiError(Exception):
    """An answer with an error status.

    Args:
        status: of HTTP.
        errors: texts for people; those of a wrong field begin with its name and a colon.
        code: the ``error_code``; by default the one of the status.
        headers: further headers of the answer.
    """

    def __init__(
        self, status: int, *errors: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("; ".join(errors))
        self.status = status
        self.errors = errors
        self.code = code or _CODES.get(status, "VAL_001" if status < 500 else "SYS_001")
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """Return the answer."""
        return error_response(self.status, self.errors, code=self.code, headers=self.headers)


def bad_request(*errors: str) -> ApiError:
    """Return a 400: something that the client sent is wrong."""
    return ApiError(400, *errors)


def unauthorized(cause: str = "The API request is unauthorized.") -> ApiError:
    """Return a 401: nobody, or nobody that we know."""
    return ApiError(401, cause, headers={"WWW-Authenticate": "ApiKey"})


def forbidden(cause: str) -> ApiError:
    """Return a 403: known, but not allowed."""
    return ApiError(403, cause)


def not_found(what: str) -> ApiError:
    """Return a 404 for an object such as ``environment ENV-0000-0000-01``."""
    return ApiError(404, f"{what} does not exist.")


def error_response(
    status: int, errors: Sequence[str], *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Build the answer for a status and texts."""
    body = {"error_code": code or _CODES.get(status, "VAL_001"), "errors": list(errors)}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def translate(error: Exception) -> ApiError | None:
    """Return the answer for an error that the services or the query language raised; None for any other one."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ValidationError):
        return ApiError(400, *error.texts)
    if isinstance(error, RqlError):
        return ApiError(400, str(error))
    if isinstance(error, NotFoundError):
        return ApiError(404, str(error))
    if isinstance(error, NotConnectedError):
        return ApiError(502, str(error))
    if isinstance(error, NoAnswerError):
        return ApiError(504, str(error))
    if isinstance(error, DataLostError):
        return ApiError(503, str(error))
    if isinstance(error, DevOpsError) and not isinstance(error, SecretsError):
        return ApiError(400, str(error))
    return None


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Give the framework's own errors (no such path, wrong method) our body."""
    if not isinstance(error, HTTPException):
        raise error
    texts = {
        404: f"{request.url.path} does not exist.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    return error_response(error.status_code, [texts.get(error.status_code, error.detail)], headers=error.headers)
