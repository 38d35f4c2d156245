"""An extension project on this machine, and its place on the local platform."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.files import write_private
from connect_devops.settings import DEFAULT_PORT
from connect_eaas.runner.env_file import find_env_file
from connect_eaas.runner.errors import ExtensionError, SettingsError
from connect_eaas.runner.extension import declared_applications

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Project", "Registration", "load_project", "register", "write_env_file"]

_APPLICATIONS = ("eventsapp", "extension", "webapp", "anvilapp", "tfnapp")
_HUB = "HB-0000-0001"
_ASSIGNMENT = re.compile(r"^(?P<head>\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=).*$")


@dataclass(frozen=True)
class Project:
    """What the project's own files say.

    ``type`` is the type of the extension as the platform calls it (``products``, ``hub``, ``multiaccount``,
    ``transformations``). ``suggestion`` is the command that its author proposes to try first, empty for none.
    """

    path: Path
    name: str
    description: str
    type: str
    suggestion: str = ""

    @property
    def slug(self) -> str:
        """The folder's name as the env file carries it."""
        return self.path.name.replace("-", "_").replace(" ", "_").lower()

    @property
    def env_file(self) -> Path:
        """The env file that the runner finds by itself, or the one to write.

        Raises:
            CommandError: several files fit equally well.
        """
        try:
            found = find_env_file(self.path)
        except SettingsError as error:
            raise CommandError(str(error)) from error
        return found if found is not None else self.path / f".{self.slug}_dev.env"


@dataclass(frozen=True)
class Registration:
    """A project's extension and its development environment on the platform."""

    extension_id: str
    environment_id: str
    created: bool


def load_project(path: Path) -> Project:
    """Read a project's pyproject.toml and extension.json.

    Raises:
        FileError: one of them is missing, cannot be read, or declares no application; names the file.
    """
    path = path.expanduser().resolve()
    pyproject = path / "pyproject.toml"
    try:
        document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileError(
            pyproject,
            "no such file; name the folder of an extension project, or make one with "
            "'ccli project extension bootstrap'",
        ) from None
    except OSError as error:
        raise FileError(pyproject, reason(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(pyproject, f"no valid TOML: {error}") from error
    try:
        found = declared_applications(pyproject)
    except ExtensionError as error:
        raise CommandError(str(error)) from error
    declared = {name: found[name] for name in _APPLICATIONS if name in found}
    if not declared:
        raise FileError(
            pyproject,
            'declares no application; expected [project.entry-points."connect.eaas.ext"] with '
            f"one of {', '.join(_APPLICATIONS)}",
        )
    descriptor = _descriptor(path, next(iter(declared.values())))
    name = descriptor.get("name") or document.get("project", {}).get("name") or path.name
    return Project(
        path=path,
        name=str(name),
        description=str(descriptor.get("description") or ""),
        type=_extension_type(document, declared),
        suggestion=_suggestion(pyproject, document),
    )


def _extension_type(document: dict[str, Any], declared: dict[str, str]) -> str:
    chosen = document.get("tool", {}).get("connect", {}).get("extension-type")
    if isinstance(chosen, str):
        return chosen
    if "tfnapp" in declared:
        return "transformations"
    return "multiaccount" if "webapp" in declared else "products"


def _suggestion(pyproject: Path, document: dict[str, Any]) -> str:
    chosen = document.get("tool", {}).get("connect", {}).get("try", "")
    if not isinstance(chosen, str) or not chosen.isprintable():
        raise FileError(pyproject, "tool.connect.try: expected a command on one line, as a text")
    return chosen


def _descriptor(path: Path, target: str) -> dict[str, Any]:
    package = target.partition(":")[0].partition(".")[0]
    file = path / package / "extension.json"
    try:
        descriptor = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileError(file, "no such file; it must lie in the extension's package") from None
    except OSError as error:
        raise FileError(file, reason(error)) from error
    except ValueError as error:
        raise FileError(file, f"no valid JSON: {error}") from error
    if not isinstance(descriptor, dict):
        raise FileError(file, f"expected a JSON object, got {type(descriptor).__name__}")
    return descriptor


def register(client: PlatformClient, project: Project) -> Registration:
    """Give the project an extension on the platform, unless it has one already.

    Raises:
        CommandError: the platform's account cannot have an extension of this type.
        RemoteError: the platform refused.
    """
    info = client.get("/devops/local/info")
    environment_id = info.get("projects", {}).get(str(project.path))
    for extension in info["extensions"]:
        for environment in extension["environments"]:
            if environment["id"] == environment_id:
                return Registration(extension["id"], environment["id"], created=False)
    body: dict[str, Any] = {"name": project.name, "type": project.type}
    if project.description:
        body["description"] = project.description
    if project.type != "products":
        body["package_id"] = f"local.{re.sub(r'[^a-z0-9]+', '.', project.slug).strip('.')}"
    if project.type == "hub":
        _check_role(client)
        hubs = client.get("/devops/hubs")
        body["hub"] = {"id": hubs[0]["id"] if hubs else _HUB}
    created = client.post("/devops/services", body)
    environment_id = created["environments"]["development"]["id"]
    client.post("/devops/local/projects", {"directory": str(project.path), "environment": environment_id})
    return Registration(created["id"], environment_id, created=True)


def _check_role(client: PlatformClient) -> None:
    """Say what to do where a vendor's platform is asked for an extension of a hub."""
    (account,) = client.get("/accounts")
    if account["type"] == "vendor":
        # The other one takes two ports that this one has not: its own and the next.
        port = (urlsplit(client.url).port or DEFAULT_PORT) + 2
        raise CommandError(
            "This platform's account is a vendor's, but extensions for hubs are made by distributors: start another "
            f"platform beside it, with a folder of its own: ccli devops start --role distributor --port {port} "
            "--data-dir FOLDER"
        )


def write_env_file(project: Project, variables: dict[str, str]) -> bool:
    """Write the credentials into the project's env file, keeping its comments and other lines.

    Returns:
        False if the file holds credentials of another server, which are left alone.

    Raises:
        FileError: the file cannot be read or written.
        CommandError: a value cannot be written as one line.
    """
    if any("\n" in value or '"' in value for value in variables.values()):
        raise CommandError("A credential with a quote or a line break cannot be written to an env file.")
    file = project.env_file
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if _belongs_elsewhere(text):
            return False
        changed = _with(text, variables)
        # A runner that watches the project would load it anew for nothing.
        if changed != text:
            write_private(file, changed)
    except OSError as error:
        raise FileError(file, reason(error)) from error
    return True


def _belongs_elsewhere(text: str) -> bool:
    from io import StringIO

    from dotenv import dotenv_values

    present = dotenv_values(stream=StringIO(text))
    address = present.get("SERVER_ADDRESS") or ""
    is_local = any(name in address for name in ("127.0.0.1", "localhost", "[::1]"))
    return bool(present.get("API_KEY")) and not is_local


def _with(text: str, variables: dict[str, str]) -> str:
    missing = dict(variables)
    lines: list[str] = []
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and match["name"] in missing:
            line = f'{match["head"]}"{missing.pop(match["name"])}"'
        lines.append(line)
    lines += [f'export {name}="{value}"' for name, value in missing.items()]
    return "\n".join(lines) + "\n"
