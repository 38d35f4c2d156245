"""A set of changed files that is written wholly or not at all.

What is new is first laid down in a hidden folder of the project, together with what it replaces and a journal. Only
then are the files put in place, one rename each. A failure or Ctrl-C puts the old ones back at once; after a power cut
or ``kill -9`` the journal is still there, and the next command does it (`recover`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from connect_cli_ext.errors import FileError, reason

__all__ = ["WORKSHOP", "Changes", "recover"]

WORKSHOP = ".connect-extension.work"
_JOURNAL = "journal.json"


@dataclass
class Changes:
    """What is to be written and removed, by path relative to the project, with slashes.

    Args:
        written: new content of files that are made or replaced.
        removed: files that go.
        modes: permissions of files that are made or get others.
    """

    written: dict[str, bytes] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    modes: dict[str, int] = field(default_factory=dict)

    def write(self, path: str, content: bytes | str, mode: int | None = None) -> None:
        """Let ``path`` have this content. ``mode`` is for a file that is new; an old one keeps its own."""
        self.removed.discard(path)
        self.written[path] = content.encode() if isinstance(content, str) else content
        if mode is not None:
            self.modes[path] = mode

    def remove(self, path: str) -> None:
        """Let ``path`` go."""
        self.written.pop(path, None)
        self.removed.add(path)

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)

    def apply(self, project: Path) -> None:
        """Carry them out in the folder ``project``.

        Raises:
            FileError: a file cannot be read or written; all are as they were.
        """
        if not self:
            return
        workshop = project / WORKSHOP
        try:
            _lay_down(self, project, workshop)
        except OSError as error:
            shutil.rmtree(workshop, ignore_errors=True)
            raise FileError(error.filename or project, f"cannot be written: {reason(error)}") from error
        except BaseException:
            shutil.rmtree(workshop, ignore_errors=True)
            raise
        try:
            for number, path in enumerate(sorted(self.written)):
                target = project / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (workshop / f"new-{number}").replace(target)
            for path in sorted(self.removed):
                (project / path).unlink(missing_ok=True)
                _prune(project, (project / path).parent)
        except BaseException as error:
            recover(project)
            if isinstance(error, OSError):
                raise FileError(error.filename or project, f"cannot be written: {reason(error)}") from error
            raise
        # From here on the change has happened: without its journal nobody takes it back.
        (workshop / _JOURNAL).unlink()
        shutil.rmtree(workshop, ignore_errors=True)


def _lay_down(changes: Changes, project: Path, workshop: Path) -> None:
    workshop.mkdir(mode=0o700)
    entries: list[dict[str, Any]] = []
    for number, (path, content) in enumerate(sorted(changes.written.items())):
        _within(project, path)
        new = workshop / f"new-{number}"
        new.write_bytes(content)
        old = project / path
        if old.is_file():
            shutil.copymode(old, new)
        else:
            new.chmod(changes.modes.get(path, 0o666 & ~_umask()))
        entries.append({"path": path, "new": sha256(content).hexdigest(), **_kept(old, workshop, len(entries))})
    for path in sorted(changes.removed):
        _within(project, path)
        entries.append({"path": path, "new": None, **_kept(project / path, workshop, len(entries))})
    handle, name = tempfile.mkstemp(dir=workshop)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(entries, file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(workshop / _JOURNAL)


def _kept(old: Path, workshop: Path, number: int) -> dict[str, Any]:
    if not old.is_file():
        return {"old": None}
    copy = workshop / f"old-{number}"
    shutil.copy2(old, copy)
    return {"old": copy.name}


def _within(project: Path, path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise FileError(path, "is outside of the project; nothing was changed")
    if (project / path).is_symlink():
        raise FileError(project / path, "is a link; it is not replaced, so nothing was changed")


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _prune(project: Path, folder: Path) -> None:
    while folder != project and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def recover(project: Path) -> tuple[str, ...]:
    """Take back what an interrupted command had changed in ``project``.

    A file that somebody has changed since is left as it is.

    Returns:
        The files that are as before again; none if no command was interrupted.

    Raises:
        FileError: a file cannot be written; the journal is kept, so that it can be tried again.
    """
    workshop = project / WORKSHOP
    if not workshop.is_dir():
        return ()
    try:
        restored = tuple(_restore(project, workshop))
        shutil.rmtree(workshop)
    except OSError as error:
        raise FileError(error.filename or workshop, f"cannot be written: {reason(error)}") from error
    return restored


def _restore(project: Path, workshop: Path) -> Iterator[str]:
    try:
        entries: list[Mapping[str, Any]] = json.loads((workshop / _JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        # It was interrupted before the first file was put in place, or after the last.
        return
    for entry in entries:
        target = project / entry["path"]
        present = sha256(target.read_bytes()).hexdigest() if target.is_file() else None
        if present != entry["new"]:
            continue
        if entry["old"] is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(workshop / entry["old"], workshop / "back")
            (workshop / "back").replace(target)
        elif present is not None:
            target.unlink()
            _prune(project, target.parent)
        else:
            continue
        yield str(entry["path"])
