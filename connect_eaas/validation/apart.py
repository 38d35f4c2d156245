"""Validates a project in a process of its own, with the project's own Python: its code does not touch ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connect_eaas.validation.engine import ENDED, NO_SDK, TOO_LONG, validate_files
from connect_eaas.validation.report import Report, make_report
from connect_eaas.validation.rule import Finding, Place
from connect_eaas.validation.text_file import TextFiles

__all__ = ["TIME_LIMIT", "Python", "find_python", "validate_apart"]

TIME_LIMIT: Final = 60.0
"""Seconds that importing and checking a project may take."""
_PROBE: Final = "import connect_eaas.validation.engine"


@dataclass(frozen=True)
class Python:
    """An interpreter with this SDK, and what to say about the choice."""

    path: Path
    note: Finding | None = None


def find_python(project: Path, environment: Mapping[str, str], *, time_limit: float = TIME_LIMIT) -> Python:
    """Choose the interpreter for a project: its ``.venv`` or ``venv``, the active environment, else the one we run in.

    One without this SDK is passed over, with a note.
    """
    note = None
    active = environment.get("VIRTUAL_ENV")
    for folder in [project / ".venv", project / "venv", *([Path(active)] if active else [])]:
        path = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not path.is_file():
            continue
        if folder.resolve() == Path(sys.prefix).resolve() or _has_sdk(path, time_limit):
            return Python(path)
        note = note or NO_SDK.broken(f"{path} cannot import this SDK", Place(project / "pyproject.toml"))
    return Python(Path(sys.executable), note)


def validate_apart(
    project: Path,
    *,
    python: Path | None = None,
    definitions: list[Any] | None = None,
    time_limit: float = TIME_LIMIT,
    environment: Mapping[str, str] | None = None,
) -> Report:
    """Validate ``project`` in a process of its own.

    Args:
        project: its directory.
        python: the interpreter; found with ``find_python`` if left out.
        definitions: event definitions as the platform answers them; the SDK's catalogue if left out.
        time_limit: seconds, after which the process and all that it started are ended.
        environment: environment variables for the process; ours if left out.

    Returns:
        The report. If the process ends without one, or takes too long, what can be said without importing anything.

    Raises:
        OSError: the interpreter cannot be started.
    """
    root = project.resolve()
    variables = dict(os.environ if environment is None else environment)
    chosen = Python(python) if python is not None else find_python(root, variables, time_limit=time_limit)
    notes = [chosen.note] if chosen.note is not None else []
    with tempfile.TemporaryDirectory(prefix="connect-validation-") as folder:
        target, order = Path(folder) / "report.json", Path(folder) / "order.json"
        order.write_text(json.dumps({"project": str(root), "report": str(target), "definitions": definitions}))
        status, words = _run(
            [str(chosen.path), "-m", "connect_eaas.validation", str(order)],
            {**variables, "PYTHONDONTWRITEBYTECODE": "1"},
            Path(folder),
            time_limit,
        )
        report = _read(target)
    if report is None:
        place = Place(root / "pyproject.toml")
        if status is None:
            notes.append(TOO_LONG.broken(f"it was not done after {time_limit:g} seconds", place))
        else:
            notes.append(ENDED.broken(f"it ended with status {status}: {words}", place))
        return validate_files(root, notes=notes)
    known = make_report(root, notes, TextFiles()).items
    return Report(report.project, (*report.errors, *known, *report.warnings))


def _has_sdk(python: Path, time_limit: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="connect-validation-") as folder:
        try:
            status, _ = _run([str(python), "-c", _PROBE], dict(os.environ), Path(folder), time_limit)
        except OSError:
            return False
    return status == 0


def _run(command: list[str], environment: Mapping[str, str], folder: Path, time_limit: float) -> tuple[int | None, str]:
    """Run a command; return its status (None after the time limit) and its last line on standard error."""
    errors = folder / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            # What the extension prints at its import is not our data.
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
        status: int | None
        try:
            status = process.wait(time_limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end_all(process)
    words = errors.read_bytes()[-2000:].decode(errors="replace").strip().splitlines()
    return status, words[-1] if words else "it said nothing"


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where there are process groups, what it started."""
    if os.name == "nt":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(target: Path) -> Report | None:
    try:
        return Report.from_dict(json.loads(target.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
