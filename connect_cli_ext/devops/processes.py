"""Child processes of the devops commands: the platform and the runner."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from connect_cli_ext.errors import CommandError

__all__ = ["Child", "interruptible", "platform_process", "runner_process", "start_platform"]

_STOP_TIMEOUT_S = 20.0
_HURRY_TIMEOUT_S = 3.0
_LINES_SHOWN = 15

# Run before the child's own command, in the same process: Linux tells it to stop when its parent is gone, however that
# ended. (The setting outlives the change of program; 1 is PR_SET_PDEATHSIG.)
_LEASH = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Child:
    """A running child process with its output in a file or on our own terminal."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path | None) -> None:
        self.name = name
        self.process = process
        self.log = log

    def stop(self) -> int:
        """Ask the process to end, as Ctrl-C does; end it by force if it does not. Returns its exit status."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
            except KeyboardInterrupt:
                self._stop_now()
                raise
        return self.process.wait()

    def _stop_now(self) -> None:
        """Ask a second time, which means now, and do not wait long."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_HURRY_TIMEOUT_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End the process at once, without a chance to clean up."""
        self.process.kill()
        self.process.wait()

    def last_lines(self) -> str:
        """The end of its log."""
        return self.end_of(self.log)

    @staticmethod
    def end_of(log: Path | None) -> str:
        """The last lines of a log; empty without one."""
        if log is None or not log.exists():
            return ""
        return "\n".join(log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:])


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does, so that children are stopped in order."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def platform_process(
    arguments: Sequence[str] = (), *, environ: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Child]:
    """Run ``ccli devops start`` until the block ends; the block starts when the platform serves.

    Args:
        arguments: further arguments of ``start``.
        environ: its environment, by default ours.
        log: file for its output, by default our own terminal.

    Raises:
        CommandError: it ended before it served; carries the end of its output.
    """
    child, ready = _begun(arguments, environ=environ, log=log, leashed=True)
    try:
        _await(child, ready)
        yield child
    finally:
        child.stop()


def start_platform(arguments: Sequence[str], *, log: Path) -> Child:
    """Start ``ccli devops start`` so that it outlives this process, and return when it serves.

    Raises:
        CommandError: it ended before it served; carries the end of its output.
    """
    child, ready = _begun(arguments, environ=None, log=log, leashed=False)
    # Somebody has to ask how it ended, or the system keeps it as if it still were.
    threading.Thread(target=child.process.wait, name="end of the platform", daemon=True).start()
    try:
        _await(child, ready)
    except KeyboardInterrupt:
        child.stop()
        raise
    return child


def _begun(
    arguments: Sequence[str], *, environ: Mapping[str, str] | None, log: Path | None, leashed: bool
) -> tuple[Child, int]:
    ready, tell = os.pipe()
    os.set_inheritable(tell, True)
    command = [sys.executable, "-m", "connect_cli_ext", "devops", "start", "--ready-fd", str(tell), *arguments]
    try:
        return _start("platform", command, environ=environ, log=log, pass_fds=(tell,), leashed=leashed), ready
    finally:
        os.close(tell)


def _await(platform: Child, ready: int) -> None:
    with os.fdopen(ready, "rb") as stream:
        if not stream.readline():
            platform.process.wait()
            cause = (
                f".\n{platform.last_lines()}".rstrip() if platform.log is not None else "; its message above says why."
            )
            raise CommandError(f"The platform did not start{cause}")


@contextmanager
def runner_process(
    project: Path,
    arguments: Sequence[str] = ("-d",),
    *,
    environ: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Child]:
    """Run ``cextrun`` in ``project`` until the block ends."""
    command = [sys.executable, "-m", "connect_eaas.runner.main", *arguments]
    child = _start("runner", command, environ=environ, log=log, cwd=project)
    try:
        yield child
    finally:
        child.stop()


def _start(
    name: str,
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None,
    log: Path | None,
    cwd: Path | None = None,
    pass_fds: tuple[int, ...] = (),
    leashed: bool = True,
) -> Child:
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("ab")) if log is not None else None
        process = subprocess.Popen(
            _leashed(command) if leashed else command,
            cwd=cwd,
            env=None if environ is None else dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            pass_fds=pass_fds,
            # Ctrl-C in the terminal reaches us alone; we stop the children in order.
            start_new_session=True,
        )
    return Child(name, process, log)


def _leashed(command: Sequence[str]) -> Sequence[str]:
    """Return ``command`` so that a kill of ours, which lets us clean up nothing, leaves no orphan on Linux."""
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), *command]
