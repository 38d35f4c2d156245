"""The environments of the running platform that a command is about, chosen with ``-e`` and ``-x``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click

from connect_cli_ext.completion import environment_ids, extension_ids
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.errors import CommandError
from connect_cli_ext.settings import current_settings

__all__ = [
    "Environment",
    "FolderProject",
    "environment_option",
    "environments",
    "find_object",
    "one_environment",
    "project_of_folder",
    "selection_options",
]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Environment:
    """An environment, and where it is in the API."""

    id: str
    extension_id: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"/devops/services/{self.extension_id}/environments/{self.id}"

    def object(self, collection: str, object_id: str) -> str:
        """The address of one of its tasks or schedules, whatever characters the id has."""
        return f"{self.path}/{collection}/{quote(object_id, safe='')}"


@dataclass(frozen=True)
class FolderProject:
    """A project that the platform knows, in whose folder or below it a command runs."""

    folder: Path
    environment: Environment

    def words(self, folder: Path) -> str:
        """Say which project it is, seen from ``folder``."""
        return "the project of this folder" if folder.resolve() == self.folder else f"the project in {self.folder}"

    def say_if_above(self, folder: Path) -> None:
        """Say on standard error which project it is, unless it is the one of ``folder``."""
        if folder.resolve() != self.folder and not current_settings().silent:
            click.echo(f"For {self.environment.id}, {self.words(folder)}", err=True)


def environment_option(function: F) -> F:
    """Give a command ``-e ENV``, as its argument ``environment_id``."""
    return click.option(
        "-e",
        "--environment",
        "environment_id",
        metavar="ENV",
        shell_complete=environment_ids,
        help="Only this environment (ENV-… or UUID).",
    )(function)


def selection_options(function: F) -> F:
    """Give a command ``-e ENV`` and ``-x SRVC``, as its arguments ``environment_id`` and ``extension_id``."""
    extension = click.option(
        "-x",
        "--extension",
        "extension_id",
        metavar="SRVC",
        shell_complete=extension_ids,
        help="Only this extension (SRVC-…).",
    )
    return environment_option(extension(function))


def environments(
    client: PlatformClient, environment_id: str | None = None, extension_id: str | None = None
) -> list[Environment]:
    """Return the environments of the platform that were chosen; all, if none was.

    Raises:
        CommandError: what was named is not there.
    """
    return _chosen(client.get("/devops/local/info"), environment_id, extension_id)


def one_environment(
    client: PlatformClient, environment_id: str | None = None, extension_id: str | None = None
) -> Environment:
    """Return the one environment that was chosen.

    Without ``-e`` it is the development environment of the extension that was named, else of the project that this
    folder lies in, else of the only extension. A project that lies above is said on standard error.

    Raises:
        CommandError: what was named is not there, or it is not clear which is meant; names those to choose from.
    """
    info = client.get("/devops/local/info")
    found = _chosen(info, environment_id, extension_id)
    if environment_id:
        return found[0]
    development = [one for one in found if one.id in _development(info)] or found
    if len(development) == 1:
        return development[0]
    here = Path.cwd()
    mine = project_of_folder(info, here)
    if mine is not None and mine.environment in development:
        mine.say_if_above(here)
        return mine.environment
    if not development:
        raise CommandError("The platform knows no extension yet. Run one with: ccli devops dev PROJECT")
    names = {extension["id"]: extension["name"] for extension in info["extensions"]}
    offered = ", ".join(f"{one.id} ({names[one.extension_id]})" for one in development)
    raise CommandError(f"Which environment? There are {offered}. Name it with -e, or go to the folder of its project.")


def project_of_folder(info: Mapping[str, Any], folder: Path) -> FolderProject | None:
    """Return the project that ``folder`` lies in, as git finds a repository: the nearest one, there or above.

    Args:
        info: the facts of the running platform. A project whose environment it has no more does not count.
        folder: where to look from.
    """
    existing = {one.id: one for one in _chosen(info, None, None)}
    projects: Mapping[str, str] = info.get("projects", {})
    start = folder.resolve()
    for place in (start, *start.parents):
        environment = existing.get(projects.get(str(place), ""))
        if environment is not None:
            return FolderProject(place, environment)
    return None


def find_object(
    client: PlatformClient, places: Iterable[Environment], collection: str, object_id: str
) -> tuple[Environment, dict[str, Any]] | None:
    """Return a task or schedule, and the environment that it is in; None if it is in none of ``places``."""
    for place in places:
        response = client.send("GET", place.object(collection, object_id))
        if response.status_code == 200:
            return place, response.json()
    return None


def _chosen(info: Mapping[str, Any], environment_id: str | None, extension_id: str | None) -> list[Environment]:
    extensions = [item for item in info["extensions"] if extension_id in (None, item["id"])]
    if extension_id and not extensions:
        raise CommandError(f"No extension {extension_id} on this platform; see: ccli devops info")
    found = [
        Environment(environment["id"], extension["id"])
        for extension in extensions
        for environment in extension["environments"]
        if environment_id in (None, environment["id"], environment["uuid"])
    ]
    if environment_id and not found:
        where = f"of extension {extension_id}" if extension_id else "on this platform"
        raise CommandError(f"No environment {environment_id} {where}; see: ccli devops info")
    return found


def _development(info: Mapping[str, Any]) -> set[str]:
    return {
        environment["id"]
        for extension in info["extensions"]
        for environment in extension["environments"]
        if environment["type"] == "development"
    }
