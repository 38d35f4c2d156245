"""The file by which a running local DevOps platform makes itself known.

The platform writes it at its start; its place is ``$CONNECT_DEVOPS_DISCOVERY``, or ``connect-devops/discovery.json`` in
the user's state folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["LocalPlatform", "find_local_platform", "process_runs"]


@dataclass(frozen=True)
class LocalPlatform:
    """What the discovery file says."""

    url: str
    https_url: str | None
    ca_file: str | None
    api_key: str | None = field(repr=False)
    extensions: tuple[Mapping[str, Any], ...] = ()
    projects: Mapping[str, str] = field(default_factory=dict)

    @property
    def server_address(self) -> str:
        """Host and port that a runner connects to: the encrypted door if there is one."""
        return urlsplit(self.https_url or self.url).netloc

    def serves(self, endpoint: str) -> bool:
        """Whether ``endpoint`` is an address of this platform."""
        asked = urlsplit(endpoint)
        mine = {urlsplit(url)[:2] for url in (self.url, self.https_url) if url}
        return asked[:2] in mine

    @property
    def free_environment_id(self) -> str:
        """The development environment of the only extension that no project uses yet; else an empty text."""
        taken = set(self.projects.values())
        free: list[str] = []
        for extension in self.extensions:
            environments = extension.get("environments")
            for environment in environments if isinstance(environments, list) else ():
                if isinstance(environment, dict) and environment.get("type") == "development":
                    identifier = environment.get("id")
                    if isinstance(identifier, str) and identifier not in taken:
                        free.append(identifier)
        return free[0] if len(free) == 1 else ""


def discovery_path(environ: Mapping[str, str]) -> Path:
    """Return where the discovery file is, whether it exists or not."""
    named = environ.get("CONNECT_DEVOPS_DISCOVERY")
    if named:
        return Path(named).expanduser()
    state = environ.get("XDG_STATE_HOME")
    base = Path(state) if state else Path("~/.local/state").expanduser()
    return base / "connect-devops" / "discovery.json"


def find_local_platform(environ: Mapping[str, str] = os.environ) -> LocalPlatform | None:
    """Return the local platform that runs now, None if there is none or its file is of no use.

    A file that a killed platform left behind does not count.
    """
    try:
        document = json.loads(discovery_path(environ).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        return None
    process = document.get("pid")
    if isinstance(process, int) and not process_runs(process):
        return None
    extensions = document.get("extensions")
    projects = document.get("projects")
    return LocalPlatform(
        url=document["url"],
        https_url=_text(document.get("https_url")),
        ca_file=_text(document.get("ca_file")),
        api_key=_text(document.get("api_key")),
        extensions=tuple(item for item in extensions if isinstance(item, dict)) if isinstance(extensions, list) else (),
        projects=projects if isinstance(projects, dict) else {},
    )


def process_runs(process_id: int) -> bool:
    """Whether a process of this id exists."""
    if os.name == "nt":
        # There, a signal of 0 would end the process instead of asking for it.
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
