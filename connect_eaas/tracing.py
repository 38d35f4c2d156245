"""Trace ids: ties a handler's REST calls to the call that made its task (header ``ext-traceparent``)."""

from __future__ import annotations

import re
import secrets
from typing import Final

__all__ = ["TRACE_HEADER", "get_correlation_id"]

TRACE_HEADER: Final = "ext-traceparent"

_TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def get_correlation_id(value: object) -> str | None:
    """Return a W3C trace parent with the trace id of ``value`` and a new random span id.

    None if ``value`` is no trace parent (``00-<32 hex>-<16 hex>-<2 hex>``), or one whose trace id is all zeros: such a
    header would be refused, or start a trace of its own.
    """
    match = _TRACE_PARENT.fullmatch(value.lower()) if isinstance(value, str) else None
    if match is None or not match[1].strip("0"):
        return None
    return f"00-{match[1]}-{secrets.token_hex(8)}-01"
