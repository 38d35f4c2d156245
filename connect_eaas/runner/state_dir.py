"""Where a runner keeps what outlives its process: its instance id and the results that nobody took yet.

One directory for each environment, with a numbered slot for each runner that runs there at the same time. A slot is
locked while it is used, so a restarted runner finds its own slot again and is the same instance to the platform.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["Slot", "container_id", "open_slot", "state_root"]

_SLOTS: Final = 64
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
        if _lock(lock):
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
