"""Child processes with a pipe to talk through: forked where that works, else started afresh.

A forked child shares the pages of what its parent had imported, and starts in milliseconds. That needs a parent without
threads; the supervisor has none. On macOS and Windows, where forking is unsafe or unknown, and where
``CONNECT_PROCESS_START=spawn`` asks for it, children are new interpreters.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

__all__ = ["Child", "Closable", "Main", "forks", "freeze_memory", "start_child"]

_Spec = TypeVar("_Spec")
Main = Callable[[_Spec, "Connection[Any, Any]"], int]
"""The main function of a child: takes what it has to know and its end of the pipe, returns the exit status."""


class Closable(Protocol):
    """A pipe's end or a socket."""

    def close(self) -> None:
        """Let it go in this process."""


class Child(Protocol):
    """A running child process."""

    connection: Connection[Any, Any]
    """Our end of the pipe; at its end the child is gone, or as good as."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def sentinel(self) -> int | None:
        """What to wait for beside the connection: it is ready when the child has ended. None if there is no such."""

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""

    def terminate(self) -> None:
        """Ask it to end by a signal; no harm if it has ended."""

    def kill(self) -> None:
        """End it now; no harm if it has ended."""

    def join(self) -> int:
        """Wait for its end; only after `kill`, or when it has closed its pipe."""


def forks(environment: Mapping[str, str]) -> bool:
    """True if children are forked here."""
    return sys.platform not in ("win32", "darwin") and environment.get("CONNECT_PROCESS_START") != "spawn"


def start_child(main: Main[_Spec], spec: _Spec, *, fork: bool, not_for_child: Iterable[Closable] = ()) -> Child:
    """Start a child.

    Args:
        main: what it runs; a function of a module.
        spec: its first argument; has to be picklable where children are not forked.
        fork: see `forks`.
        not_for_child: our ends of other children's pipes, and ports; a child that held them would keep them open.
    """
    ours, theirs = multiprocessing.Pipe()
    if not fork:
        process = multiprocessing.get_context("spawn").Process(target=_spawned, args=(main, spec, theirs))
        process.start()
        theirs.close()
        return _Spawned(process, ours)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid == 0:
        for connection in (ours, *not_for_child):
            connection.close()
        _reset_inherited()
        _run_and_exit(main, spec, theirs)
    theirs.close()
    return _Forked(pid, ours)


def freeze_memory() -> None:
    """Keep the garbage collector from touching, and so copying, pages that children will share."""
    gc.collect()
    gc.freeze()


class _Forked:
    def __init__(self, pid: int, connection: Connection[Any, Any]) -> None:
        self.connection = connection
        self._pid = pid
        self._status: int | None = None

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def sentinel(self) -> int | None:
        return None  # SIGCHLD wakes the supervisor.

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def join(self) -> int:
        status = self._wait(0)
        return 0 if status is None else status

    def _wait(self, flags: int) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self._pid, flags)
            except ChildProcessError:
                self._status = 0  # Somebody else has reaped it.
            else:
                if pid:
                    self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def _signal(self, number: int) -> None:
        # Once reaped, the number may be another process's.
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)


class _Spawned:
    def __init__(self, process: multiprocessing.context.SpawnProcess, connection: Connection[Any, Any]) -> None:
        self.connection = connection
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def sentinel(self) -> int | None:
        return self._process.sentinel

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def join(self) -> int:
        self._process.join()
        return self._process.exitcode or 0


def _reset_inherited() -> None:
    """Forget what belongs to the parent: its signal handlers, and what it wants done at its end."""
    signal.set_wakeup_fd(-1)
    _set_signals()
    atexit._clear()
    atexit.register(logging.shutdown)


def _set_signals() -> None:
    # The terminal signals all of us at once; what that means is the supervisor's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _spawned(main: Main[_Spec], spec: _Spec, connection: Connection[Any, Any]) -> None:
    _set_signals()
    _run_and_exit(main, spec, connection)


def _run_and_exit(main: Main[_Spec], spec: _Spec, connection: Connection[Any, Any]) -> None:
    """Run to the end, and end without waiting for threads: those that are stuck would keep us for ever."""
    status = 1
    try:
        status = main(spec, connection)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(status)
