"""Where a local platform is: the small file that it leaves while it runs.

The path is ``$CONNECT_DEVOPS_DISCOVERY``, else ``connect-devops/discovery.json`` under ``$XDG_STATE_HOME`` (default
``~/.local/state``). It lets a plain ``cextrun`` in a registered project find its environment without credentials.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connect_eaas.runner.errors import SettingsError

__all__ = ["LocalPlatform", "discovery_path", "find_local_platform", "local_variables"]


@dataclass(frozen=True)
class LocalPlatform:
    """A platform that runs on this machine."""

    url: str
    api_key: str
    ca_file: str | None
    projects: Mapping[str, str]
    """Absolute project directory → id of its development environment."""

    def __repr__(self) -> str:
        return f"LocalPlatform({self.url!r}, {sorted(self.projects)})"


def discovery_path(environment: Mapping[str, str]) -> Path:
    """The path of the discovery file."""
    chosen = environment.get("CONNECT_DEVOPS_DISCOVERY")
    if chosen:
        return Path(chosen).expanduser()
    state = environment.get("XDG_STATE_HOME")
    home = Path(state) if state else Path.home() / ".local" / "state"
    return home / "connect-devops" / "discovery.json"


def find_local_platform(environment: Mapping[str, str]) -> LocalPlatform | None:
    """The running local platform; None if there is none, or if the file was left by a process that is gone.

    Raises:
        SettingsError: the file is there but cannot be understood.
    """
    path = discovery_path(environment)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("url"), str):
        raise SettingsError(f"{path}: expected a JSON object with `url`; restart the local platform")
    if not _is_running(content.get("pid")):
        return None
    projects = content.get("projects")
    return LocalPlatform(
        url=content["url"],
        api_key=str(content.get("api_key") or ""),
        ca_file=content.get("ca_file"),
        projects={str(key): str(value) for key, value in projects.items()} if isinstance(projects, dict) else {},
    )


def local_variables(platform: LocalPlatform, project: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The credentials of this project on the local platform.

    Args:
        platform: where it runs.
        project: the project's directory.
        environment: the real environment variables; an ``ENVIRONMENT_ID`` there chooses another environment.

    Raises:
        SettingsError: the project is not registered there.
    """
    environment_id = environment.get("ENVIRONMENT_ID") or _registered(platform, project)
    if not environment_id:
        raise SettingsError(
            f"a local platform runs at {platform.url}, but the project {project} is not registered there. "
            "Run `ccli devops dev` in it once, or set ENVIRONMENT_ID."
        )
    parts = urlsplit(platform.url)
    found = {
        "API_KEY": platform.api_key,
        "ENVIRONMENT_ID": environment_id,
        "SERVER_ADDRESS": f"{parts.scheme}://{parts.netloc}",
    }
    if platform.ca_file and not environment.get("CONNECT_CA_FILE"):
        found["CONNECT_CA_FILE"] = platform.ca_file
    return found


def _registered(platform: LocalPlatform, project: Path) -> str | None:
    for directory, environment_id in platform.projects.items():
        if Path(directory) == project or Path(directory).resolve() == project.resolve():
            return environment_id
    return None


def _is_running(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return True
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
