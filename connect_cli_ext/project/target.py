"""The folder that a project is put into: whether it may be, and putting it there all at once."""

from __future__ import annotations

import itertools
from pathlib import Path

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.marker import MARKER, is_marked, is_untouched

__all__ = ["put_in_place", "refusal"]


def refusal(target: Path, *, force: bool) -> str | None:
    """Return why a project must not be put at ``target``, None if it may.

    ``force`` allows to replace an empty folder or an older project of ours. Anything else is somebody's own.
    """
    if not target.is_symlink() and not target.exists():
        return None
    if not force:
        return f"{target} exists already: choose another folder, or replace it with --force-overwrite"
    if target.is_symlink() or not target.is_dir():
        return f"{target} is no folder: it is not replaced"
    if is_marked(target) or not any(target.iterdir()):
        return None
    return f"{target} was not made by this command (it has no {MARKER}): it is not replaced, move it away yourself"


def put_in_place(made: Path, target: Path, *, force: bool) -> Path | None:
    """Move the finished folder ``made`` to ``target``, in one step; both are on one file system.

    An older project with somebody's work in it is kept beside; one that nobody has touched is moved to where ``made``
    was, for the caller to remove.

    Returns:
        Where the older project is kept, None if there was nothing to keep.

    Raises:
        FileError: the target must not be replaced, or cannot be; then it is as it was.
    """
    problem = refusal(target, force=force)
    if problem is not None:
        raise FileError(target, problem.removeprefix(f"{target} "))
    aside: Path | None = None
    kept = False
    try:
        if target.exists() and any(target.iterdir()):
            kept = not is_untouched(target)
            aside = _backup_of(target) if kept else made.with_name(f"{made.name}.replaced")
            target.rename(aside)
        try:
            made.rename(target)
        except OSError:
            if aside is not None:
                aside.rename(target)
            raise
    except OSError as error:
        raise FileError(target, f"cannot be written: {reason(error)}") from error
    return aside if kept else None


def _backup_of(target: Path) -> Path:
    for number in itertools.count(1):
        candidate = target.with_name(f"{target.name}.backup-{number}")
        if not candidate.exists() and not candidate.is_symlink():
            return candidate
    raise AssertionError("numbers do not end")
