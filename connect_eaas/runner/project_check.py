"""Validates the extension before it is run: the same rules as ``ccli project extension validate``, in this process."""

from __future__ import annotations

import logging
from pathlib import Path

from connect_eaas.runner.errors import ExtensionError

__all__ = ["check_project"]

_log = logging.getLogger("connect.eaas.runner")


def check_project(project: Path, *, everything: bool) -> None:
    """Log what should be different in the project at this directory.

    Args:
        project: its directory; nothing is checked without a ``pyproject.toml``, as of an installed extension.
        everything: also check what a runner does not use, such as the compose file.

    Raises:
        ExtensionError: the extension cannot run like this; lists every reason with file and line.
    """
    from connect_eaas.validation import RUNNER, validate_project

    if not (project / "pyproject.toml").is_file():
        return
    report = validate_project(project, subjects=None if everything else RUNNER)
    blocking = report.blocking
    for item in report.items:
        if item not in blocking:
            _log.warning("%s", item)
    if blocking:
        listed = "\n".join(f"  {item}\n      Fix: {item.fix}" for item in blocking)
        raise ExtensionError(f"the extension cannot run like this:\n{listed}")
