"""Where API calls can be watched: a span around each, given by whoever traces."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import httpx

__all__ = ["CallSpan", "SpannedAsyncClient"]

CallSpan = Callable[[str, str, MutableMapping[str, Any]], AbstractContextManager[Callable[[int], None]]]
"""Takes method, URL and headers of a call, to which it may add; the span it opens is told the answer's status."""


class SpannedAsyncClient(httpx.AsyncClient):
    """A client with a span around each call, up to the headers of the answer.

    Args:
        call_span: gives the spans.
        options: of ``httpx.AsyncClient``.
    """

    def __init__(self, call_span: CallSpan, **options: Any) -> None:
        super().__init__(**options)
        self._call_span = call_span

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        with self._call_span(request.method, str(request.url), request.headers) as answered:
            response = await super().send(request, **options)
            answered(response.status_code)
        return response
