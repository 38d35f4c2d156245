"""Import path of existing extensions: the request logger, and the handler of the log service."""

from typing import TYPE_CHECKING, Any

from connect_eaas.request_log import RequestLogger

if TYPE_CHECKING:
    from connect_eaas.log_service import ExtensionLogHandler as ExtensionLogHandler

__all__ = ["RequestLogger"]


def __getattr__(name: str) -> Any:
    # The log service's library comes with an extra, so it is loaded when somebody asks for it.
    if name == "ExtensionLogHandler":
        from connect_eaas import log_service

        return log_service.ExtensionLogHandler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
