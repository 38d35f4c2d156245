"""Import path of existing extensions: redaction, trace ids, and the web side's answer to API errors."""

from typing import TYPE_CHECKING, Any

from connect_eaas.redaction import obfuscate_header
from connect_eaas.tracing import get_correlation_id

if TYPE_CHECKING:
    from connect_eaas.web.errors import client_error_exception_handler as client_error_exception_handler

__all__ = ["get_correlation_id", "obfuscate_header"]


def __getattr__(name: str) -> Any:
    # Starlette comes with an extra, so it is loaded when an extension asks for it.
    if name == "client_error_exception_handler":
        from connect_eaas.web import errors

        return errors.client_error_exception_handler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
