"""Checks of this machine: Python, git, Docker, ports and folders."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.doctor.check import Check, fail, ok, warn
from connect_cli_ext.errors import reason
from connect_devops.settings import DEFAULT_PORT, default_data_dir, default_discovery_file

__all__ = ["check_machine"]

_OLDEST, _NEWEST = (3, 10), (3, 13)
_TIME_LIMIT_S = 10.0


def check_machine(config_dir: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Yield the checks of this machine, in the order in which things are needed."""
    yield _python()
    yield _git()
    yield _docker()
    yield from _local_platform(environ)
    folders = {
        "configuration": config_dir,
        "platform data": default_data_dir(environ),
        "platform state": default_discovery_file(environ).parent,
    }
    for name, folder in folders.items():
        yield _writable(f"{name} folder", folder)


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] < _OLDEST:
        return fail("Python", found, f"install Python {'.'.join(map(str, _OLDEST))} or newer")
    if sys.version_info[:2] > _NEWEST:
        return warn("Python", found, f"tested up to {'.'.join(map(str, _NEWEST))}; use that if something fails")
    return ok("Python", found)


def _git() -> Check:
    if shutil.which("git") is None:
        return warn("git", "not installed", "install it: 'update' merges by it, and deployments need a repository")
    said = _output("git", "--version")
    if said is None:
        return fail("git", f"{shutil.which('git')} does not work", "run 'git --version' to see why, or install it anew")
    return ok("git", said.removeprefix("git version "))


def _docker() -> Check:
    if shutil.which("docker") is None:
        return warn("Docker", "not installed", "only containers need it; 'ccli devops dev' runs without")
    version = _output("docker", "version", "--format", "{{.Server.Version}}")
    if not version:
        return warn("Docker", "its daemon does not answer", "start Docker, or let your user use it (group docker)")
    return ok("Docker", f"daemon {version}")


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIME_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _local_platform(environ: Mapping[str, str]) -> Iterator[Check]:
    running = find_local_platform(environ)
    if running is not None:
        yield ok("local platform", f"runs at {running.url}")
        return
    taken = [str(port) for port in (DEFAULT_PORT, DEFAULT_PORT + 1) if not _free(port)]
    if taken:
        yield warn(
            "local platform",
            f"port {' and '.join(taken)} used by another program",
            "start it on others: 'ccli devops start --port 9000'",
        )
    else:
        yield ok("local platform", f"not running; ports {DEFAULT_PORT} and {DEFAULT_PORT + 1} are free")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _writable(name: str, folder: Path) -> Check:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return fail(name, f"{folder}: {reason(error)}", "make it writable for you, or name another one")
    return ok(name, str(folder) if existing == folder else f"{folder} (made when needed)")
