"""Errors of the command line.

::

    click.ClickException
     └─ CommandError          something the user can put right; printed as one message, exit status 1
         ├─ FileError         a file or folder that cannot be read, written or used
         ├─ RemoteError       the platform refused, or did not answer
         └─ MissingExtraError an optional part of the SDK is not installed

Exit statuses: 0 done; 1 one of these errors; 2 wrong usage (click's own); 70 a defect of the tool; 130 interrupted.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Any

import click

__all__ = [
    "EXIT_DEFECT",
    "EXIT_INTERRUPTED",
    "CommandError",
    "FileError",
    "MissingExtraError",
    "RemoteError",
    "reason",
]

EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130


_ERRNO = re.compile(r"\[Errno \d+\] ([^:]+)")


class CommandError(click.ClickException):
    """The command cannot do what was asked; the message says why and what to do."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message to standard error (or ``file``)."""
        click.secho(f"Error: {self.format_message()}", file=file, err=file is None, fg="red")


class FileError(CommandError):
    """A file or folder cannot be used.

    Args:
        path: what it is about; the message starts with it.
        problem: what is wrong, and what to do.
    """

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class RemoteError(CommandError):
    """The platform refused a call, or did not answer.

    Args:
        url: what was called (never with credentials).
        problem: what went wrong, and what to do.
        status: the HTTP status, if there was an answer.
    """

    def __init__(self, url: str, problem: str, status: int | None = None) -> None:
        super().__init__(f"{problem} ({url})")
        self.url = url
        self.problem = problem
        self.status = status


class MissingExtraError(CommandError):
    """A command needs an optional part of the SDK.

    Args:
        command: the command that was asked for.
        module: the module that could not be imported.
        extra: the extra of the distribution that brings it.
    """

    def __init__(self, command: str, module: str, extra: str) -> None:
        super().__init__(
            f"'{command}' needs the Python package '{module}', which is not installed here. "
            f"Install it with: pip install 'connect-extension-sdk[{extra}]'"
        )
        self.extra = extra


def reason(error: OSError) -> str:
    """Return the system's words for ``error``, without the path that the message names anyway."""
    text = error.strerror or str(error) or type(error).__name__
    if not error.strerror and error.args and isinstance(error.args[0], list) and error.args[0]:
        # Copying a folder collects what went wrong with each file; the first says why.
        text = str(error.args[0][0][-1])
        match = _ERRNO.match(text)
        text = match[1] if match else text
    return text.lower()
