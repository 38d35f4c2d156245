"""What can go wrong in the runner before any task runs; each ends in one clear line, without a traceback.

::

    RunnerError                 exit status 1
    ├── SettingsError           2: an environment variable, a flag, the env file
    ├── CredentialsError        2: the platform refused the key or does not know the environment
    └── ExtensionError          3: the extension cannot be found, imported or validated
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["CredentialsError", "ExtensionError", "RunnerError", "SettingsError"]


class RunnerError(Exception):
    """Root of the errors that end the runner; the text says what to do next."""

    exit_status: ClassVar[int] = 1


class SettingsError(RunnerError):
    """A setting is missing or wrong; the text names the variable."""

    exit_status = 2


class CredentialsError(RunnerError):
    """The platform refused this runner at its start: wrong key, or unknown environment."""

    exit_status = 2


class ExtensionError(RunnerError):
    """The extension cannot be found, imported or validated; fix the code and start again."""

    exit_status = 3
