"""What the runner asks of the platform about one transformation request (``reference/websocket-protocol.md`` 6.4)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from connect_eaas.runner.platform_api import ApiCallError, PlatformApi

__all__ = ["OutputColumn", "RequestCalls", "RequestError", "TransformationRequest"]

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PIECE: Final = 65_536
_log = logging.getLogger("connect.eaas.runner.transformations")


class RequestError(Exception):
    """The request's object lacks something; the text names the field."""


@dataclass(frozen=True)
class OutputColumn:
    """A column of the result."""

    name: str
    type: str | None = None
    nullable: bool | None = None
    description: str | None = None
    precision: int | None = None


@dataclass(frozen=True)
class TransformationRequest:
    """The parts of a request that the runner works with; ``content`` is all of it, for the author's method."""

    id: str
    namespace: str
    input_path: str
    batch_id: str
    columns: tuple[OutputColumn, ...]
    total: int | None
    content: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, content: Any, event_type: str) -> TransformationRequest:
        """Read the object that the platform sent.

        Raises:
            RequestError: a field is missing or of the wrong type.
        """
        if not isinstance(content, dict):
            raise RequestError("the transformation request is no object")
        path = _at(content, "files.input.name", str)
        if not path.startswith("/") or not path.split("?")[0].lower().endswith(".xlsx"):
            raise RequestError(f"files.input.name: expected a path from the host's root to an .xlsx file, got {path!r}")
        listed = _at(content, "transformation.columns.output", list)
        columns = tuple(_column(item, position) for position, item in enumerate(listed))
        names = [column.name for column in columns]
        if not columns:
            raise RequestError("transformation.columns.output: there are no columns")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise RequestError(f"transformation.columns.output: there are two columns {twice!r}")
        stats = content.get("stats")
        rows = stats.get("rows") if isinstance(stats, dict) else None
        total = rows.get("total") if isinstance(rows, dict) else None
        return cls(
            id=_at(content, "id", str),
            namespace=event_type.partition("_")[0],
            input_path=path,
            batch_id=_at(content, "batch.id", str),
            columns=columns,
            total=total if isinstance(total, int) and not isinstance(total, bool) else None,
            content=content,
        )

    @property
    def progress_step(self) -> int:
        """Progress is told after each so many rows."""
        total = self.total or 0
        return 1 if total <= 10 else min(round(total / 10), 1000)


def _at(content: dict[str, Any], path: str, kind: type) -> Any:
    value: Any = content
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind) or (kind is str and not value):
        raise RequestError(f"{path}: expected a {'text' if kind is str else kind.__name__}, got {value!r}")
    return value


def _column(item: Any, position: int) -> OutputColumn:
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name:
        raise RequestError(f"transformation.columns.output[{position}].name: expected a text, got {name!r}")
    return OutputColumn(name, item.get("type"), item.get("nullable"), item.get("description"), item.get("precision"))


class RequestCalls:
    """REST calls about one request, all with the task's own key.

    Args:
        api: the runner's connections.
        api_key: the key of the installation; None for the extension's.
        namespace: ``billing`` or ``pricing``.
        request_id: ``TFR-…``.
    """

    def __init__(self, api: PlatformApi, api_key: str | None, namespace: str, request_id: str) -> None:
        self._api = api
        self._api_key = api_key
        self._request_id = request_id
        self._path = f"{quote(namespace, safe='')}/requests/{quote(request_id, safe='-_.~')}"

    async def download(self, path: str, into: Path) -> None:
        """Save the input file.

        Raises:
            ApiCallError: it cannot be read.
        """
        with into.open("wb") as file:
            async for piece in self._api.download(path, api_key=self._api_key):
                file.write(piece)

    async def progress(self, total: int, processed: int) -> None:
        """Tell how many rows are done; if that fails, the work goes on."""
        try:
            await self._put({"stats": {"rows": {"total": total, "processed": processed}}})
        except ApiCallError as error:
            _log.warning("%s: the progress could not be told: %s", self._request_id, error)

    async def hand_in(self, file: Path, batch_id: str) -> None:
        """Upload the result, attach it to the request, and end the request.

        Raises:
            ApiCallError: a call failed; RequestError: the answer makes no sense.
        """
        folder = f"media/folders/streams_batches/{quote(batch_id, safe='-_.~')}/files"
        size = await asyncio.to_thread(lambda: file.stat().st_size)
        headers = {
            "Content-Type": _XLSX,
            "Content-Disposition": f'attachment; filename="{self._request_id}-out.xlsx"',
            "Content-Length": str(size),
        }
        answer = await self._api.send("POST", folder, api_key=self._api_key, content=_pieces(file), headers=headers)
        try:
            media_id = json.loads(answer)["id"]
        except (ValueError, KeyError, TypeError) as error:
            raise RequestError(f"POST {folder}: the answer names no id of the uploaded file") from error
        await self._put({"files": {"output": {"id": media_id}}})
        await self._api.send("POST", f"{self._path}/process", api_key=self._api_key)

    async def fail(self, cause: str) -> None:
        """Fail the request and say why in its conversation; trouble with that is only logged."""
        message = {"type": "message", "text": f"Transformation request processing failed: {cause}"}
        await self._try_to_post(f"{self._path}/fail", None)
        await self._try_to_post(f"conversations/{quote(self._request_id, safe='-_.~')}/messages", message)

    async def _try_to_post(self, path: str, body: dict[str, Any] | None) -> None:
        try:
            await self._api.send("POST", path, api_key=self._api_key, json=body)
        except ApiCallError as error:
            _log.error("%s: %s", self._request_id, error)

    async def _put(self, body: dict[str, Any]) -> None:
        await self._api.send("PUT", self._path, api_key=self._api_key, json=body)


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
