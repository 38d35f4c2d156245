"""Writing a file so that it is there wholly or not at all."""

from __future__ import annotations

from pathlib import Path

from connect_cli_ext.errors import FileError, reason
from connect_devops import files

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` at once, readable by its owner only (mode 0600). Missing folders are made.

    Raises:
        FileError: the folder or the file cannot be written; the old file is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_private(path, text)
    except OSError as error:
        raise FileError(path, f"cannot be written: {reason(error)}") from error
