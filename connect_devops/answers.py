"""An extension's interactive answer as an HTTP answer (product actions, custom events)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from connect_eaas.protocol.messages import TaskOutput

__all__ = ["http_answer"]

_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "date"})
"""Headers that belong to this connection; an extension's are dropped."""
_WITHOUT_BODY: Final = frozenset({204, 304})

logger = logging.getLogger(__name__)


def http_answer(output: TaskOutput) -> Response:
    """Turn ``{"http_status", "headers", "body"}`` into an HTTP answer.

    An object or list becomes JSON, a text is sent as it is. An answer that cannot be sent becomes a 502 with an error
    body that names what is wrong; a failure without an answer becomes a 400 with its message, as the runner itself
    gives for a handler that crashed (``reference/websocket-protocol.md`` 6.2).
    """
    data = output.data
    if not isinstance(data, Mapping) or "http_status" not in data:
        if output.result == "fail":
            return _error(400, output.message or "The extension failed.")
        return _error(502, "The extension answered without http_status.")
    status = data["http_status"]
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        return _error(502, f"The extension answered with the http_status {status!r}.")
    headers = data.get("headers")
    if headers is not None and not isinstance(headers, Mapping):
        return _error(502, "The extension answered with headers that are no object.")
    body = None if status in _WITHOUT_BODY else data.get("body")
    answer: Response = Response(status_code=status)
    if isinstance(body, str):
        answer = Response(body.encode(errors="replace"), status_code=status, media_type="text/plain")
    elif body is not None:
        try:
            answer = JSONResponse(body, status_code=status)
        except ValueError as error:
            return _error(502, f"The extension answered with a body that is no JSON: {error}.")
    return _with_headers(answer, headers or {})


def _with_headers(answer: Response, headers: Mapping[Any, Any]) -> Response:
    for name, value in headers.items():
        name_text, value_text = str(name), str(value)
        if name_text.lower() in _OURS or value is None:
            continue
        if not _is_token(name_text) or "\r" in value_text or "\n" in value_text or "\0" in value_text:
            return _error(502, f"The extension answered with the malformed header {name_text[:80]!r}.")
        try:
            answer.headers[name_text] = value_text
        except UnicodeEncodeError:
            return _error(502, f"The extension answered with the malformed header {name_text[:80]!r}.")
    return answer


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and all(letter.isalnum() or letter in "!#$%&'*+-.^_`|~" for letter in name)


def _error(status: int, text: str) -> Response:
    code = "EXT_001" if status >= 500 else "VAL_001"
    return JSONResponse({"error_code": code, "errors": [text]}, status_code=status)
