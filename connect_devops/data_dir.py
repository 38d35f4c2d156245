"""The platform's data directory: who uses it, and what lies where."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

from connect_devops.errors import AlreadyRunningError, DataDirError
from connect_devops.files import make_private_dir

__all__ = ["DataDir"]


class DataDir:
    """An exclusive hold on a data directory, as a context manager.

    The hold is an operating-system lock on ``platform.lock``, so it ends with the process however that dies; the file
    itself stays, it only carries the id of the last holder for the message.

    Raises (on entering):
        AlreadyRunningError: another process holds it.
        DataDirError: it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        return self.path / "platform.db"

    @property
    def api_key_file(self) -> Path:
        """Key of the owner account, for ``info``."""
        return self.path / "api-key"

    @property
    def clock_file(self) -> Path:
        """How far the platform's clock has been moved."""
        return self.path / "clock.json"

    @property
    def platform_id_file(self) -> Path:
        """What the platform of this directory is called among those that share a database."""
        return self.path / "platform-id"

    @property
    def projects_file(self) -> Path:
        """Which project directory belongs to which environment."""
        return self.path / "projects.json"

    @property
    def media_dir(self) -> Path:
        """Bytes of media files."""
        return self.path / "media"

    @property
    def tls_dir(self) -> Path:
        """Certificates."""
        return self.path / "tls"

    def __enter__(self) -> DataDir:
        try:
            make_private_dir(self.path)
            handle = os.open(self.path / "platform.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise DataDirError(self.path, error.strerror or str(error)) from error
        try:
            _lock(handle)
        except OSError as error:
            pid = _read_pid(handle)
            os.close(handle)
            raise AlreadyRunningError(self.path, pid) from error
        try:
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"{os.getpid()}\n".encode())
        except OSError as error:
            os.close(handle)
            raise DataDirError(self.path, error.strerror or str(error)) from error
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read_pid(handle: int) -> int | None:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        text = os.read(handle, 32).decode("ascii", "replace").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
