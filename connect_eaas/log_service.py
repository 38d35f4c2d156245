"""Sends log records to Logz.io. Importing this module needs the extra ``logzio``.

Facts: ``reference/sdk-api.md`` section 8, ``reference/runner-behaviour.md`` section 6.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from connect_eaas.errors import MissingExtraError
from connect_eaas.redaction import redact

try:
    from logzio.handler import LogzioHandler
except ImportError as _error:
    raise MissingExtraError("logzio", "logzio-python-handler", "Logging to Logz.io") from _error

__all__ = ["ExtensionLogHandler"]


class ExtensionLogHandler(LogzioHandler):  # type: ignore[misc]
    """A handler whose records carry the extension's identity; fields whose names tell of secrets are hidden.

    Args:
        token: the log service's key.
        default_extra_fields: added to each record; a record's own fields win, unless they are None.
        options: those of the library's handler, e.g. ``url``, ``logs_drain_timeout``, ``backup_logs``.
    """

    def __init__(self, token: str, *, default_extra_fields: Mapping[str, Any], **options: Any) -> None:
        super().__init__(token, **options)
        self.default_extra_fields = dict(default_extra_fields)
        self.hide: Callable[[str], str] = str
        """Takes secrets out of the texts of a record; the runner sets it."""

    def extra_fields(self, message: logging.LogRecord) -> dict[str, Any]:
        """Return what a record carries beside its text."""
        own: dict[str, Any] = super().extra_fields(message)
        # A call that has no account of its own must not hide whose extension it is.
        told = {
            name: value for name, value in own.items() if value is not None or name not in self.default_extra_fields
        }
        fields: dict[str, Any] = redact({**self.default_extra_fields, **told})
        return fields

    def format_message(self, message: logging.LogRecord) -> dict[str, Any]:
        """Return a record as it is sent."""
        sent: dict[str, Any] = super().format_message(message)
        return {key: self.hide(value) if isinstance(value, str) else value for key, value in sent.items()}

    def __del__(self) -> None:
        # The library's own one fails for a handler that was never completed.
        self.__dict__.pop("logzio_sender", None)
