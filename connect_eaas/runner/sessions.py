"""What a session is to the worker that runs it, whatever it serves: a channel, the work in hand, and what is owed.

A kind of session is added by writing a function that takes a `SessionContext` and returns a `Session`, and by naming
it in ``connect_eaas.runner.kinds``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from connect_eaas.client import ClientFactory
from connect_eaas.declarations import Declarations
from connect_eaas.protocol.session_events import Configured
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.metrics import Meter
from connect_eaas.runner.outbox_file import OutboxFile
from connect_eaas.runner.platform_api import PlatformApi
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.state_dir import Slot
from connect_eaas.runner.stop import Stop
from connect_eaas.runner.tracing_spans import Spans

__all__ = ["Conversation", "Owed", "Session", "SessionContext", "Work"]

_log = logging.getLogger("connect.eaas.runner")


class Conversation(Protocol):
    """A connection that is kept open."""

    on_loss: Callable[[], None]
    """Called whenever it is gone; to be set."""

    async def run(self) -> None:
        """Keep it open until cancelled."""

    def drain(self) -> None:
        """Tell the platform that this runner stops; answers still flow."""


class Work(Protocol):
    """Tasks or calls in hand."""

    @property
    def finished(self) -> int:
        """How many have ended in this run."""

    @property
    def leases(self) -> list[str]:
        """What is in hand."""

    @property
    def named(self) -> list[str]:
        """What is in hand, for people."""

    def stop_taking(self) -> int:
        """Take nothing more; return how many that had not started were handed back."""

    async def drained(self) -> None:
        """Wait until nothing is in hand."""

    async def abandon(self) -> int:
        """Give up what is in hand; return how many that were."""


class Owed(Protocol):
    """Answers that the platform has not got yet."""

    def __len__(self) -> int:
        """How many there are."""

    async def delivered(self) -> None:
        """Wait until there are none."""

    async def keep_synced(self) -> None:
        """Carry out what belongs to keeping them, until cancelled."""

    def close(self) -> None:
        """Let files go."""


@dataclass(frozen=True)
class Session:
    """One session: how it talks, what it does, and what it owes."""

    channel: Conversation
    work: Work
    owed: Owed


@dataclass(frozen=True)
class SessionContext:
    """What a session is made of."""

    kind: str
    settings: Settings
    declarations: Declarations
    configuration: Configuration
    api: PlatformApi
    clients: ClientFactory
    agent: str
    """How the runner names itself to the API."""
    instance_id: str
    version: str
    ready: asyncio.Event
    """Set once the platform configured the runner and ``on_startup`` has run; tasks wait for it."""
    configured: Callable[[Configured], None]
    """To be called with each setup response, and so with each connection."""
    stop: Stop
    clock: Callable[[], float]
    """Seconds of a monotonic clock."""
    slot: Slot | None = None
    """Where state is kept; None keeps nothing."""
    meter: Meter = field(default_factory=Meter)
    """Who counts."""
    spans: Spans = field(default_factory=Spans)
    """Who traces."""

    def journal(self) -> OutboxFile | None:
        """Open the journal of this kind's results; None if there is no place for it, which is logged."""
        if self.slot is None:
            return None
        try:
            journal = OutboxFile(self.slot.journal_of(self.kind))
        except OSError as error:
            _log.warning("results are kept in memory only: %s", error)
            return None
        if journal.restored:
            _log.info("%d result(s) of an earlier run will be delivered", len(journal.restored))
        return journal
