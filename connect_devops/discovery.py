"""A small file that tells runners and the CLI which platform runs on this machine.

It holds an API key, so it is readable by its owner only. It is written when the platform is ready, kept up to date,
and removed when it stops; a file whose process is gone is stale and is treated as absent.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect_devops.errors import StartError
from connect_devops.files import make_private_dir, write_private

__all__ = ["DiscoveryFile", "read_discovery"]


class DiscoveryFile:
    """The file of one running platform.

    Where several run it names the one that was started last, and the one before again when that has stopped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._url: object = None
        self._before: dict[str, Any] | None = None

    def write(self, facts: Mapping[str, Any]) -> None:
        """Publish the facts together with the id of this process; later news only while no newer platform runs.

        Raises:
            StartError: the file cannot be written; names it.
        """
        other = read_discovery(self.path)
        if other is not None and self._is_ours(other, facts.get("url")):
            other = None
        if self._url is None:
            self._before = other
        elif other is not None:
            return
        self._url = facts.get("url")
        self._publish({**facts, "pid": os.getpid()})

    def _publish(self, facts: Mapping[str, Any]) -> None:
        try:
            make_private_dir(self.path.parent)
            write_private(self.path, json.dumps(facts, indent=2))
        except OSError as error:
            cause = error.strerror or str(error)
            raise StartError(
                f"discovery file {self.path}: {cause}; name a writable one in CONNECT_DEVOPS_DISCOVERY"
            ) from error

    def remove(self) -> None:
        """Take the file away, unless another platform has replaced it meanwhile.

        A platform that it named before, and that still runs, is named again, as it was then.
        """
        facts = read_discovery(self.path)
        if facts is None or not self._is_ours(facts, self._url):
            return
        try:
            if self._before is not None and _is_alive(self._before.get("pid")):
                self._publish(self._before)
            else:
                self.path.unlink()
        except (OSError, StartError):
            return

    def _is_ours(self, facts: Mapping[str, Any], url: object) -> bool:
        return facts.get("pid") == os.getpid() and facts.get("url") == url


def read_discovery(path: Path) -> dict[str, Any] | None:
    """Return the facts of a running platform, or None if there is no file or its process is gone."""
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(facts, dict) or not _is_alive(facts.get("pid")):
        return None
    return facts


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    if sys.platform == "win32":
        # Signal 0 is no question there, it interrupts.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # Not ours to signal, but there.
        return True
    return True
