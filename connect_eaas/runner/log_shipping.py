"""Keeps the extension's log records flowing to the log service that the platform named (Cloud mode)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from connect_eaas.errors import MissingExtraError
from connect_eaas.runner.log_secrecy import HidingFormatter

__all__ = ["LogShipping"]

_log = logging.getLogger("connect.eaas.runner")


class LogShipping:
    """At most one handler on the extension's loggers; made anew when key or identity change."""

    def __init__(self, logger: str = "eaas") -> None:
        self._logger = logging.getLogger(logger)
        self._present: tuple[str, dict[str, Any]] | None = None
        self._handler: logging.Handler | None = None

    def use(self, key: str, fields: Mapping[str, Any]) -> None:
        """Send records with this key, each with these fields. Without the extra ``logzio`` that is said, once."""
        wanted = key, dict(fields)
        if wanted == self._present:
            return
        self._present = wanted
        try:
            from connect_eaas.log_service import ExtensionLogHandler
        except MissingExtraError as error:
            _log.warning("the platform asks for logs, but they are not sent: %s", error)
            return
        # A runner in a container has no place for what could not be sent.
        handler = ExtensionLogHandler(key, default_extra_fields=wanted[1], backup_logs=False)
        handler.hide = HidingFormatter.hidden
        self._logger.addHandler(handler)
        self.close()
        self._handler = handler

    def close(self) -> None:
        """Let the handler go; its own thread sends what is left."""
        if self._handler is not None:
            self._logger.removeHandler(self._handler)
            self._handler.close()
            self._handler = None
