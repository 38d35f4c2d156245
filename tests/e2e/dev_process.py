"""`ccli devops dev` as a process, and what it says."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

__all__ = ["Dev"]


class Dev:
    """A running `ccli devops dev`; the test's time limit is the judge of all that it waits for."""

    def __init__(self, project: Path, environ: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "connect_cli_ext", "devops", "dev", str(project), *arguments]
        self.process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.said = ""

    def until(self, text: str) -> str:
        """Read what it says up to a line with this text; returns the line."""
        assert self.process.stdout is not None
        for raw in iter(self.process.stdout.readline, b""):
            line = raw.decode()
            self.said += line
            if text in line:
                return line
        raise AssertionError(f"it ended without saying {text!r}:\n{self.said}")

    def interrupt(self) -> str:
        """Press Ctrl-C; returns all that it said until it ended."""
        self.process.send_signal(signal.SIGINT)
        return self.rest()

    def rest(self) -> str:
        """Read what it says until the end."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().decode()
        self.process.wait()
        return self.said

    def close(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
