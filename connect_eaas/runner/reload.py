"""Reload mode: a parent that watches the project and restarts the runner when its code changes.

The runner is a child process, so that a change meets a fresh interpreter: no stale modules. It is stopped like by
Ctrl-C, so its running tasks finish first. Code that cannot be imported does not end the watching: the next change
starts the runner again.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import anyio

from connect_eaas.runner.errors import CredentialsError, SettingsError
from connect_eaas.runner.signals import signals_handled
from connect_eaas.runner.stop import Stop

__all__ = ["run_with_reload", "watched"]

_log = logging.getLogger("connect.eaas.runner.reload")
_HOPELESS: Final = frozenset({SettingsError.exit_status, CredentialsError.exit_status})
_IGNORED: Final = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".venv", "venv", ".tox"})
_DEFAULT_PATIENCE_S: Final = "10"


def watched(path: Path, root: Path) -> bool:
    """True if a change of this file restarts the runner: Python modules, ``extension.json`` and env files."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return False
    if any(part in _IGNORED for part in parts[:-1]):
        return False
    return path.suffix in (".py", ".env") or path.name in ("extension.json", "pyproject.toml")


async def run_with_reload(arguments: Sequence[str], project: Path) -> int:
    """Run ``cextrun`` with these arguments, again after each change.

    Returns:
        The exit status: 0 after a signal, else that of a runner whose settings are wrong.
    """
    command = [sys.executable, "-m", "connect_eaas.runner.main", "--stop-at-eof", *arguments]
    stop = Stop()
    with signals_handled(stop):
        while True:
            status = await _run_once(command, project, stop)
            if status is None:
                _log.info("restarting")
                continue
            return status


async def _run_once(command: Sequence[str], project: Path, stop: Stop) -> int | None:
    """Run one child until it is stopped or the project changes; None asks for another one."""
    # Its own group: the terminal's Ctrl-C reaches us, and we pass it on.
    environment = {**os.environ}
    environment.setdefault("CONNECT_STOP_TIMEOUT", _DEFAULT_PATIENCE_S)
    process = await anyio.open_process(
        command, stdin=subprocess.PIPE, stdout=None, stderr=None, env=environment, start_new_session=os.name != "nt"
    )
    status: int | None = None
    changed = anyio.Event()
    ended = anyio.Event()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_set_at_change, project, changed)
            group.start_soon(_set_at_end, process.wait, ended)
            await _first_of(changed.wait, ended.wait, stop.requested.wait)
            if ended.is_set() and not stop.requested.is_set():
                status = process.returncode
                if status not in _HOPELESS and status != 0:
                    _log.error("the runner ended with status %s; waiting for a change", status)
                    await _first_of(changed.wait, stop.requested.wait)
                    status = 0 if stop.requested.is_set() else None
            else:
                if not ended.is_set():
                    process.send_signal(signal.SIGTERM)
                    await _first_of(ended.wait, stop.forced.wait)
                status = process.returncode if stop.requested.is_set() else None
                if not ended.is_set():
                    process.send_signal(signal.SIGTERM)
                    await ended.wait()
                    status = process.returncode
            group.cancel_scope.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        with anyio.CancelScope(shield=True):
            await process.aclose()
    # A child that was told to stop before it listened to signals died of this one; that is no trouble.
    return 0 if status == -signal.SIGTERM else status


async def _set_at_change(project: Path, changed: anyio.Event) -> None:
    from watchfiles import awatch

    def wanted(_: object, path: str) -> bool:
        return watched(Path(path), project)

    async for changes in awatch(project, watch_filter=wanted, debounce=300, step=50):
        names = ", ".join(sorted({str(Path(path).relative_to(project)) for _, path in changes}))
        _log.warning("changed: %s", names)
        changed.set()
        return


async def _set_at_end(wait: Callable[[], Awaitable[object]], ended: anyio.Event) -> None:
    await wait()
    ended.set()


async def _first_of(*waits: Callable[[], Awaitable[object]]) -> None:
    """Wait until one of them returns."""
    async with anyio.create_task_group() as group:

        async def wait_for(wait: Callable[[], Awaitable[object]]) -> None:
            await wait()
            group.cancel_scope.cancel()

        for wait in waits:
            group.start_soon(wait_for, wait)
