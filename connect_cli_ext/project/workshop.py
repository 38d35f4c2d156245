"""The hidden folder in which a project is built, and what is left of one when its process was killed.

It lies beside the project's place, so that moving it there is one step. A file in it says what it is, and is locked as
long as its process lives. So an abandoned one is known for sure: nothing else with such a name is ever touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.hold import take

__all__ = ["sweep", "workshop"]

_SIGN: Final = ".connect-extension.making"
_MADE_BY: Final = "ccli project extension bootstrap"
_RANDOM: Final = "[a-z0-9_]{8}"
_MOST_BYTES: Final = 4096


@contextlib.contextmanager
def workshop(output_dir: Path, slug: str) -> Iterator[Path]:
    """Make a hidden folder in ``output_dir`` for the project ``slug``, and remove it at the end.

    Raises:
        FileError: nothing can be written there.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{slug}.", dir=output_dir))
    except OSError as error:
        raise FileError(output_dir, f"nothing can be written there: {reason(error)}") from error
    handle: int | None = None
    try:
        try:
            handle = _signed(folder, slug)
        except OSError as error:
            raise FileError(output_dir, f"nothing can be written there: {reason(error)}") from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _signed(folder: Path, slug: str) -> int | None:
    """Say in the folder what it is. None where files cannot be locked: then nobody may take it for abandoned."""
    sign = folder / _SIGN
    sign.touch(mode=0o600)
    try:
        handle = take(sign)
    except OSError:
        sign.unlink()
        return None
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    said = {"made_by": _MADE_BY, "project": slug, "process": os.getpid(), "started": now}
    if handle is not None:
        os.write(handle, json.dumps(said).encode())
    return handle


def sweep(output_dir: Path, slug: str, tell: Callable[[str], None]) -> None:
    """Remove what killed processes left behind of the project ``slug``.

    A project of before that was just being replaced, and nobody had touched, is put back to its place.

    Args:
        output_dir: where the project is going to be.
        slug: the name of its folder.
        tell: gets a sentence for each folder.

    Raises:
        FileError: one cannot be removed.
    """
    pattern = re.compile(rf"\.{re.escape(slug)}\.{_RANDOM}")
    for folder in sorted(output_dir.iterdir()):
        if pattern.fullmatch(folder.name) is None:
            continue
        handle = _abandoned(folder, slug)
        if handle is None:
            continue
        try:
            target, replaced = output_dir / slug, folder / f"{slug}.replaced"
            if replaced.is_dir() and not target.is_symlink() and not target.exists():
                replaced.rename(target)
                tell(f"{target}: an interrupted command had moved it away; it is in its place again.")
            shutil.rmtree(folder)
        except OSError as error:
            raise FileError(
                folder, f"left behind by an interrupted command, cannot be removed: {reason(error)}"
            ) from error
        finally:
            os.close(handle)
        tell(f"Removed {folder}, which an interrupted command had left behind.")


def _abandoned(folder: Path, slug: str) -> int | None:
    """Return a lock on a folder of ours whose process is gone; None if it is anything else."""
    sign = folder / _SIGN
    try:
        if folder.is_symlink() or sign.is_symlink() or not sign.is_file():
            return None
        handle = take(sign)
    except OSError:
        return None
    if handle is None:
        return None
    try:
        said = json.loads(os.read(handle, _MOST_BYTES))
        ours = (said["made_by"], said["project"]) == (_MADE_BY, slug)
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if ours:
        return handle
    os.close(handle)
    return None
