"""A real pseudo-terminal with `ccli` in it, and what a person sees there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import monotonic

import pexpect
import pyte

ENTER, UP, DOWN, SPACE, BACKSPACE, CTRL_C, CTRL_A, CTRL_R, LEFT, RIGHT, HOME = (
    "\r",
    "\x1b[A",
    "\x1b[B",
    " ",
    "\x7f",
    "\x03",
    "\x01",
    "\x12",
    "\x1b[D",
    "\x1b[C",
    "\x1b[H",
)

_PATIENCE_S = 20.0


class WizardScreen:
    """`ccli` with ``arguments`` on a terminal of ``rows`` x ``columns`` and of a ``kind`` (``TERM``)."""

    def __init__(
        self, *arguments: str | Path, home: Path, rows: int = 24, columns: int = 80, kind: str = "xterm-256color"
    ) -> None:
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._display)
        self.everything = ""
        environment = {**os.environ, "TERM": kind, "HOME": str(home), "LANG": "C.UTF-8"}
        # Of the terminal that the tests run on.
        for name in ("TERM_PROGRAM", "ConEmuANSI", "NO_COLOR"):
            environment.pop(name, None)
        command = ["-c", "from connect_cli_ext.main import main; main()", *(str(item) for item in arguments)]
        self._child = pexpect.spawn(
            sys.executable, command, dimensions=(rows, columns), encoding="utf-8", env=environment
        )

    @property
    def text(self) -> str:
        """The screen as it is now."""
        return "\n".join(line.rstrip() for line in self._display.display)

    def wait_for(self, *texts: str) -> str:
        """Read on until all ``texts`` are on the screen at the same time; return the screen."""
        deadline = monotonic() + _PATIENCE_S
        while not all(text in self.text for text in texts):
            try:
                part = self._child.read_nonblocking(65536, timeout=max(deadline - monotonic(), 0))
            except (pexpect.TIMEOUT, pexpect.EOF) as error:
                raise AssertionError(
                    f"{texts} did not appear ({type(error).__name__}); there is:\n{self.text}"
                ) from None
            self.everything += part
            self._stream.feed(part)
        return self.text

    def send(self, *keys: str) -> None:
        """Press keys."""
        self._child.send("".join(keys))

    def question(self, number: int) -> str:
        """Wait for the question of a step."""
        return self.wait_for(f"- {number} of 22", "[?] Answer")

    def answer(self, number: int, *keys: str) -> str:
        """Answer the step's question with ``keys`` and Enter, and wait for the way on."""
        self.question(number)
        self.send(*keys, ENTER)
        return self.wait_for(f"- {number} of 22", "[?] Go on")

    def accept(self, *numbers: int) -> None:
        """Take the steps' answers as they are and go on."""
        for number in numbers:
            self.answer(number)
            self.send(ENTER)

    def end(self) -> int:
        """Wait for the end of the program and return its exit status."""
        self._child.expect(pexpect.EOF, timeout=_PATIENCE_S)
        self.everything += self._child.before or ""
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -(self._child.signalstatus or 0)

    def kill(self) -> None:
        """End the program if it still runs."""
        self._child.close(force=True)
