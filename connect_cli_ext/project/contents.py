"""The files in a project's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.base import BASE
from connect_cli_ext.project.changes import WORKSHOP
from connect_cli_ext.project.marker import MARKER

__all__ = ["files_of"]

# Never part of a project: what tools and people put there.
_FOREIGN = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", WORKSHOP, "dist", "build"})


def files_of(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of a project's files, without what tools and people put into their folder.

    Raises:
        FileError: one cannot be read.
    """
    for folder, folders, files in os.walk(project):
        folders[:] = sorted(
            name for name in folders if name not in _FOREIGN and not name.endswith(("_cache", ".egg-info"))
        )
        for name in sorted(files):
            path = Path(folder) / name
            inside = path.relative_to(project).as_posix()
            if inside in (MARKER, BASE) or path.is_symlink() or not path.is_file():
                continue
            try:
                yield inside, path.read_bytes()
            except OSError as error:
                raise FileError(path, f"cannot be read: {reason(error)}") from error
