"""What a runner in a process of its own logs, read as it comes."""

from __future__ import annotations

import subprocess
import threading
from typing import Final

__all__ = ["RunnerLog"]

_READY: Final = b"all sessions are open"


class RunnerLog:
    """The output of a ``cextrun --debug``.

    Args:
        process: started with a pipe for its output.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lines: list[bytes] = []
        # Set when all sessions are open, and when the process has ended.
        self._news = threading.Event()
        self._is_ready = False
        self._thread = threading.Thread(target=self._read, name="runner-log", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All that it has logged by now."""
        return b"".join(self._lines).decode(errors="replace")

    def wait_ready(self, patience_s: float) -> bool:
        """Wait until all sessions are open; False if it ended before, or took longer."""
        self._news.wait(patience_s)
        return self._is_ready

    def close(self) -> None:
        """Read what is left of a process that has ended."""
        self._thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            if _READY in line:
                self._is_ready = True
                self._news.set()
        self._news.set()
