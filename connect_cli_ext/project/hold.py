"""Locks that say that a command is at work in a folder. The system takes them back when the process ends, however."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from connect_cli_ext.errors import FileError

__all__ = ["held", "take"]


def take(path: Path) -> int | None:
    """Lock the file or folder ``path`` and return a descriptor; closing it, or the end of the process, unlocks it.

    Returns:
        None if another process holds it.

    Raises:
        OSError: it cannot be opened, or is on a file system without locks.
    """
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle


@contextlib.contextmanager
def held(project: Path) -> Iterator[None]:
    """Keep other commands from changing ``project`` meanwhile. Where there are no locks nothing is kept.

    Raises:
        FileError: another command is changing it.
    """
    try:
        handle = take(project)
    except OSError:
        yield
        return
    if handle is None:
        raise FileError(project, "another ccli command is changing this project; try again when that has finished")
    try:
        yield
    finally:
        os.close(handle)
