"""SIGINT and SIGTERM, handed to the loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator

from connect_eaas.runner.stop import Stop

__all__ = ["signals_handled", "stop_at_eof"]


@contextlib.contextmanager
def signals_handled(stop: Stop) -> Iterator[None]:
    """While inside, a signal asks for a stop, and a second one for a stop at once. Call it in the loop's thread."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as undo:
        for number in (signal.SIGINT, signal.SIGTERM):
            _handle(loop, number, stop, undo)
        yield


def stop_at_eof(stop: Stop) -> None:
    """Ask for a stop when standard input ends, which it does when the process that started us is gone."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        # Not through sys.stdin: a thread that holds its lock makes the interpreter's end fail.
        while os.read(0, 1024):
            pass
        with contextlib.suppress(RuntimeError):  # The loop may be closed already.
            loop.call_soon_threadsafe(stop.request, "the starting process has ended")

    threading.Thread(target=read, name="stop-at-eof", daemon=True).start()


def _handle(loop: asyncio.AbstractEventLoop, number: signal.Signals, stop: Stop, undo: contextlib.ExitStack) -> None:
    try:
        loop.add_signal_handler(number, stop.signal, number.name)
    except NotImplementedError:
        # Windows: the handler runs between byte codes, so all it does is wake the loop.
        previous = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.signal, number.name))
        undo.callback(signal.signal, number, previous)
    else:
        undo.callback(loop.remove_signal_handler, number)
