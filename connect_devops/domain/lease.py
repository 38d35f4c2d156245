"""How long a task may be held before the platform takes it for lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

__all__ = ["LIMITS", "LeasePolicy"]

LIMITS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "background": timedelta(seconds=300),
        "interactive": timedelta(seconds=120),
        "scheduled": timedelta(hours=12),
        "transformation": timedelta(hours=16),
    }
)
"""The runner's own limits (``reference/websocket-protocol.md`` section 6.8)."""


@dataclass(frozen=True)
class LeasePolicy:
    """The limit of each category plus a margin for the way there and back.

    A runner whose limits were raised by its environment variables needs the same here, or its tasks are given away
    while it still works on them.
    """

    limits: Mapping[str, timedelta] = field(default_factory=lambda: LIMITS)
    margin: timedelta = timedelta(seconds=90)

    def duration(self, category: str) -> timedelta:
        """How long a lease of a task of this category lasts."""
        return self.limits[category] + self.margin
