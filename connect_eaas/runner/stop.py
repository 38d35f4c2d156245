"""The wish to stop: who asked, and whether it should be now."""

from __future__ import annotations

import asyncio

from connect_eaas.runner.errors import RunnerError

__all__ = ["Stop"]


class Stop:
    """Asked once: stop gracefully. Asked again by a signal: now."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.forced = asyncio.Event()
        # Why, for the log; None until requested.
        self.reason: str | None = None
        # What ended the runner, if it was no wish but trouble.
        self.error: RunnerError | None = None

    def signal(self, name: str) -> None:
        """A signal came: the first asks to stop, the second to stop now."""
        if self.requested.is_set():
            self.forced.set()
        else:
            self.request(f"signal {name}")

    def request(self, reason: str) -> None:
        """Ask to stop gracefully; further requests change nothing."""
        if not self.requested.is_set():
            self.reason = reason
            self.requested.set()

    def fail(self, error: RunnerError) -> None:
        """Stop because of an error that nothing but a change by the operator or author mends."""
        if self.error is None:
            self.error = error
        self.request(str(error))
