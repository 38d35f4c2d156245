"""Who a connecting runner says it is: read from the address of its websocket.

``/public/v1/devops/ws/{ENVIRONMENT}/{INSTANCE}[/webapp|/anvilapp|/tfnapp]?running_tasks=…&running_scheduled_tasks=…
&runner_type=background|interactive`` (``reference/websocket-protocol.md`` section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connect_devops.services.environments import Application
from connect_eaas.events import BACKGROUND, INTERACTIVE, SCHEDULED, TRANSFORMATION, Category

__all__ = ["RunnerAddress", "SessionKey"]

_BY_SUFFIX: Final[Mapping[str, Application]] = {
    "": "events",
    "webapp": "webapp",
    "anvilapp": "anvilapp",
    "tfnapp": "tfnapp",
}

SessionKey = tuple[str, str, str, str]
"""Environment id, instance, application, runner type: a process has at most one session for each."""

_EVENTS: Final[Mapping[str, tuple[Category, ...]]] = {
    "background": (BACKGROUND, SCHEDULED),
    "interactive": (INTERACTIVE,),
}


@dataclass(frozen=True)
class RunnerAddress:
    """One websocket's place in an environment.

    ``runner_type`` is empty for runners that do not split background and interactive work. ``running_background`` and
    ``running_scheduled`` say how many tasks the process still runs while it connects; None where it does not say.
    """

    environment: str
    instance: str
    application: Application = "events"
    runner_type: str = ""
    running_background: int | None = None
    running_scheduled: int | None = None

    @classmethod
    def read(cls, environment: str, instance: str, suffix: str, query: Mapping[str, str]) -> RunnerAddress | None:
        """Read path and query; None if there is no such place."""
        application = _BY_SUFFIX.get(suffix)
        if application is None:
            return None
        return cls(
            environment=environment,
            instance=instance,
            application=application,
            runner_type=query.get("runner_type", "") if not suffix else "",
            running_background=_count(query.get("running_tasks")),
            running_scheduled=_count(query.get("running_scheduled_tasks")),
        )

    @property
    def categories(self) -> tuple[Category, ...]:
        """Categories of tasks that this session takes, the most urgent first."""
        if self.application == "tfnapp":
            return (TRANSFORMATION,)
        if self.application != "events":
            return ()
        return _EVENTS.get(self.runner_type, (INTERACTIVE, BACKGROUND, SCHEDULED))

    @property
    def is_busy(self) -> bool:
        """Whether the process says that tasks of an earlier session still run."""
        return bool(self.running_background or self.running_scheduled)

    def key(self, environment_id: str) -> SessionKey:
        """The identity under which a newer connection replaces an older one."""
        return (environment_id, self.instance, self.application, self.runner_type)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
