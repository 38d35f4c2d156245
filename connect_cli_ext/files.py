"""Writing a file so that it is there wholly or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from connect_cli_ext.errors import FileError, reason

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` at once, readable by its owner only (mode 0600).

    Raises:
        FileError: the folder or the file cannot be written; the old file is still there.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file with mode 0600.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise FileError(path, f"cannot be written: {reason(error)}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
