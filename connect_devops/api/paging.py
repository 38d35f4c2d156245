"""Pages of lists: ``limit`` and ``offset`` in, ``Content-Range`` out.

Rules: ``reference/devops-api.md`` section 1, Pagination. ``limit=0`` only counts; a limit above the maximum is cut
down, a bad one is ignored; the header is there for empty answers too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "Page", "content_range", "list_response"]

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
_DIGITS: Final = 12


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Page:
        """Read ``limit`` and ``offset`` of a query string."""
        limit = _number(query.get("limit"), DEFAULT_LIMIT)
        return cls(limit=min(limit, MAX_LIMIT), offset=_number(query.get("offset"), 0))

    def cut(self, items: Sequence[Any]) -> Sequence[Any]:
        """Return the wanted part of a complete list."""
        return items[self.offset : self.offset + self.limit]


def _number(text: str | None, default: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return default
    return int(text)


def content_range(count: int, total: int, page: Page) -> str:
    """Return the header's text for an answer of ``count`` out of ``total`` items."""
    if count == 0:
        return f"items 0-0/{total}"
    return f"items {page.offset}-{page.offset + count - 1}/{total}"


def list_response(items: Iterable[Any], total: int, page: Page) -> JSONResponse:
    """Build the answer of a list."""
    body = list(items)
    return JSONResponse(body, headers={"Content-Range": content_range(len(body), total, page)})
