"""One kind of session in a crew, and how far the hooks of its application are."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Literal

from connect_eaas.runner.child_process import Child
from connect_eaas.runner.control import Ended, Refused, ToWorker, WorkerSpec
from connect_eaas.runner.kinds import KINDS
from connect_eaas.runner.restarts import Restarts

__all__ = ["Hook", "Member", "how_ended"]


@dataclass
class Member:
    """One kind of session and the process that serves it now."""

    spec: WorkerSpec
    child: Child | None = None
    begun: float = 0.0
    loaded: bool = False
    connected: bool = False
    # True if an earlier process of this kind was connected.
    was_connected: bool = False
    # True while it waits for the word on `on_startup`.
    waiting: bool = False
    drained: bool = False
    # What it said last, if it stopped in order or knows why it cannot go on.
    ended: Ended | None = None
    refused: Refused | None = None
    # How the process before it died; None if none did, or if that was told.
    death: str | None = None
    # When to replace it; None unless it died.
    due: float | None = None
    restarts: Restarts = field(default_factory=Restarts)

    @property
    def application(self) -> str:
        """Its application's name."""
        return KINDS[self.spec.kind].application

    def __str__(self) -> str:
        return f"the {self.spec.kind} worker"

    def tell(self, word: ToWorker) -> None:
        """Send a word to its process, if it has one."""
        if self.child is not None:
            with contextlib.suppress(OSError):  # Its end is noticed elsewhere.
                self.child.connection.send(word)


@dataclass
class Hook:
    """How far the hooks of one application are."""

    state: Literal["not called", "running", "called", "failed"] = "not called"
    # The kind whose process calls them.
    owner: str | None = None


def how_ended(status: int) -> str:
    """Say an exit status, negative for a signal, in words."""
    if status >= 0:
        return f"status {status}"
    import signal

    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"
