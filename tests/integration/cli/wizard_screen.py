"""A real pseudo-terminal with `ccli` in it, and what a person sees there."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pexpect
import pyte

ENTER, UP, DOWN, LEFT, RIGHT, HOME, END, PAGE_DOWN = (
    "\r",
    "\x1b[A",
    "\x1b[B",
    "\x1b[D",
    "\x1b[C",
    "\x1b[H",
    "\x1b[F",
    "\x1b[6~",
)
TAB, BACK_TAB, ESCAPE, SPACE, BACKSPACE = "\t", "\x1b[Z", "\x1b", " ", "\x7f"
CTRL_A, CTRL_C, CTRL_K, CTRL_R, CTRL_U, CTRL_W, CTRL_Z = "\x01", "\x03", "\x0b", "\x12", "\x15", "\x17", "\x1a"

_PATIENCE_S = 30.0


def _ignore_no_signal() -> None:
    """Begin as under a shell with job control; what runs in the background of another one ignores these."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class WizardScreen:
    """`ccli` with ``arguments`` on a terminal of ``rows`` x ``columns`` and of a ``kind`` (``TERM``).

    With ``shell`` there is an interactive shell instead, which can start it and suspend it; with ``program`` a
    Python program of one's own.
    """

    def __init__(
        self,
        *arguments: str | Path,
        home: Path,
        rows: int = 24,
        columns: int = 80,
        kind: str = "xterm-256color",
        shell: bool = False,
        pause_s: float | None = None,
        program: str = "from connect_cli_ext.main import main; main()",
        **environment: str,
    ) -> None:
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._display)
        self.everything = ""
        self._hung_up = False
        variables = {**os.environ, "TERM": kind, "HOME": str(home), "LANG": "C.UTF-8", "PS1": "shell> "}
        # Of the terminal that the tests run on.
        for name in ("TERM_PROGRAM", "ConEmuANSI", "NO_COLOR", "LC_ALL", "ESCDELAY", "COLORTERM", "COLUMNS", "LINES"):
            variables.pop(name, None)
        variables |= environment
        command, words = sys.executable, ["-c", program, *(str(item) for item in arguments)]
        if shell:
            command, words = "/bin/bash", ["--norc", "--noprofile", "-i"]
        self._child = pexpect.spawn(
            command, words, dimensions=(rows, columns), encoding="utf-8", env=variables, preexec_fn=_ignore_no_signal
        )
        # Prompts throw away what is typed before they look; real fingers wait by themselves.
        self._child.delaybeforesend = pause_s
        self._modes = termios.tcgetattr(self._child.child_fd)[:4]

    @property
    def text(self) -> str:
        """The screen as it is now."""
        return "\n".join(line.rstrip() for line in self._display.display)

    def cell(self, row: int, column: int) -> pyte.screens.Char:
        """One character of the screen, with its attributes."""
        return self._display.buffer[row][column]

    @property
    def pid(self) -> int:
        """The process on the terminal."""
        return int(self._child.pid)

    @property
    def cursor_is_shown(self) -> bool:
        """Whether the cursor is seen."""
        return not self._display.cursor.hidden

    @property
    def modes_are_restored(self) -> bool:
        """Whether the terminal echoes and edits lines as it did at first, and shows what it showed."""
        last = max(self.everything.rfind("\x1b[?1049h"), self.everything.rfind("\x1b[?1049l"))
        left = last < 0 or self.everything[last:].startswith("\x1b[?1049l")
        pasted = self.everything.rfind("\x1b[?2004h") <= self.everything.rfind("\x1b[?2004l")
        return left and pasted and self.cursor_is_shown and termios.tcgetattr(self._child.child_fd)[:4] == self._modes

    def wait_for(self, *texts: str) -> str:
        """Read on until all ``texts`` are on the screen at the same time; return the screen."""
        self._read_until(lambda: all(text in self.text for text in texts), f"{texts} did not appear")
        return self.text

    def wait_until_gone(self, text: str) -> str:
        """Read on until ``text`` is on the screen no more; return the screen."""
        self._read_until(lambda: text not in self.text, f"'{text}' did not go")
        return self.text

    def whole(self, *texts: str) -> str:
        """Read on until a screen with ``texts`` is drawn to its end, where the cursor is shown or hidden."""
        ends = ("\x1b[?25l", "\x1b[?25h")
        self._read_until(
            lambda: all(text in self.text for text in texts) and self.everything.endswith(ends),
            f"{texts} did not appear",
        )
        return self.text

    def _read_until(self, done: Callable[[], bool], problem: str) -> None:
        deadline = monotonic() + _PATIENCE_S
        while not done():
            try:
                part = self._child.read_nonblocking(65536, timeout=max(deadline - monotonic(), 0))
            except (pexpect.TIMEOUT, pexpect.EOF) as error:
                raise AssertionError(f"{problem} ({type(error).__name__}); there is:\n{self.text}") from None
            self.everything += part
            self._stream.feed(part)

    def send(self, *keys: str) -> None:
        """Press keys."""
        self._child.send("".join(keys))

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size, as dragging its window does."""
        self._display.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def step(self, number: int) -> str:
        """Wait for a step of the wizard."""
        return self.wait_for(f"bootstrap - {number} of 22", f"{number}. ")

    def accept(self, *numbers: int) -> None:
        """Take the steps' answers as they are and go on."""
        for number in numbers:
            self.step(number)
            self.send(ENTER)

    def fill(self, number: int, *keys: str) -> None:
        """Empty the step's line, type ``keys`` and go on."""
        self.step(number)
        self.send(CTRL_U, *keys, ENTER)

    def question(self, number: int) -> str:
        """Wait for the question of a step that is shown as prompts."""
        return self.wait_for(f"- {number} of 22", "[?] Answer")

    def answer(self, number: int, *keys: str) -> str:
        """Answer a prompt with ``keys`` and Enter, and wait for the way on."""
        self.question(number)
        self.send(*keys, ENTER)
        return self.wait_for(f"- {number} of 22", "[?] Go on")

    def end(self) -> int:
        """Wait for the end of the program and return its exit status, or the negative number of the signal."""
        self._child.expect(pexpect.EOF, timeout=_PATIENCE_S)
        rest = self._child.before or ""
        self.everything += rest
        self._stream.feed(rest)
        self.ended_well = self.modes_are_restored
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -(self._child.signalstatus or 0)

    def hang_up(self) -> int:
        """Close the terminal, as closing its window does; return the program's exit status as `end` does."""
        self._hung_up = True
        os.close(self._child.child_fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        """End the program if it still runs."""
        if self._hung_up:
            return
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
            self._child.wait()
        self._child.close(force=True)
