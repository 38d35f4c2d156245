"""Files that hold secrets: written whole or not at all, and readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["make_private_dir", "write_private"]


def make_private_dir(path: Path) -> None:
    """Create a directory for its owner only; an existing one keeps its mode.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, content: str | bytes) -> None:
    """Replace ``path`` atomically by a file of mode 0600.

    Raises:
        OSError: it cannot be written; the old file is untouched then.
    """
    data = content.encode() if isinstance(content, str) else content
    # mkstemp makes it 0600 from the start: no moment in which others could read it.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
