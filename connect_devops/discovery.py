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
    """The file of one running platform."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._url: object = None

    def write(self, facts: Mapping[str, Any]) -> None:
        """Publish the facts together with the id of this process.

        Raises:
            StartError: the file cannot be written; names it.
        """
        self._url = facts.get("url")
        try:
            make_private_dir(self.path.parent)
            write_private(self.path, json.dumps({**facts, "pid": os.getpid()}, indent=2))
        except OSError as error:
            cause = error.strerror or str(error)
            raise StartError(
                f"discovery file {self.path}: {cause}; name a writable one in CONNECT_DEVOPS_DISCOVERY"
            ) from error

    def remove(self) -> None:
        """Take the file away, unless another platform has replaced it meanwhile."""
        try:
            facts = json.loads(self.path.read_text())
            if facts.get("pid") == os.getpid() and facts.get("url") == self._url:
                self.path.unlink()
        except (OSError, ValueError, AttributeError):
            return


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
