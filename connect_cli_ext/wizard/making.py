"""What every form of the wizard is given to make a project with, and how it says that it was left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from connect_cli_ext.errors import CommandError
from connect_cli_ext.wizard.answers import Answers

__all__ = ["Make", "Progress", "WizardCancelledError"]

T_co = TypeVar("T_co", covariant=True)

Progress = Callable[[str], None]
"""Told what is being done now."""


class Make(Protocol[T_co]):
    """Makes the project."""

    def __call__(self, answers: Answers, progress: Progress, /) -> T_co:
        """Make it, and return what was made.

        Raises:
            CommandError: it cannot be made.
        """


class WizardCancelledError(CommandError):
    """The user left the wizard."""

    def __init__(self) -> None:
        super().__init__("cancelled; nothing was made")
