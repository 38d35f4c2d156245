"""The results of one session: the outbox, its journal, and who waits for either.

The writer of the session waits for `wake`; a stop waits for `delivered`. Nobody polls.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TypeVar

from connect_eaas.protocol.messages import Task
from connect_eaas.protocol.outbox import Outbox
from connect_eaas.runner.metrics import Meter
from connect_eaas.runner.outbox_file import OutboxFile

__all__ = ["Results"]

_log = logging.getLogger("connect.eaas.runner.outbox")
_Written = TypeVar("_Written")
_GATHERED_S: Final = 0.05
"""Seconds from a result to when the disk is forced to hold it. It is written at once, so it survives a killed
process from then on, but not a power cut; after one a platform that has not got it delivers the task again."""


class Results:
    """What a session owes.

    Args:
        journal: where results survive a killed process; None keeps them in memory only.
        wake: called whenever something became due.
        meter: told how many are owed.
    """

    def __init__(
        self,
        *,
        journal: OutboxFile | None = None,
        wake: Callable[[], None] = lambda: None,
        meter: Meter | None = None,
    ) -> None:
        self.wake = wake
        self._meter = meter or Meter()
        self._outbox = Outbox()
        self._journal = journal
        self._journal_failed = False
        # Set while nothing is owed, and whether it is.
        self._delivered = asyncio.Event()
        self._all_delivered = False
        # Set when the journal has something to force to the disk.
        self._written = asyncio.Event()
        for task in journal.restored if journal is not None else ():
            self._outbox.put(task)
        self._note()

    def __len__(self) -> int:
        """How many results are owed."""
        return len(self._outbox)

    @property
    def leases(self) -> list[str]:
        """Leases whose results are owed."""
        return self._outbox.leases

    @property
    def owed(self) -> list[Task]:
        """The results that are owed, oldest first."""
        return self._outbox.results

    def put(self, result: Task) -> None:
        """Owe a result, and send it as soon as a socket is open."""
        journal = self._journal
        if journal is not None and journal.keeps(result):
            self._guarded(journal.put, result)
        self._outbox.put(result)
        self._note()
        self.wake()

    @property
    def waiting(self) -> int:
        """How many results the present connection has not taken yet."""
        return self._outbox.waiting

    def due(self) -> list[Task]:
        """Results that the present connection has not taken yet."""
        return self._outbox.due()

    def answer(self, delivery: Task) -> Task | None:
        """The result of a delivered task, if it is known already."""
        return self._outbox.answer(delivery)

    def handed_over(self, lease: str, *, acknowledged_later: bool) -> None:
        """The open socket took a result."""
        if self._outbox.handed_over(lease, acknowledged_later=acknowledged_later):
            self._forget(lease)

    def acknowledged(self, lease: str) -> None:
        """The platform settled a result."""
        if self._outbox.acknowledged(lease):
            self._forget(lease)

    def connection_lost(self) -> None:
        """Whatever is unconfirmed will be sent again."""
        self._outbox.connection_lost()

    async def delivered(self) -> None:
        """Wait until nothing is owed."""
        await self._delivered.wait()

    async def keep_synced(self) -> None:
        """Force the journal to the disk whenever it grew; runs for ever, gathering what comes meanwhile."""
        journal = self._journal
        if journal is None:
            return
        while True:
            await self._written.wait()
            await asyncio.sleep(_GATHERED_S)
            self._written.clear()
            try:
                await asyncio.to_thread(journal.sync)
            except OSError as error:
                self._report(error)

    def close(self) -> None:
        """Force the journal to the disk and close it."""
        if self._journal is not None:
            journal, self._journal = self._journal, None
            try:
                journal.close()
            except OSError as error:
                self._report(error)

    def _forget(self, lease: str) -> None:
        journal = self._journal
        if journal is not None and lease in journal:
            self._guarded(journal.drop, lease)
        self._note()

    def _note(self) -> None:
        owed = len(self._outbox)
        self._meter.owed(owed)
        # Told only when it changes: results come and go many in a turn of the loop.
        if (not owed) is not self._all_delivered:
            self._all_delivered = not owed
            if owed:
                self._delivered.clear()
            else:
                self._delivered.set()

    def _guarded(self, write: Callable[[_Written], None], what: _Written) -> None:
        """A full disk must not stop the work: results then live in memory only."""
        try:
            write(what)
        except OSError as error:
            self._report(error)
        else:
            self._written.set()

    def _report(self, error: OSError) -> None:
        if not self._journal_failed:
            self._journal_failed = True
            _log.error("results cannot be kept on disk, only in memory: %s", error)
