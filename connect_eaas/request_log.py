"""Logs the API calls of a client, without secrets."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from connect_eaas.redaction import obfuscate_header, redact

__all__ = ["BODIES_VARIABLE", "RequestLogger"]

BODIES_VARIABLE: Final = "CONNECT_LOG_BODIES"
"""Environment variable that has headers and bodies of calls logged: ``1`` or ``true``."""


class RequestLogger:
    """Request logger of ``connect.client``, at ``level``: one line a call, with method, path, status, milliseconds and
    bytes of the answer.

    Where ``CONNECT_LOG_BODIES`` is set, each request and each response is a record of many lines instead, with headers
    and JSON bodies; credentials in headers and secret fields of bodies are hidden. Costs nothing while the level is
    off.
    """

    def __init__(self, logger: logging.Logger | logging.LoggerAdapter[Any], level: int = logging.DEBUG) -> None:
        self.logger = logger
        self.level = level

    def obfuscate(self, key: str, value: str) -> str:
        """Return a header's value as it is logged; subclasses may hide more."""
        return obfuscate_header(key, value)

    def log_request(self, method: str, url: str, kwargs: Mapping[str, Any]) -> None:
        """Log method, url with query, headers and JSON body of a request, if bodies are wanted."""
        if not self.logger.isEnabledFor(self.level) or not _with_bodies():
            return
        parameters = kwargs.get("params") or {}
        if parameters:
            query = "&".join(f"{key}={value}" for key, value in parameters.items())
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        others = {
            key: value for key, value in kwargs.items() if key not in ("headers", "json", "params", "data", "content")
        }
        lines = ["--- HTTP Request ---", f"{method.upper()} {url} {others or ''}".rstrip()]
        lines += self._headers(kwargs.get("headers") or {})
        if kwargs.get("json") is not None:
            lines.append(_indented(kwargs["json"]))
        self.logger.log(self.level, "%s", "\n".join(lines))

    def log_response(self, response: Any) -> None:
        """Log a call by its response, of requests or httpx; with headers and JSON body, if bodies are wanted."""
        if not self.logger.isEnabledFor(self.level):
            return
        if not _with_bodies():
            self.logger.log(self.level, "%s", _line(response))
            return
        reason = getattr(response, "reason_phrase", None) or getattr(response, "reason", None) or ""
        lines = ["--- HTTP Response ---", f"{response.status_code} {reason}".rstrip()]
        lines += self._headers(response.headers)
        if str(response.headers.get("Content-Type", "")).startswith("application/json"):
            try:
                lines.append(_indented(response.json()))
            except ValueError:
                lines.append("(a body that is no JSON, although it says so)")
        self.logger.log(self.level, "%s", "\n".join(lines))

    def _headers(self, headers: Mapping[str, Any]) -> list[str]:
        lines = []
        for key, value in headers.items():
            text = "" if value is None else value.decode("latin-1") if isinstance(value, bytes) else str(value)
            lines.append(f"{key}: {self.obfuscate(key.lower(), text)}")
        return lines


def _with_bodies() -> bool:
    return os.environ.get(BODIES_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")


def _line(response: Any) -> str:
    try:
        request = response.request
        called = f"{request.method} {urlsplit(str(request.url)).path}: "
    except (AttributeError, RuntimeError):
        called = ""  # Made by hand, as in tests.
    try:
        milliseconds = f"{response.elapsed.total_seconds() * 1000:.0f} ms"
    except (AttributeError, RuntimeError):
        milliseconds = "streamed"  # The answer's end is still to come.
    return f"{called}{response.status_code}, {milliseconds}, {_size(response)} bytes"


def _size(response: Any) -> int | str:
    declared = response.headers.get("Content-Length")
    # Content that was not read yet stays so: requests would read it here, httpx refuses to.
    if declared is not None or not getattr(response, "_content_consumed", True):
        return declared or "?"
    try:
        return len(response.content)
    except RuntimeError:
        return "?"


def _indented(body: Any) -> str:
    return json.dumps(redact(body), indent=4, ensure_ascii=False, default=str)
