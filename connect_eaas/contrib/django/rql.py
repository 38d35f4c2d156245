"""Filters and pages of Django models in FastAPI endpoints (``reference/sdk-api.md`` section 11).

Needs the extra ``django`` and a configured Django::

    @router.get("/orders")
    def list_orders(
        queryset: QuerySet = Depends(RQLFilteredQuerySet(OrderFilter)),
        page: RQLPage = Depends(RQLLimitOffsetPaginator()),
    ) -> Any:
        return page.serialize(queryset, OrderModel)
"""

# No `from __future__ import annotations`: FastAPI reads the annotations of the instances below.
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from connect_eaas.errors import MissingExtraError

try:
    from asgiref.sync import sync_to_async
    from dj_rql.transformer import RQLLimitOffsetTransformer
    from fastapi import Request
    from fastapi.encoders import jsonable_encoder
    from fastapi.responses import JSONResponse
    from lark.exceptions import LarkError
    from py_rql.exceptions import RQLFilterParsingError
    from py_rql.parser import RQLParser
except ImportError as _error:
    raise MissingExtraError("django", "django-rql", "RQL over Django models") from _error

__all__ = ["RQLFilteredQuerySet", "RQLLimitOffsetPaginator", "RQLPage"]

_MAX_LIMIT: Final = 1000


class RQLFilteredQuerySet:
    """A dependency that gives the queryset which the call's query string filters.

    Args:
        filter_cls: filter class of django-rql.
        base_queryset: makes the queryset to filter; by default all objects of the filter's model.
    """

    def __init__(self, filter_cls: Any, base_queryset: Callable[[], Any] | None = None) -> None:
        self.filter_cls = filter_cls
        self.base_queryset = base_queryset

    def __call__(self, request: Request) -> Any:
        """Return the queryset; it is not read yet.

        Raises:
            RQLFilterParsingError: the query cannot be read.
        """
        base = self.filter_cls.MODEL.objects.all() if self.base_queryset is None else self.base_queryset()
        _, queryset = self.filter_cls(base).apply_filters(unquote(request.url.query))
        return queryset


class RQLPage:
    """The page that a call asks for. ``limit`` is at most 1000."""

    def __init__(self, limit: int, offset: int) -> None:
        self.limit = limit
        self.offset = offset

    def serialize(self, queryset: Any, model: Any) -> JSONResponse:
        """Read the page of a queryset and answer it, each object as this pydantic model.

        The header ``Content-Range`` tells which objects they are, and how many there are in all.
        """
        total = queryset.count()
        objects = list(queryset[self.offset : self.offset + self.limit]) if self.limit and self.offset < total else []
        last = self.offset + len(objects) - 1
        span = f"{self.offset}-{last}" if objects else "0-0"
        items = [model.model_validate(item, from_attributes=True) for item in objects]
        return JSONResponse(jsonable_encoder(items), headers={"Content-Range": f"items {span}/{total}"})

    async def aserialize(self, queryset: Any, model: Any) -> JSONResponse:
        """``serialize`` for ``async def`` endpoints; the database is read in Django's thread."""
        answer: JSONResponse = await sync_to_async(self.serialize)(queryset, model)
        return answer


class RQLLimitOffsetPaginator:
    """A dependency that gives the page that a call asks for with ``limit`` and ``offset``.

    Args:
        default_limit: objects on a page if the call does not say, or says something that is no number.
    """

    def __init__(self, default_limit: int = 100) -> None:
        self.default_limit = default_limit

    def __call__(self, request: Request) -> RQLPage:
        """Return the page.

        Raises:
            RQLFilterParsingError: the query cannot be read.
        """
        query = unquote(request.url.query)
        limit: Any = None
        offset: Any = None
        if query:
            try:
                limit, offset = RQLLimitOffsetTransformer().transform(RQLParser.parse_query(query))
            except LarkError as error:
                raise RQLFilterParsingError(details={"error": "Limit and offset are set incorrectly."}) from error
        return RQLPage(min(_natural(limit, self.default_limit), _MAX_LIMIT), _natural(offset, 0))


def _natural(text: Any, default: int) -> int:
    try:
        number = int(text)
    except (TypeError, ValueError):
        return default
    return number if number >= 0 else default
