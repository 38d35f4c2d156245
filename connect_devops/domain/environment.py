"""The life of an environment. Facts: ``reference/devops-api.md`` 4.2, ``reference/ui-features.md`` A4."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

from connect_devops.domain.errors import RuleError

__all__ = [
    "AT_REST",
    "LOG_LEVELS",
    "MAX_JWT_SECRET",
    "Runtime",
    "Status",
    "check_git",
    "may_delete",
    "started",
    "status_with_sessions",
    "stopped",
    "switch_runtime",
]

Runtime = Literal["local", "cloud"]
Status = Literal[
    "uninitialized",
    "building",
    "deploying",
    "standby",
    "running",
    "upgrading",
    "stopping",
    "stopped",
    "connected",
    "disconnected",
    "errored",
]
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
MAX_JWT_SECRET: Final = 512
AT_REST: Final[tuple[str, ...]] = ("stopped", "disconnected", "uninitialized")
"""States in which the mode may be switched and the extension may be deleted."""
_REST_STATUS: Final[Mapping[str, Status]] = MappingProxyType({"local": "disconnected", "cloud": "stopped"})


def may_delete(status: str) -> bool:
    """Whether an environment in this state does not stand in the way of deleting its extension."""
    return status in AT_REST


def switch_runtime(status: str, present: str, wanted: str) -> str:
    """The state after the mode was set to ``wanted``.

    Raises:
        RuleError: it is another one than now, and the environment is not at rest.
    """
    if wanted == present:
        return status
    if status not in AT_REST:
        raise RuleError(f"The mode can be switched while the environment is {', '.join(AT_REST)}; it is {status}.")
    return "uninitialized" if status == "uninitialized" else _REST_STATUS[wanted]


def started(status: str, runtime: str) -> str:
    """The state after a start in Cloud mode; a running environment goes on.

    Raises:
        RuleError: it is in Local mode, or in the middle of something else.
    """
    _only_in_cloud(runtime)
    if status not in (*AT_REST, "errored", "standby", "running"):
        raise RuleError(f"The environment can be started once it is at rest; it is {status}.")
    return "running"


def stopped(status: str, runtime: str) -> str:
    """The state after a stop in Cloud mode; one that never ran stays so.

    Raises:
        RuleError: it is in Local mode.
    """
    _only_in_cloud(runtime)
    return "uninitialized" if status == "uninitialized" else "stopped"


def _only_in_cloud(runtime: str) -> None:
    if runtime != "cloud":
        raise RuleError("In Local mode the runner is started and stopped on your machine (cextrun).")


def status_with_sessions(status: str, runtime: str, sessions: int) -> str:
    """The state with that many open websockets. In Cloud mode the state tells of the machines instead."""
    if runtime != "local":
        return status
    if sessions:
        return "connected"
    return "disconnected" if status == "connected" else status


def check_git(url: object, tag: object, commit: object) -> list[tuple[str, str]]:
    """What is wrong with the repository's settings: pairs of field and message."""
    errors: list[tuple[str, str]] = []
    if not isinstance(url, str) or not url.strip():
        errors.append(("git.url", "This field may not be empty."))
    elif urlsplit(url).scheme not in ("http", "https", "file"):
        errors.append(("git.url", "This must be an http, https or file URL of a git repository."))
    errors.extend(
        (f"git.{name}", "This must be a text of at most 256 characters.")
        for name, value in (("tag", tag), ("commit", commit))
        if value is not None and (not isinstance(value, str) or len(value) > 256)
    )
    return errors
