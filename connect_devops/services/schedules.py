"""Schedules: when an environment's schedulable methods are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from connect_devops.services.page import Page, Refine
from connect_devops.services.queue import Submission

__all__ = ["Schedule", "Schedules"]


@dataclass(frozen=True)
class Schedule:
    """A schedule. ``trigger`` is in the form of the REST API, with times in UTC."""

    id: str
    environment_id: str
    environment_type: str
    name: str
    description: str
    method: str
    parameter: Any = field(repr=False)
    trigger: Mapping[str, Any]
    status: str
    reason: str | None
    created: datetime
    updated: datetime
    last_triggered: datetime | None
    next_trigger: datetime | None


class Schedules:
    """Rules: ``reference/devops-api.md`` 4.4."""

    columns: Mapping[str, ColumnElement[Any]]

    def page(
        self, environment_id: str, *, refine: Refine | None = None, limit: int | None = None, offset: int = 0
    ) -> Page[Schedule]:
        """Schedules, oldest first unless ``refine`` orders them; with the total."""
        raise NotImplementedError

    def get(self, environment_id: str, schedule_id: str) -> Schedule:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError

    def create(self, environment_id: str, body: Mapping[str, Any]) -> Schedule:
        """Make a schedule from ``{name, method, description?, parameter?, trigger}``.

        Raises:
            ValidationError: with the field's path (``trigger.cron_expression``); the method must be declared.
        """
        raise NotImplementedError

    def update(self, environment_id: str, schedule_id: str, body: Mapping[str, Any]) -> Schedule:
        """Change name, description, parameter or trigger; the method stays.

        Raises:
            NotFoundError, ValidationError.
        """
        raise NotImplementedError

    def delete(self, environment_id: str, schedule_id: str) -> None:
        """Delete it; a task of it that waits is skipped."""
        raise NotImplementedError

    def enable(self, environment_id: str, schedule_id: str) -> Schedule:
        """Let it fire again. Raises RuleError if it is obsolete."""
        raise NotImplementedError

    def disable(self, environment_id: str, schedule_id: str) -> Schedule:
        """Keep it from firing; tasks that exist go on."""
        raise NotImplementedError

    def trigger(self, environment_id: str, schedule_id: str) -> Submission:
        """Make its task now, whatever its times. Raises RuleError if it is obsolete."""
        raise NotImplementedError

    def fire_due(self) -> list[Submission]:
        """Make the task of every enabled schedule whose time has come; times missed meanwhile count once."""
        raise NotImplementedError
