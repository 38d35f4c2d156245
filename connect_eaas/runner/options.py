"""What the command line asked for, and what was read for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.control import CheckSpec, WorkerSpec
from connect_eaas.runner.features import FeatureTable
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.state_dir import Slot

__all__ = ["Options", "Reading"]


@dataclass(frozen=True)
class Options:
    """What ``cextrun`` was asked for."""

    debug: bool = False
    unsecure: bool = False
    validate: bool = True
    reload: bool = False
    rich: bool = True
    json: bool = False
    check: bool = False
    env_file: Path | None = None
    metrics_port: int | None = None

    @property
    def logs(self) -> LogStyle:
        """How log lines look."""
        rich = self.rich and sys.stderr.isatty()
        # Who saves and looks again wants the own code; who debugs wants everything.
        return LogStyle(debug=self.debug, rich=rich, json=self.json, fold=self.reload and not self.debug)


@dataclass(frozen=True)
class Reading:
    """What was read of the project and its surroundings; a reload reads it anew."""

    settings: Settings
    specs: tuple[WorkerSpec, ...]
    slot: Slot | None
    overview: FeatureTable
    check: CheckSpec | None
    """What is validated; None if nothing is to be."""
    notes: tuple[str, ...] = ()
    """Where variables came from; those of the reading before are not said again."""
