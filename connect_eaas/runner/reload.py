"""Watches the project for saved files, in a process of its own: watching takes threads, which must not be forked."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from connect_eaas.runner import console
from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.control import Changed

__all__ = ["WatchSpec", "watch_project", "watched"]

_log = logging.getLogger("connect.eaas.runner.reload")
_IGNORED: Final = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".venv", "venv", ".tox"})
_GROUPED_MS: Final = 300
"""Changes that follow each other, as editors and version control make them, count as one; at most for this long."""
_QUIET_MS: Final = 30


@dataclass(frozen=True)
class WatchSpec:
    """What the watching process has to know."""

    project: Path
    logs: LogStyle
    since_ns: int
    """When the runner began to read the project, in nanoseconds since 1970: what was saved later is a change, although
    nobody watched yet."""


def watched(path: Path, root: Path) -> bool:
    """True if a change of this file restarts the runner: Python modules, ``extension.json`` and env files."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return False
    if any(part in _IGNORED for part in parts[:-1]):
        return False
    return path.suffix in (".py", ".env") or path.name in ("extension.json", "pyproject.toml")


def watch_project(spec: WatchSpec, connection: Connection[Any, Any]) -> int:
    """Tell of each change, until the supervisor kills this process or is gone itself."""
    from watchfiles import watch

    console.configure_logging(spec.logs, worker="reload")
    threading.Thread(target=_end_with_supervisor, args=(connection,), name="supervisor", daemon=True).start()

    def wanted(_: object, path: str) -> bool:
        return watched(Path(path), spec.project)

    # The last change of each file that was told of.
    told: dict[str, int] = {}

    def tell(names: Iterable[str]) -> None:
        """Tell of these files, but of no change twice: one may be found looking back, and be seen too."""
        fresh = []
        for name in sorted(names):
            stamp = _changed_ns(spec.project / name)
            if stamp is None or told.get(name) != stamp:
                fresh.append(name)
                told[name] = stamp or 0
        if fresh:
            connection.send(Changed(tuple(fresh)))

    try:
        for change in watch(
            spec.project,
            watch_filter=wanted,
            debounce=_GROUPED_MS,
            step=_QUIET_MS,
            raise_interrupt=False,
            stop_event=_OnceWatching(lambda: tell(saved_since(spec.project, spec.since_ns))),
        ):
            tell({str(Path(path).relative_to(spec.project)) for _, path in change})
    except OSError:
        return 0
    return 0


class _OnceWatching:
    """Calls something as soon as the files are watched: the library asks whether to stop from then on, and not before.

    Args:
        call: what to call, once.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def is_set(self) -> bool:
        call, self._call = self._call, None
        if call is not None:
            call()
        return False


def saved_since(root: Path, moment_ns: int) -> set[str]:
    """The watched files that were written after this moment, relative to the root.

    Judged by the time of the last change of the file itself, which no program can set back.
    """
    found = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _IGNORED]
        for name in files:
            path = Path(folder, name)
            if watched(path, root) and (_changed_ns(path) or 0) > moment_ns:
                found.add(str(path.relative_to(root)))
    return found


def _changed_ns(path: Path) -> int | None:
    """When the file was changed last; None if it is gone."""
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return None


def _end_with_supervisor(connection: Connection[Any, Any]) -> None:
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os._exit(0)
