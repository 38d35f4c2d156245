"""Signals that end the program: as exceptions, so that what was taken is given back before the end."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Final, NoReturn

__all__ = ["Ended", "ending_signals", "ignored_endings"]

_ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))


class Ended(BaseException):
    """A signal asks the program to end.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def end(self) -> NoReturn:
        """End this process by the signal, as whoever sent it expects."""
        signal.signal(self.number, signal.SIG_DFL)
        os.kill(os.getpid(), self.number)
        raise SystemExit(128 + self.number)


@contextlib.contextmanager
def ending_signals() -> Iterator[None]:
    """Raise `Ended` in the main thread when such a signal comes; ignored signals stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled(_raise):
        yield


@contextlib.contextmanager
def ignored_endings() -> Iterator[None]:
    """Let neither such a signal nor Ctrl-C come in between."""
    with _handled(signal.SIG_IGN, signal.SIGINT):
        yield


@contextlib.contextmanager
def _handled(handler: object, *others: signal.Signals) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (*_ENDINGS, *others)}
    try:
        for number, old in before.items():
            if old is not signal.SIG_IGN:
                signal.signal(number, handler)  # type: ignore[arg-type]
        yield
    finally:
        for number, old in before.items():
            if old is not None:
                signal.signal(number, old)


def _raise(number: int, _frame: object) -> NoReturn:
    raise Ended(number)
