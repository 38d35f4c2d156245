"""What the supervisor and its processes tell each other, over one pipe each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.features import FeatureTable
from connect_eaas.runner.report import StopReport
from connect_eaas.runner.settings import Settings

__all__ = [
    "Changed",
    "CheckSpec",
    "Checked",
    "Connected",
    "Drained",
    "Ended",
    "FromWorker",
    "Go",
    "HookAsked",
    "HookEnded",
    "Loaded",
    "Refused",
    "ShutDown",
    "StartUp",
    "StopAsked",
    "StopNow",
    "StopPlease",
    "ToWorker",
    "WorkerSpec",
]


@dataclass(frozen=True)
class WorkerSpec:
    """All that a worker process has to know."""

    kind: str
    """Of its session."""
    reference: str
    """``module:Class`` of the application."""
    source: str
    """Where the reference was found, for messages."""
    project: Path
    settings: Settings
    variables: dict[str, str] = field(repr=False)
    """Its environment variables, on top of the inherited ones."""
    validate: bool
    logs: LogStyle
    version: str
    instance_id: str
    slot: Path | None
    """Directory of what is kept; locked by the supervisor."""
    metrics: Path | None = None
    """The file to count in; None if nothing is counted."""


@dataclass(frozen=True)
class CheckSpec:
    """All that the process that validates the project has to know."""

    project: Path
    variables: dict[str, str] = field(repr=False)
    report: bool
    """Check everything, also what a runner does not use, such as the compose file, and print a report."""
    logs: LogStyle


@dataclass(frozen=True)
class Checked:
    """The project follows the rules, or at least none of those without which it cannot run is broken."""

    problems: tuple[str, ...] = ()
    """What should be different nevertheless."""


@dataclass(frozen=True)
class Loaded:
    """The application was imported and its declarations are right."""

    application: str
    tables: tuple[FeatureTable, ...]


@dataclass(frozen=True)
class Refused:
    """Nothing but a change by author or operator helps: the extension, the credentials, or ``on_startup``."""

    text: str
    exit_status: int


@dataclass(frozen=True)
class Connected:
    """The session's handshake is done, for the first time or again."""


@dataclass(frozen=True)
class HookAsked:
    """The configuration is there: whose turn is it to call ``on_startup``?"""


@dataclass(frozen=True)
class HookEnded:
    """``on_startup`` was called here."""

    well: bool


@dataclass(frozen=True)
class Drained:
    """The work has ended and the results are delivered: whose turn is it to call ``on_shutdown``?"""


@dataclass(frozen=True)
class StopAsked:
    """The platform asked to stop."""

    reason: str


@dataclass(frozen=True)
class Ended:
    """The last word of a worker that stopped in order."""

    report: StopReport
    forced: bool


@dataclass(frozen=True)
class Changed:
    """Files of the project were saved."""

    names: tuple[str, ...]


FromWorker = Loaded | Refused | Connected | HookAsked | HookEnded | Drained | StopAsked | Ended | Changed | Checked


@dataclass(frozen=True)
class Go:
    """All applications are right: connect."""

    death: str | None = None
    """How the process before this one died, for the platform; None if none did."""


@dataclass(frozen=True)
class StartUp:
    """The answer to `HookAsked`."""

    turn: Literal["call", "called", "failed"]


@dataclass(frozen=True)
class ShutDown:
    """The answer to `Drained`."""

    call: bool


@dataclass(frozen=True)
class StopPlease:
    """Stop in phases."""

    reason: str


@dataclass(frozen=True)
class StopNow:
    """Skip what is left of the phases."""


ToWorker = Go | StartUp | ShutDown | StopPlease | StopNow
