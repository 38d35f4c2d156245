"""The running local DevOps platform, as its discovery file describes it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connect_devops.discovery import read_discovery
from connect_devops.settings import default_discovery_file

__all__ = ["LocalPlatform", "find_local_platform"]


@dataclass(frozen=True)
class LocalPlatform:
    """What the discovery file says."""

    url: str
    https_url: str | None
    ca_file: str | None
    api_key: str | None = field(repr=False)
    extensions: tuple[Mapping[str, Any], ...] = ()
    projects: Mapping[str, str] = field(default_factory=dict)
    data_dir: Path | None = None
    pid: int | None = None

    @property
    def server_address(self) -> str:
        """Host and port that a runner connects to: the encrypted door if there is one."""
        return urlsplit(self.https_url or self.url).netloc

    def serves(self, endpoint: str) -> bool:
        """Whether ``endpoint`` is an address of this platform; all names of this machine's loopback are one."""
        mine = {_door(url) for url in (self.url, self.https_url) if url}
        door = _door(endpoint)
        return door is not None and door in mine

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


def _door(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an address; its host is ``localhost`` whichever way it says so."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host.rpartition(".")[2] == "localhost"
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, "localhost" if is_loopback else host, usual if port is None else port


def find_local_platform(environ: Mapping[str, str] = os.environ) -> LocalPlatform | None:
    """Return the local platform that runs now, None if there is none or its file is of no use.

    A file that a killed platform left behind does not count.
    """
    facts = read_discovery(default_discovery_file(environ).expanduser())
    if facts is None or not isinstance(facts.get("url"), str):
        return None
    extensions = facts.get("extensions")
    projects = facts.get("projects")
    return LocalPlatform(
        url=facts["url"],
        https_url=_text(facts.get("https_url")),
        ca_file=_text(facts.get("ca_file")),
        api_key=_text(facts.get("api_key")),
        extensions=tuple(item for item in extensions if isinstance(item, dict)) if isinstance(extensions, list) else (),
        projects=projects if isinstance(projects, dict) else {},
        data_dir=Path(data_dir) if (data_dir := _text(facts.get("data_dir"))) else None,
        pid=pid if isinstance(pid := facts.get("pid"), int) else None,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
