"""Addresses of media files, under ``/folders`` and ``/media/folders``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from email.message import Message
from typing import Any, Final

import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import media
from connect_devops.sandbox.endpoints import Call, documents, endpoint, guarded
from connect_devops.sandbox.filters import fields_for
from connect_devops.sandbox.kinds import MEDIA_FILES
from connect_devops.sandbox.media import MediaFolder
from connect_devops.sandbox.world import World

__all__ = ["media_routes"]

_BASES: Final = ("/public/v1/media/folders", "/public/v1/folders")
_PIECE: Final = 256 * 1024


def media_routes(world: World) -> list[BaseRoute]:
    """List, upload, download and delete files."""
    listed = documents(
        MEDIA_FILES, lambda: fields_for(MEDIA_FILES.collection), parent=lambda call: _folder(call.request).path
    )

    def remove(call: Call) -> None:
        media.delete(world, _folder(call.request), call.path["id"])

    async def upload(request: Request) -> Response:
        return await _upload(world, request)

    async def show(request: Request) -> Response:
        doc, path = await anyio.to_thread.run_sync(media.find, world, _folder(request), request.path_params["id"])
        wants_json = "application/json" in request.headers.get("accept", "")
        if wants_json and "filename" not in request.path_params:
            return JSONResponse(doc)
        return FileResponse(path, media_type=doc["mime_type"], filename=doc["name"])

    routes: list[BaseRoute] = []
    for base in _BASES:
        files = f"{base}/{{type}}/{{name:path}}/files"
        routes += [
            Route(files, endpoint(world, listed), methods=["GET"]),
            Route(files, guarded(upload), methods=["POST"]),
            Route(f"{files}/{{id}}", guarded(show), methods=["GET"]),
            Route(f"{files}/{{id}}", endpoint(world, remove), methods=["DELETE"]),
            Route(f"{files}/{{id}}/{{filename}}", guarded(show), methods=["GET"]),
        ]
    return routes


def _folder(request: Request) -> MediaFolder:
    return MediaFolder(request.path_params["type"], request.path_params["name"])


async def _upload(world: World, request: Request) -> Response:
    identity = getattr(request.state, "identity", None)
    by = identity if isinstance(identity, Identity) else None
    folder = _folder(request)
    content_type = request.headers.get("content-type", "application/octet-stream")
    if content_type.startswith("multipart/form-data"):
        async with request.form(max_files=2) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise ValidationError.of("file", "This field is required.")
            mime = file.content_type or "application/octet-stream"
            doc = await media.receive(world, folder, file.filename or "", _pieces(file), by, mime)
        return JSONResponse(doc, status_code=201)
    name = _file_name(request.headers.get("content-disposition", ""))
    doc = await media.receive(world, folder, name, request.stream(), by, content_type)
    # JSON, but not called so: runners parse this body themselves, and their client must not do it for them.
    return Response(json.dumps(doc), status_code=201, media_type="text/plain")


def _file_name(disposition: str) -> str:
    header: Any = Message()
    header["Content-Disposition"] = disposition
    name = header.get_filename()
    if not name:
        raise ValidationError.of("file", "Name the file: Content-Disposition: attachment; filename=…")
    return str(name)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
