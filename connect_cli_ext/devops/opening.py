"""`ccli devops open`: the platform's pages, or those of an extension in their frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.browser import open_page
from connect_cli_ext.devops.environments import project_of_folder
from connect_cli_ext.devops.rest import connect
from connect_cli_ext.errors import CommandError

__all__ = ["open_"]


@click.command("open")
@click.argument("what", type=click.Choice(["page"]), required=False)
@click.argument("name", metavar="[NAME]", required=False)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder of the project whose page it is, or one in it; by default this folder.",
)
@click.option("-e", "--environment", metavar="ENV", help="The environment instead, e.g. ENV-0000-0000-01.")
@click.option(
    "--as", "seen_as", metavar="EIN", help="Installation that looks at the page, or owner; default: the first one."
)
@click.option("--print", "only_print", is_flag=True, help="Print the link only, e.g. for a browser elsewhere.")
def open_(
    what: str | None, name: str | None, project: Path, environment: str | None, seen_as: str | None, only_print: bool
) -> None:
    """Open the platform's pages in the browser, with a link that works once; the link is printed too.

    \b
    ccli devops open                    # extensions, environments, tasks
    ccli devops open page               # the pages of this folder's extension, in a frame like the platform's
    ccli devops open page Settings      # one of them, by its label or its path
    """
    if what is None and (environment is not None or seen_as is not None):
        raise click.UsageError("--environment and --as belong to a page: ccli devops open page")
    with connect() as client:
        body: dict[str, str] = {}
        if what is not None:
            body["environment"] = environment or _environment(client.get("/devops/local/info"), project)
        if name is not None:
            body["page"] = name
        if seen_as is not None:
            body["installation"] = seen_as
        link = client.post("/devops/local/browser", body)["url"]
    click.echo(link)
    if not only_print:
        open_page(link)


def _environment(info: Mapping[str, Any], project: Path) -> str:
    """Return the environment of the project that a folder lies in, or the only extension's."""
    folder = project.expanduser().resolve()
    found = project_of_folder(info, folder)
    if found is not None:
        found.say_if_above(folder)
        return found.environment.id
    if len(info["extensions"]) == 1:
        return str(info["extensions"][0]["environments"][0]["id"])
    raise CommandError(
        f"{folder} is in no project that the platform knows. Run it with 'ccli devops dev', or name "
        "the environment with --environment; 'ccli devops info' lists them."
    )
