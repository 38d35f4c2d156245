"""A part of a workbook under construction, compressed in a thread of its own beside what makes its content."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO, Final

__all__ = ["PartStream"]

_WAITING: Final = 4
"""Pieces that wait to be compressed, at most."""


class PartStream:
    """Hands what is written to a thread, which owns the stream below until this one is closed.

    Args:
        stream: where the content goes.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._error: BaseException | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._work, name="connect-sheet-part", daemon=True)
        self._thread.start()

    def write(self, content: bytes) -> None:
        """Append; waits while much is waiting already.

        Raises:
            OSError: what was written before could not be, e.g. for want of space.
        """
        if self._error is not None:
            raise self._error
        self._pieces.put(content)

    def close(self) -> None:
        """End the part once everything is written.

        Raises:
            OSError: it could not be written.
        """
        self._end()
        if self._error is not None:
            raise self._error
        self._stream.close()

    def abandon(self) -> None:
        """Let the thread end without what still waits; the part stays incomplete."""
        self._abandoned = True
        self._end()
        # The disk may be full, which may be why.
        with contextlib.suppress(OSError):
            self._stream.close()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            # After an error the queue is still emptied, so that nobody waits for room in it.
            if self._error is not None or self._abandoned:
                continue
            try:
                self._stream.write(piece)
            except BaseException as error:  # Nobody else can be told in this thread.
                self._error = error
