"""The kinds of sessions, each run in a process of its own, and who opens them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connect_eaas.runner.sessions import Session, SessionContext

__all__ = ["KINDS", "SessionKind", "kinds_of", "unserved"]


@dataclass(frozen=True)
class SessionKind:
    """A kind of session."""

    name: str
    """As logs call it."""
    application: str
    """The entry point whose class it serves: ``eventsapp``, ``webapp``, ``anvilapp`` or ``tfnapp``."""
    opener: str
    """``module:function`` that makes the session; imported only where such a session runs."""

    def open(self, context: SessionContext) -> Session:
        """Make the session of this kind."""
        module, _, function = self.opener.partition(":")
        opener: Callable[[SessionContext], Session] = getattr(importlib.import_module(module), function)
        return opener(context)


_ALL: Final = (
    SessionKind("background", "eventsapp", "connect_eaas.runner.events_session:open_session"),
    SessionKind("interactive", "eventsapp", "connect_eaas.runner.events_session:open_session"),
    SessionKind("web", "webapp", "connect_eaas.runner.web_session:open_session"),
    SessionKind("transformations", "tfnapp", "connect_eaas.runner.transformation_session:open_session"),
    SessionKind("anvil", "anvilapp", "connect_eaas.runner.anvil_session:open_session"),
)

KINDS: Final = {kind.name: kind for kind in _ALL}
"""By name."""


def kinds_of(applications: Iterable[str]) -> list[SessionKind]:
    """The sessions that these applications need."""
    wanted = set(applications)
    return [kind for kind in _ALL if kind.application in wanted]


def unserved(applications: Iterable[str]) -> list[str]:
    """Applications that no session serves."""
    return sorted(set(applications) - {kind.application for kind in _ALL})
