"""Where a runner keeps what outlives its process: its instance id and the results that nobody took yet.

One directory for each environment, with a numbered slot for each runner that runs there at the same time. A slot is
locked while it is used, so a restarted runner finds its own slot again and is the same instance to the platform.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["Slot", "container_id", "open_slot", "state_root"]

_SLOTS: Final = 64
_ORPHANS_END_WITHIN_S: Final = 6.0
_CONTAINER: Final = re.compile(r"[0-9a-f]{64}")


class Slot:
    """A locked directory of one runner."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def journal_of(self, kind: str) -> Path:
        """Where the results of a kind of session are kept: each has its own file, as each has its own process."""
        return self.path / ("outbox.jsonl" if kind == "background" else f"outbox-{kind}.jsonl")

    def instance_id(self) -> str:
        """The id of this slot's instance; made at its first use.

        Raises:
            OSError: it cannot be kept.
        """
        file = self.path / "instance"
        with contextlib.suppress(OSError, ValueError):
            return str(uuid.UUID(file.read_text(encoding="ascii").strip()))
        instance = str(uuid.uuid4())
        fresh = file.with_name("instance.new")
        fresh.write_text(instance, encoding="ascii")
        fresh.replace(file)
        return instance

    def close(self) -> None:
        """Let the slot go. May be called again."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def state_root(environment: Mapping[str, str]) -> Path:
    """The directory of all runners of this user."""
    state = environment.get("XDG_STATE_HOME")
    home = Path(state) if state else Path.home() / ".local" / "state"
    return home / "connect-extension-runner"


def open_slot(root: Path, environment_id: str) -> Slot:
    """Lock the first free slot of an environment.

    Raises:
        OSError: the directory cannot be used.
    """
    for number in range(1, _SLOTS + 1):
        path = root / environment_id / str(number)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if _lock(lock) or (_is_left(lock) and _lock_within(lock, _ORPHANS_END_WITHIN_S)):
            os.truncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
            return Slot(path, lock)
        os.close(lock)
    raise OSError(f"{root / environment_id}: all {_SLOTS} slots are in use")


def container_id() -> str | None:
    """The id of the container that we run in, None outside (``reference/runner-behaviour.md`` section 3)."""
    with contextlib.suppress(OSError):
        last = Path("/proc/1/cpuset").read_text(encoding="ascii", errors="replace").strip().rpartition("/")[2]
        if _CONTAINER.fullmatch(last):
            return last
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            found = re.search(r"upperdir=[^,]*/([0-9a-f]{64})/[^/,]+", line)
            if found:
                return found.group(1)
    return None


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True  # No such locks on this system: then one runner an environment is up to the operator.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_left(descriptor: int) -> bool:
    """True if the supervisor that took this lock is dead: what holds it are its processes, which are ending."""
    try:
        pid = int(os.pread(descriptor, 20, 0))
    except ValueError:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _lock_within(descriptor: int, seconds: float) -> bool:
    """Wait for the lock. Without a thread, as processes are forked later; so by an alarm, in the main thread only."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return False
    import fcntl

    def alarm(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except TimeoutError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    return True
