"""The terminal while the wizard has it: its modes, what is pressed, changes of its size, and giving it back whole."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import termios
import tty
from collections.abc import Iterator
from typing import Any, Final

from connect_cli_ext.wizard.endings import Ended, ending_signals, ignored_endings
from connect_cli_ext.wizard.keys import KeyReader, Press
from connect_cli_ext.wizard.painter import Painter, signs_for
from connect_cli_ext.wizard.picture import Picture, Signs

__all__ = ["Stage"]

# How long after ESC the rest of a key's sequence may come: more than a slow line takes, less than people notice.
_ESCAPE_S: Final = 0.1
_PASTE_ON: Final = "\x1b[?2004h"
_PASTE_OFF: Final = "\x1b[?2004l"
_READ_SIZE: Final = 1 << 16


class Stage:
    """A terminal in full screen.

    Whatever happens between `open` and its end, an error, Ctrl-C, a signal or a suspension, the terminal is given
    back as it was.

    Args:
        terminal: names the terminal's sequences (a ``blessed.Terminal``).
        keyboard: the descriptor that keys are read from.
        screen: the descriptor that is drawn on.
        encoding: what both understand.
    """

    def __init__(self, terminal: Any, keyboard: int, screen: int, encoding: str) -> None:
        self._keyboard = keyboard
        self._screen = screen
        self._painter = Painter(terminal, colors=not os.environ.get("NO_COLOR"), encoding=encoding)
        self.signs: Signs = signs_for(encoding)
        self._enter = "".join((str(terminal.enter_fullscreen), str(terminal.smkx), _PASTE_ON))
        self._leave = "".join(
            (
                _PASTE_OFF,
                str(terminal.rmkx),
                str(terminal.normal),
                str(terminal.normal_cursor),
                # Terminals without a second screen keep what was drawn.
                str(terminal.exit_fullscreen) or f"{terminal.home}{terminal.clear}",
            )
        )
        self._encoding = encoding
        self._reader = KeyReader()
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._modes = termios.tcgetattr(keyboard)
        self._suspended = False

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self._screen)
            if columns and rows:
                return columns, rows
        return 80, 24

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Take the terminal, and give it back at the end."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(ending_signals())
            stack.enter_context(self._awake())
            stack.callback(self._give_back)
            self._take()
            yield

    def show(self, picture: Picture) -> None:
        """Draw ``picture``: what has changed of it."""
        self._write(self._painter.paint(picture))

    def read(self) -> list[Press]:
        """Wait for something to happen and return what was pressed; nothing if only the screen must be drawn anew.

        Raises:
            Ended: the terminal is gone.
        """
        presses: list[Press] = []
        while not presses:
            timeout = _ESCAPE_S if self._reader.is_open else None
            ready, _, _ = select.select([self._keyboard, self._woken], [], [], timeout)
            if not ready:
                presses = self._reader.flush()
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, _READ_SIZE)
                if self._suspended:
                    self._suspend()
                self._painter.forget()
                if self._keyboard not in ready:
                    return []
            if self._keyboard in ready:
                presses = self._reader.feed(self._decoder.decode(self._received()))
        return presses

    def refresh(self) -> None:
        """Draw everything the next time, not only what has changed."""
        self._painter.forget()

    def _received(self) -> bytes:
        try:
            received = os.read(self._keyboard, _READ_SIZE)
        except OSError:
            received = b""
        if not received:
            # The terminal is gone, whether its signal has come already or not.
            raise Ended(signal.SIGHUP)
        return received

    @contextlib.contextmanager
    def _awake(self) -> Iterator[None]:
        """Let a new size and Ctrl-Z wake `read`."""
        self._woken, waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waker, False)
        before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        handlers = {
            signal.SIGWINCH: signal.signal(signal.SIGWINCH, lambda _number, _frame: None),
            signal.SIGTSTP: signal.signal(signal.SIGTSTP, self._note_suspension),
        }
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            os.close(self._woken)
            os.close(waker)

    def _note_suspension(self, _number: int, _frame: object) -> None:
        self._suspended = True

    def _suspend(self) -> None:
        self._suspended = False
        self._give_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            os.kill(os.getpid(), signal.SIGTSTP)
            # Here the process stands still until somebody continues it.
        finally:
            signal.signal(signal.SIGTSTP, handler)
        self._modes = termios.tcgetattr(self._keyboard)
        self._take()

    def _take(self) -> None:
        tty.setcbreak(self._keyboard, termios.TCSADRAIN)
        self._write(self._enter)
        self._painter.forget()

    def _give_back(self) -> None:
        with ignored_endings(), contextlib.suppress(OSError, termios.error):
            # First the modes: they matter more, and a terminal that is gone cannot be written to.
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._modes)
            self._write(self._leave)

    def _write(self, text: str) -> None:
        rest = text.encode(self._encoding, errors="replace")
        while rest:
            rest = rest[os.write(self._screen, rest) :]
