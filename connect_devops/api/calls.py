"""One call of the REST API as plain values, so that handlers are plain functions that run in a thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio.to_thread
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connect_devops.api.errors import bad_request, forbidden
from connect_devops.api.paging import Page as PageOfList
from connect_devops.api.paging import list_response
from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError
from connect_devops.rql import Fields, ListRequest, apply, column_field, read_list_request
from connect_devops.rql.fields import Kind
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.extensions import Extension
from connect_devops.services.page import Page, Refine

__all__ = ["Call", "Handler", "column_fields", "created", "no_content", "ok", "paged", "read_json", "route"]

_FIELD: Final = re.compile(r"(?P<name>[\w.]+):(?P<kind>str|num|bool)(?P<flags>[?^~]*)")
_KINDS: Final[Mapping[str, Kind]] = {"str": "text", "num": "number", "bool": "boolean"}


@dataclass(frozen=True)
class Call:
    """A call: who, what and with which body."""

    services: Services
    identity: Identity
    method: str
    path: Mapping[str, str]
    query: bytes
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def owner_id(self) -> str:
        """The caller's account."""
        return self.identity.account.id

    def list_request(self) -> ListRequest:
        """Return filter, order, page and search.

        Raises:
            RqlError: the filter cannot be read.
        """
        return read_list_request(self.query)

    def json(self) -> Any:
        """Return the body; an empty one is None.

        Raises:
            ApiError: 400, it is no JSON.
        """
        if not self.body.strip():
            return None
        try:
            return read_json(self.body)
        except ValueError as error:
            raise bad_request(f"body: not JSON: {error}") from error

    def object(self) -> dict[str, Any]:
        """Return the body as an object; an empty one is an empty object.

        Raises:
            ApiError: 400, it is anything else.
        """
        body = self.json()
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise bad_request(f"body: expected an object, got {_kind(body)}")
        return body

    def extension(self) -> Extension:
        """Return the extension of the path, if it is the caller's.

        Raises:
            NotFoundError: it is not, or does not exist.
        """
        self.require_owner_key()
        return self.services.extensions.get(self.path["extension"], owner_id=self.owner_id)

    def environment(self) -> Environment:
        """Return the environment of the path, named by its id or its UUID, if it is the caller's.

        Raises:
            NotFoundError: it is not, or does not exist.
        """
        self.require_owner_key()
        reference = self.path["environment"]
        environment = self.services.environments.get(reference, extension_id=self.path["extension"])
        if environment.owner_id != self.owner_id:
            raise NotFoundError("environment", reference)
        return environment

    def require_owner_key(self) -> None:
        """Refuse keys of installations: they see business objects and their installation only.

        Raises:
            ApiError: 403.
        """
        if self.identity.installation_id is not None:
            raise forbidden("The API key of an installation may not manage extensions.")

    def require_platform_owner(self) -> None:
        """Refuse everybody but the account that owns the platform: what follows tells its secrets.

        Raises:
            ApiError: 403.
        """
        self.require_owner_key()
        owner = self.services.accounts.owner()
        if owner is None or owner.id != self.owner_id:
            raise forbidden("Only the owner of the platform may do this.")


Handler = Callable[[Call], Response]


def route(services: Services, path: str, **handlers: Handler) -> Route:
    """Make the route of a path under ``/public/v1``; keyword names are HTTP methods in lower case."""
    by_method = {name.upper(): handler for name, handler in handlers.items()}

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        call = Call(
            services=services,
            identity=request.state.identity,
            method=method,
            path=request.path_params,
            query=request.scope["query_string"],
            headers=request.headers,
            body=await request.body(),
        )
        return await anyio.to_thread.run_sync(by_method[method], call)

    return Route(f"/public/v1{path}", endpoint, methods=list(by_method))


def ok(document: Any) -> JSONResponse:
    """Answer 200."""
    return JSONResponse(document)


def created(document: Any) -> JSONResponse:
    """Answer 201."""
    return JSONResponse(document, status_code=201)


def no_content() -> Response:
    """Answer 204."""
    return Response(status_code=204)


def read_json(content: bytes) -> Any:
    """Read a JSON text strictly: what is no JSON for others (NaN, lone surrogates) could not be given back.

    Raises:
        ValueError: it is none; says where.
    """
    return from_json(content, allow_inf_nan=False)


def column_fields(columns: Mapping[str, ColumnElement[Any]], notation: str) -> Fields:
    """Say what a list can be filtered by, in the notation of ``reference/devops-api.md`` section 8.

    Args:
        columns: of the list's service, by REST names.
        notation: words ``name:str|num|bool`` with the flags ``?`` (null() tests), ``^`` (order), ``~`` (search).

    Raises:
        ValueError: a word is malformed.
        KeyError: the service has no such column.
    """
    fields = {}
    for word in notation.split():
        match = _FIELD.fullmatch(word)
        if match is None:
            raise ValueError(f"not the notation of a field: {word!r}")
        flags = match["flags"]
        fields[match["name"]] = column_field(
            columns[match["name"]],
            _KINDS[match["kind"]],
            null="?" in flags,
            orderable="^" in flags,
            searchable="~" in flags,
        )
    return fields


def paged(
    call: Call,
    fields: Fields,
    read: Callable[[Refine, int, int], Page[Any]],
    render: Callable[[Any], Mapping[str, Any]],
) -> JSONResponse:
    """Answer a list from the database: filter, order and page of the call, applied to a service's select.

    Args:
        call: the call.
        fields: what the list can be filtered by.
        read: takes a refinement, limit and offset, and reads the page.
        render: one item → its document.
    """
    wanted = call.list_request()

    def refine(statement: Select[Any]) -> Select[Any]:
        return apply(statement, wanted.query, fields, search=wanted.search)

    page = read(refine, wanted.limit, wanted.offset)
    items = [render(item) for item in page.items] if wanted.limit else []
    total = page.total if page.total is not None else len(items)
    return list_response(items, total, PageOfList(wanted.limit, wanted.offset))


def _kind(value: object) -> str:
    return {list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}.get(
        type(value), type(value).__name__
    )
