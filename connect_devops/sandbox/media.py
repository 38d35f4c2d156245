"""Media files: their bytes lie in a folder of the data directory, what is known about them in the table of objects.

Both base paths, raw and multipart uploads, and what they answer: ``reference/devops-api.md`` section 6, remark 9.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import anyio.to_thread

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.sandbox.kinds import MEDIA_FILES
from connect_devops.sandbox.world import World

__all__ = ["Keeping", "MediaFolder", "delete", "describe", "find", "keep", "public_path", "receive"]

_MAX_FOLDER: Final = 512
_MAX_NAME: Final = 200
_ID: Final = re.compile(r"MFL-[0-9-]{4,60}")
_SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class MediaFolder:
    """A folder such as ``streams_batches/TRB-…``: its type and its name."""

    type: str
    name: str

    @property
    def path(self) -> str:
        """As in addresses."""
        return f"{self.type}/{self.name}"


def public_path(doc: dict[str, Any]) -> str:
    """The address of a file's bytes, from the root of the host."""
    return str(doc["file"])


def describe(world: World, folder: MediaFolder, name: str, size: int, by: Identity | None, mime: str) -> dict[str, Any]:
    """The document of a new file, not stored.

    Raises:
        ValidationError: the folder's or the file's name is too long or makes no sense.
    """
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise ValidationError.of("file", f"The file needs a printable name of at most {_MAX_NAME} characters.")
    if len(folder.path) > _MAX_FOLDER:
        raise ValidationError.of("folder", "The folder's name is too long.")
    media_id = world.new_id(MEDIA_FILES, "MFL", 4, 4, 4)
    who = {"id": by.key_id, "name": by.key_name} if by else {}
    owner = by.account if by else world.services.accounts.owner()
    stamp = {"at": world.now(), **({"by": who} if who else {})}
    return {
        "id": media_id,
        "file": f"/public/v1/media/folders/{folder.path}/files/{media_id}/{name}",
        "size": size,
        "folder": {"name": folder.name, "type": folder.type},
        "owner": {"id": owner.id, "name": owner.name} if owner else {},
        "name": name,
        "mime_type": _SPREADSHEET if name.lower().endswith(".xlsx") else mime,
        "events": {"created": stamp, "confirmed": stamp},
        "access": {owner.id: {"view": True, "delete": True}} if owner else {},
    }


def find(world: World, folder: MediaFolder, media_id: str) -> tuple[dict[str, Any], Path]:
    """A file's document and where its bytes are.

    Raises:
        NotFoundError: there is no such file in this folder.
    """
    doc = world.find(MEDIA_FILES, media_id, parent_id=folder.path)
    if doc is None or not (path := _place(world, media_id)).is_file():
        raise NotFoundError("file", media_id)
    return doc, path


def delete(world: World, folder: MediaFolder, media_id: str) -> None:
    """Delete a file.

    Raises:
        NotFoundError: there is no such file in this folder.
    """
    _, path = find(world, folder, media_id)
    world.objects.delete(MEDIA_FILES.collection, media_id, parent_id=folder.path)
    path.unlink(missing_ok=True)


async def receive(
    world: World, folder: MediaFolder, name: str, pieces: AsyncIterator[bytes], by: Identity | None, mime: str
) -> dict[str, Any]:
    """Save an upload, piece by piece; nothing is left of one that breaks off.

    Raises:
        ValidationError: it is empty, or its name makes no sense.
    """
    with await anyio.to_thread.run_sync(_part, world) as part:
        size = 0
        async for piece in pieces:
            size += len(piece)
            await anyio.to_thread.run_sync(part.write, piece)
        if not size:
            raise ValidationError.of("file", "The uploaded file is empty.")
        return await anyio.to_thread.run_sync(_confirm, world, folder, name, part, size, by, mime)


class Keeping:
    """A file of the platform's own: write into ``stream``; ``doc`` is its document once the block has ended well."""

    def __init__(self, part: _Part) -> None:
        self.stream = part.stream
        self.doc: dict[str, Any] = {}


@contextmanager
def keep(world: World, folder: MediaFolder, name: str) -> Iterator[Keeping]:
    """Make a file of the platform's own.

    Raises:
        RuleError: this platform keeps no media files.
    """
    with _part(world) as part:
        keeping = Keeping(part)
        yield keeping
        keeping.doc = _confirm(world, folder, name, part, part.stream.tell(), None, _SPREADSHEET)


class _Part:
    """A file under construction; removed unless it was confirmed."""

    def __init__(self, folder: Path) -> None:
        handle, path = tempfile.mkstemp(prefix="upload-", dir=folder)
        self.path = Path(path)
        self.stream: IO[bytes] = os.fdopen(handle, "wb")

    def write(self, piece: bytes) -> None:
        self.stream.write(piece)

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def _part(world: World) -> _Part:
    return _Part(_root(world))


def _confirm(
    world: World, folder: MediaFolder, name: str, part: _Part, size: int, by: Identity | None, mime: str
) -> dict[str, Any]:
    doc = describe(world, folder, name, size, by, mime)
    part.stream.close()
    part.path.replace(_place(world, str(doc["id"])))
    return world.store(MEDIA_FILES, doc, parent_id=folder.path)


def _place(world: World, media_id: str) -> Path:
    if _ID.fullmatch(media_id) is None:
        raise NotFoundError("file", media_id)
    return _root(world) / media_id


def _root(world: World) -> Path:
    if world.media is None:
        raise RuleError("file: this platform was started without a folder for media files.")
    world.media.mkdir(mode=0o700, parents=True, exist_ok=True)
    return world.media
