"""Turns plain functions into endpoints: bodies in, documents out, errors as the API words them.

Synchronous work runs in a thread, because it waits for the database. Error bodies: ``reference/devops-api.md``
section 1.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import DevOpsError, NotFoundError, ValidationError
from connect_devops.rql import ListRequest, RqlError, SignedProperty, read_list_request
from connect_devops.sandbox.errors import BadAnswerError
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.world import World
from connect_devops.services.interactive import NoAnswerError, NotConnectedError

__all__ = ["Call", "asynchronous", "documents", "endpoint", "guarded", "markdown", "one", "read_call"]


@dataclass(frozen=True)
class Call:
    """One call of the API. ``body`` is the JSON object that was sent, or empty."""

    world: World
    request: Request
    path: Mapping[str, str]
    body: dict[str, Any]
    by: Identity | None
    upload: tuple[str, bytes] | None = None

    @property
    def from_runner(self) -> bool:
        """A handler makes this call while it works on a task."""
        return "eaas_task_id" in self.request.headers or "eaas-task-id" in self.request.headers


Work: TypeAlias = Callable[[Call], Any]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


async def read_call(world: World, request: Request) -> Call:
    """Read a call's body: a JSON object, or a multipart form with one file.

    Raises:
        ValidationError: the body is neither.
    """
    identity = getattr(request.state, "identity", None)
    by = identity if isinstance(identity, Identity) else None
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            for value in form.values():
                if isinstance(value, UploadFile):
                    upload = (value.filename or "file", await value.read())
                    return Call(world, request, request.path_params, {}, by, upload)
        raise ValidationError.of("usage_file", "This field is required.")
    raw = await request.body()
    try:
        sent = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise ValidationError.of("body", "The body is not JSON.") from None
    if sent is None:
        sent = {}
    if not isinstance(sent, dict):
        raise ValidationError.of("body", "The body must be a JSON object.")
    return Call(world, request, request.path_params, sent, by)


def endpoint(world: World, work: Work, *, status: int = 200) -> Endpoint:
    """An endpoint that does its work in a thread and answers with its result; None is an empty answer (204)."""

    async def serve(request: Request) -> Response:
        call = await read_call(world, request)
        return _answer(await anyio.to_thread.run_sync(work, call), status)

    return guarded(serve)


def asynchronous(world: World, work: Callable[[Call], Awaitable[Any]], *, status: int = 200) -> Endpoint:
    """An endpoint whose work waits for an extension."""

    async def serve(request: Request) -> Response:
        return _answer(await work(await read_call(world, request)), status)

    return guarded(serve)


def guarded(serve: Endpoint) -> Endpoint:
    """Turn the errors of the platform's rules into answers."""

    async def guard(request: Request) -> Response:
        try:
            return await serve(request)
        except RqlError as error:
            return _error(400, "VAL_001", [str(error)])
        except ValidationError as error:
            return _error(400, "VAL_001", error.texts)
        except NotFoundError as error:
            return _error(404, "NFND_001", [str(error)])
        except (NotConnectedError, BadAnswerError) as error:
            return _error(502, "EXT_001", [str(error)])
        except NoAnswerError as error:
            return _error(504, "EXT_002", [str(error)])
        except DevOpsError as error:
            return _error(400, "VAL_001", [str(error)])

    return guard


def _error(status: int, code: str, errors: Sequence[str]) -> Response:
    return JSONResponse({"error_code": code, "errors": list(errors)}, status_code=status)


def _answer(result: Any, status: int) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=204)
    return JSONResponse(result, status_code=status)


def documents(
    kind: Kind | str,
    fields: Callable[[], Mapping[str, Any]],
    *,
    parent: Callable[[Call], str] | None = None,
    narrow: Callable[[Call, ListRequest], ListRequest] | None = None,
) -> Work:
    """The work of a list endpoint.

    Args:
        kind: the kind, or the name of a collection without one.
        fields: what the list can be filtered by; asked for at the first call.
        parent: gives the id of the parent whose objects are listed.
        narrow: adds a condition of the endpoint's own.
    """
    collection = kind if isinstance(kind, str) else kind.collection

    def work(call: Call) -> Response:
        wanted = read_list_request(call.request.scope["query_string"])
        if narrow is not None:
            wanted = narrow(call, wanted)
        parent_id = parent(call) if parent is not None else ""
        docs, total = call.world.objects.page(collection, wanted, fields(), parent_id=parent_id)
        shown = [_selected(doc, wanted.query.select) for doc in docs]
        last = wanted.offset + len(shown) - 1
        found = f"{wanted.offset}-{last}" if shown else "0-0"
        return JSONResponse(shown, headers={"Content-Range": f"items {found}/{total}"})

    return work


def _selected(doc: dict[str, Any], select: Sequence[SignedProperty]) -> dict[str, Any]:
    """Leave out what ``select(-path)`` names; documents are complete otherwise."""
    for signed in select:
        if not signed.negative:
            continue
        *way, last = signed.property.split(".")
        places: list[Any] = [doc]
        for name in way:
            places = [
                value
                for place in places
                for value in ([place.get(name)] if isinstance(place, dict) else [])
                if value is not None
            ]
            places = [inner for place in places for inner in (place if isinstance(place, list) else [place])]
        for place in places:
            if isinstance(place, dict):
                place.pop(last, None)
    return doc


def one(kind: Kind, *, parent: Callable[[Call], str] | None = None) -> Work:
    """The work of an endpoint that shows one object."""

    def work(call: Call) -> dict[str, Any]:
        return call.world.get(kind, call.path["id"], parent_id=parent(call) if parent is not None else "")

    return work


def markdown(text: str) -> Response:
    """An answer in Markdown."""
    return PlainTextResponse(text, media_type="text/markdown")
