"""Validates the extension before it is run: the same rules as ``ccli project extension validate``, in this process."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from textwrap import indent
from typing import Final

from connect_eaas.runner.errors import ExtensionError

__all__ = ["check_project", "show_findings"]

_COLOURS: Final = {"error": "red", "warning": "yellow", "place": "cyan", "fix": "green"}
_log = logging.getLogger("connect.eaas.runner")


def check_project(project: Path) -> tuple[str, ...]:
    """Find out what should be different in the project at this directory, as far as it matters to a runner.

    Args:
        project: its directory; nothing is checked without a ``pyproject.toml``, as of an installed extension.

    Returns:
        What does not keep it from running, in a line each, with its place and what to do.

    Raises:
        ExtensionError: the extension cannot run like this; shows every reason with file, line, code and what to do. The
            others are logged before.
    """
    from connect_eaas.validation import RUNNER, item_as_line, item_as_text, validate_project

    if not (project / "pyproject.toml").is_file():
        return ()
    report = validate_project(project, subjects=RUNNER)
    blocking = report.blocking
    others = tuple(item_as_line(item) for item in report.items if item not in blocking)
    if blocking:
        for text in others:
            _log.warning("%s", text)
        listed = indent("\n".join(item_as_text(item) for item in blocking), "  ")
        raise ExtensionError(f"the extension cannot run like this:\n{listed}")
    return others


def show_findings(project: Path, *, colours: bool) -> None:
    """Check the project at this directory against all rules, and print what was found on standard output.

    The report looks like that of ``ccli project extension validate``.

    Args:
        project: its directory; nothing is checked without a ``pyproject.toml``, as of an installed extension.
        colours: whether standard output shows them.

    Raises:
        ExtensionError: there are errors, not warnings alone.
    """
    from connect_eaas.validation import as_text, validate_project

    if not (project / "pyproject.toml").is_file():
        return
    report = validate_project(project)
    sys.stdout.write(as_text(report, _style) if colours else as_text(report))
    sys.stdout.write("\n")
    sys.stdout.flush()
    if report.errors:
        raise ExtensionError(f"the project breaks {len(report.errors)} rule(s) that it must follow; see above")


def _style(text: str, look: str) -> str:
    import click

    return click.style(text, fg=_COLOURS.get(look), bold=look in ("error", "warning"), dim=look == "code")
