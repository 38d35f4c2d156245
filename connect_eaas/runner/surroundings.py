"""Gathers the environment variables: the real ones, then the project's env file, then a local platform's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connect_eaas.runner.discovery import find_local_platform, local_variables
from connect_eaas.runner.env_file import EnvFile, find_env_file, read_env_file
from connect_eaas.runner.errors import SettingsError

__all__ = ["Surroundings", "gather"]


@dataclass(frozen=True)
class Surroundings:
    """All variables, and sentences on where they came from."""

    variables: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where variables that are not from the real environment come from, by their names."""


def gather(
    environment: Mapping[str, str], project: Path, *, env_file: Path | None = None, credentials_needed: bool = True
) -> Surroundings:
    """Gather the variables of a runner in this project.

    Args:
        environment: the real environment variables; they win.
        project: the extension's directory.
        env_file: the env file to read; None looks for the project's own.
        credentials_needed: False where no session is opened: a local platform need not know the project then.

    Raises:
        SettingsError: an env file or the discovery file is wrong, or a local platform does not know the project.
    """
    variables = {name: value for name, value in environment.items() if value}
    notes = []
    origins: dict[str, str] = {}
    path = env_file or find_env_file(project)
    if path is not None:
        read = read_env_file(path)
        added = {name: value for name, value in read.variables.items() if name not in variables}
        variables.update(added)
        origins.update(dict.fromkeys(added, f"the env file {path}"))
        notes.append(f"env file: {path} ({_taken(read, added)})")
    # A project without a key is meant for the local platform, whatever host its env file was made with; but a key of
    # ours is never sent to a host that somebody named in the real environment.
    if not variables.get("API_KEY") and not environment.get("SERVER_ADDRESS"):
        platform = find_local_platform(variables)
        if platform is not None:
            try:
                local = local_variables(platform, project, environment)
            except SettingsError:
                if credentials_needed:
                    raise
            else:
                variables.update(local)
                origins.update(dict.fromkeys(local, f"the local platform {platform.url}"))
                notes.append(f"local platform: {platform.url} (environment {variables['ENVIRONMENT_ID']})")
    return Surroundings(variables, tuple(notes), origins)


def _taken(read: EnvFile, added: Mapping[str, str]) -> str:
    """Say what an env file sets."""
    if added:
        return f"sets {', '.join(sorted(added))}"
    if read.variables:
        return "not used: the real environment sets all of its variables, and wins"
    return "sets nothing"
