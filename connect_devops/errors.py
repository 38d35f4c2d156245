"""Why the platform cannot start.

::

    StartError                  the root: one clear message, the process ends with status 1
    ├── SettingsError           a setting has an impossible value
    ├── DataDirError            the data directory cannot be used
    │   └── AlreadyRunningError     another platform uses it
    └── PortError               an address cannot be bound
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["AlreadyRunningError", "DataDirError", "PortError", "SettingsError", "StartError"]


class StartError(Exception):
    """The platform cannot start; the text says what is wrong and what to do."""


class SettingsError(StartError):
    """A setting has an impossible value; the text names the setting."""


class DataDirError(StartError):
    """The data directory cannot be created, read or written."""

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(f"data directory {path}: {cause}; choose another one with --data-dir")
        self.path = path


class AlreadyRunningError(DataDirError):
    """Another platform process uses the data directory."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        StartError.__init__(
            self,
            f"data directory {path} is in use by {who}: a platform already runs there; "
            "stop it first or start this one with another --data-dir and --port",
        )
        self.path = path
        self.pid = pid


class PortError(StartError):
    """An address cannot be bound."""

    def __init__(self, host: str, port: int, cause: str) -> None:
        super().__init__(f"cannot listen on {host} port {port}: {cause}; choose another port with --port")
        self.host = host
        self.port = port
