"""Answers to errors that endpoints let through."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

__all__ = ["client_error_exception_handler"]


def client_error_exception_handler(request: Request, exc: Any) -> Response:
    """Answer with what the Connect API answered: an endpoint did not catch a ``ClientError``.

    The status is the API's, or 500; the body is ``{"error_code", "errors"}`` if the API told a code, else plain text
    (``reference/sdk-api.md`` section 7).
    """
    status = exc.status_code or 500
    if not exc.error_code:
        return PlainTextResponse(str(exc), status_code=status)
    return JSONResponse({"error_code": exc.error_code, "errors": exc.errors}, status_code=status)
