"""Logs the API calls of a client, without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from connect_eaas.redaction import obfuscate_header, redact

__all__ = ["RequestLogger"]


class RequestLogger:
    """Request logger of ``connect.client``: one record a request and one a response, at ``level``.

    Credentials in headers and secret fields of JSON bodies are hidden. Costs nothing while the level is off.
    """

    def __init__(self, logger: logging.Logger | logging.LoggerAdapter[Any], level: int = logging.DEBUG) -> None:
        self.logger = logger
        self.level = level

    def obfuscate(self, key: str, value: str) -> str:
        """Return a header's value as it is logged; subclasses may hide more."""
        return obfuscate_header(key, value)

    def log_request(self, method: str, url: str, kwargs: Mapping[str, Any]) -> None:
        """Log method, url with query, headers and JSON body of a request."""
        if not self.logger.isEnabledFor(self.level):
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
        """Log status, headers and JSON body of a response of requests or httpx."""
        if not self.logger.isEnabledFor(self.level):
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


def _indented(body: Any) -> str:
    return json.dumps(redact(body), indent=4, ensure_ascii=False, default=str)
