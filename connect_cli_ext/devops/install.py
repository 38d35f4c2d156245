"""`ccli devops install PROJECT`: install a project's extension for the account of the local platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.devops.project import load_project, register
from connect_cli_ext.devops.rest import connect
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import output_option

__all__ = ["install"]

_INSTALLABLE = ("multiaccount", "transformations")


@click.command()
@click.argument("project", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
@click.option(
    "--settings", metavar="JSON", help="Settings of the new installation; an installation that exists keeps its own."
)
@click.option("--uninstall", is_flag=True, help="End the installation instead.")
@output_option
def install(project: Path, settings: str | None, uninstall: bool, output: str) -> None:
    """Install the extension of PROJECT (default: this folder), as an account does; its runner is told.

    For multi-account and transformations extensions. The account is the local platform's own.
    """
    if uninstall and settings is not None:
        raise click.UsageError("--settings and --uninstall do not go together.")
    body: dict[str, Any] = {} if settings is None else {"settings": _parsed(settings)}
    found = load_project(project)
    if found.type not in _INSTALLABLE:
        raise CommandError(
            f"{found.name} is of type {found.type}; installed are {' and '.join(_INSTALLABLE)} extensions only. Its "
            "type is extension-type in [tool.connect] of pyproject.toml; without it a webapp makes it multiaccount."
        )
    with connect() as client:
        environment = register(client, found).environment_id
        if uninstall:
            query = f"and(eq(environment.id,{environment}),eq(status,installed))"
            present = client.get(f"/devops/installations?{query}")
            if not present:
                raise CommandError(f"{found.name} is not installed.")
            made = client.post(f"/devops/installations/{present[0]['id']}/uninstall", {})
        else:
            made = client.post("/devops/installations", {"environment": {"id": environment}, **body})
    click.echo(json.dumps(made, indent=2) if output == "json" else f"{made['id']}  {made['status']}  in {environment}")


def _parsed(settings: str) -> Any:
    try:
        return json.loads(settings)
    except ValueError as error:
        raise click.BadParameter(f'expected JSON, e.g. {{"size": 3}}: {error}', param_hint="--settings") from error
