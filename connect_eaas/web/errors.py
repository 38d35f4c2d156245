"""Answers to errors that endpoints let through."""

from __future__ import annotations

import logging
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

__all__ = ["client_error_exception_handler"]

_LOGGER: Final = logging.getLogger("eaas.webapp")


def client_error_exception_handler(request: Request, exc: Any) -> Response:
    """Answer with what the Connect API answered: an endpoint did not catch a ``ClientError``.

    The status is the API's, or 500; the body is ``{"error_code", "errors"}`` if the API told a code, else plain text
    (``reference/sdk-api.md`` section 7). That the API failed, or could not be asked, is logged with its cause, which
    the answer does not tell.
    """
    status = exc.status_code or 500
    if status >= 500:
        cause = f": {exc.__cause__}" if exc.__cause__ else ""
        _LOGGER.error("%s %s: an API call failed: %s%s", request.method, _path(request), exc, cause, exc_info=exc)
    if not exc.error_code:
        return PlainTextResponse(str(exc), status_code=status)
    return JSONResponse({"error_code": exc.error_code, "errors": exc.errors}, status_code=status)


def _path(request: Request) -> str:
    """The path as the caller named it, without what a test client puts before it."""
    root: str = request.scope.get("root_path", "")
    return request.url.path.removeprefix(root)
