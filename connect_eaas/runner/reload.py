"""Watches the project for saved files, in a process of its own: watching takes threads, which must not be forked."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
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

    changes = watch(spec.project, watch_filter=wanted, debounce=_GROUPED_MS, step=_QUIET_MS, raise_interrupt=False)
    for change in changes:
        names = sorted({str(Path(path).relative_to(spec.project)) for _, path in change})
        try:
            connection.send(Changed(tuple(names)))
        except OSError:
            return 0
    return 0


def _end_with_supervisor(connection: Connection[Any, Any]) -> None:
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os._exit(0)
