"""A platform that several ``ccli devops dev`` share: the first one starts it, the last one out stops it.

Each of them holds a shared lock on a file of the data directory. The platform itself waits for the exclusive one, in a
thread: when it gets it nobody is left, however the others ended, and it stops. The operating system does all of it, so
nothing is counted wrong when somebody is killed, and nobody asks again and again. Platforms of ``ccli devops start``
have no such file: they run until they are told to stop. Windows has no such locks: there whoever starts the platform
stops it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connect_cli_ext.devops.processes import Child, platform_process, start_platform
from connect_cli_ext.discovery import LocalPlatform, find_local_platform
from connect_cli_ext.errors import CommandError, FileError, reason
from connect_devops.files import make_private_dir

if sys.platform != "win32":
    import fcntl

__all__ = ["Use", "stop_when_unused", "used_platform"]

_USERS = "dev.users"
_LOG = "platform.log"
_HELD_BY_PLATFORM = "platform.lock"
_STOP_TIMEOUT_S = 20.0


class Use:
    """How this process uses a platform.

    ``started`` tells whether it was this process that started it, ``is_shared`` whether it ends with its last user.
    """

    def __init__(self, platform: LocalPlatform, *, started: bool, is_shared: bool, log: Path | None) -> None:
        self.platform = platform
        self.started = started
        self.is_shared = is_shared
        self.log = log
        self.farewell = ""
        """What became of the platform when we left it, for people."""

    def last_words(self) -> str:
        """The end of the platform's log, if it has one."""
        return Child.end_of(self.log)


@contextmanager
def used_platform(arguments: Sequence[str], data_dir: Path, discovery_file: Path) -> Iterator[Use]:
    """Use the platform of this machine for as long as the block lasts; where none runs, one is started.

    Args:
        arguments: of ``ccli devops start``, for a platform that has to be started.
        data_dir: its data directory.
        discovery_file: where platforms of this user are found.

    Raises:
        CommandError: it cannot be started; says why.
    """
    if sys.platform == "win32":
        yield from _unshared(arguments)
        return
    with contextlib.ExitStack() as stack:
        with _locked(discovery_file.with_name(f"{discovery_file.name}.starting")):
            use, users = _entered(arguments, data_dir)
        stack.callback(os.close, users) if users is not None else None
        try:
            yield use
        finally:
            if users is not None:
                _leave(use, users)


if sys.platform != "win32":

    def stop_when_unused(users: Path) -> None:
        """End this process, a platform, as soon as nobody holds the lock on ``users`` any more.

        Raises:
            OSError: the file cannot be used.
        """
        handle = os.open(users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())

        def wait() -> None:
            # Held until the process is gone, so whoever comes now waits for that.
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, name="users of the platform", daemon=True).start()

    def _entered(arguments: Sequence[str], data_dir: Path) -> tuple[Use, int | None]:
        """Join the running platform, or start one. Nobody else starts one meanwhile."""
        while (running := find_local_platform()) is not None:
            users = _joined(running)
            if users is None:
                return Use(running, started=False, is_shared=False, log=None), None
            if _is_running(running):
                return Use(running, started=False, is_shared=True, log=_log_of(running)), users
            # It was about to stop, and has.
            os.close(users)
        users = _open(data_dir / _USERS)
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            log = data_dir / _LOG
            log.unlink(missing_ok=True)
            start_platform([*arguments, "--while-used", str(data_dir / _USERS)], log=log)
            found = find_local_platform()
            if found is None:
                raise CommandError("The platform started but left no discovery file. Is CONNECT_DEVOPS_DISCOVERY set?")
        except BaseException:
            os.close(users)
            raise
        return Use(found, started=True, is_shared=True, log=log), users

    def _joined(platform: LocalPlatform) -> int | None:
        """Hold the lock of a platform's users; None for one that is not shared."""
        if platform.data_dir is None:
            return None
        try:
            users = os.open(platform.data_dir / _USERS, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        if _pid_in(users) != platform.pid:
            os.close(users)
            return None
        fcntl.flock(users, fcntl.LOCK_SH)
        return users

    def _leave(use: Use, users: int) -> None:
        """Stop the platform if nobody else uses it."""
        pid = _pid_in(users)
        if pid is None or pid != use.platform.pid or not _is_running(use.platform):
            return
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # The platform noticed before us that nobody is left.
            else:
                use.farewell = f"The platform keeps running for another 'ccli devops dev': {use.platform.url}"
                return
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not _has_ended(use.platform):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        use.farewell = "The platform stopped."

    def _is_running(platform: LocalPlatform) -> bool:
        """Whether this very platform holds its data directory; an id of a process alone may be another's by now."""
        if platform.data_dir is None:
            return False
        try:
            handle = os.open(platform.data_dir / _HELD_BY_PLATFORM, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _pid_in(handle) == platform.pid
        finally:
            os.close(handle)
        return False

    def _has_ended(platform: LocalPlatform) -> bool:
        """Wait until the platform lets its data directory go; False if that takes too long."""

        def wait() -> None:
            with contextlib.suppress(OSError):
                handle = os.open(f"{platform.data_dir}/{_HELD_BY_PLATFORM}", os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH)
                finally:
                    os.close(handle)

        # A lock is waited for without a limit, so somebody else has to wait for it.
        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        waiting.join(_STOP_TIMEOUT_S)
        return not waiting.is_alive()

    @contextmanager
    def _locked(path: Path) -> Iterator[None]:
        handle = _open(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _unshared(arguments: Sequence[str]) -> Iterator[Use]:
    running = find_local_platform()
    if running is not None:
        yield Use(running, started=False, is_shared=False, log=None)
        return
    with platform_process(arguments):
        found = find_local_platform()
        if found is None:
            raise CommandError("The platform started but left no discovery file. Is CONNECT_DEVOPS_DISCOVERY set?")
        yield Use(found, started=True, is_shared=False, log=None)


def _open(path: Path) -> int:
    try:
        make_private_dir(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise FileError(path, reason(error)) from error


def _pid_in(handle: int) -> int | None:
    os.lseek(handle, 0, os.SEEK_SET)
    text = os.read(handle, 32).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None


def _log_of(platform: LocalPlatform) -> Path | None:
    return None if platform.data_dir is None else platform.data_dir / _LOG
