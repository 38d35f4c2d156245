"""`ccli devops start`: the platform in the foreground."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connect_cli_ext.browser import open_page
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import sign

if TYPE_CHECKING:
    from connect_devops.domain.account import Role
    from connect_devops.server import Platform

__all__ = ["start"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port for http; https takes the next one.  [default: 8088]")
@click.option("--https-port", type=click.IntRange(0, 65535), help="Another port for https.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="NAME", help="Further name by which clients may call it."
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of database, keys and files."
)
@click.option("--database", metavar="URL", help="Another database, e.g. postgresql+psycopg://user@host/name.")
@click.option(
    "--role",
    type=click.Choice(["vendor", "distributor", "reseller"]),
    default="vendor",
    show_default=True,
    envvar="CONNECT_DEVOPS_ROLE",
    help="Role of the account that a new data folder begins with: a distributor or reseller makes extensions for hubs.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the platform in the browser.")
@click.option("--quiet", is_flag=True, help="No banner.")
@click.option(
    "--while-used", type=click.Path(path_type=Path, dir_okay=False), hidden=True, help="Lock of those who use it."
)
@click.option("--ready-fd", type=int, hidden=True, help="File descriptor that gets a line once the platform serves.")
def start(
    port: int | None,
    https_port: int | None,
    host: str,
    allowed: tuple[str, ...],
    data_dir: Path | None,
    database: str | None,
    role: Role,
    open_browser: bool,
    quiet: bool,
    while_used: Path | None,
    ready_fd: int | None,
) -> None:
    """Start the platform; it runs until Ctrl-C. Everything is kept in the data folder.

    \b
    ccli devops start                                  # SQLite, on this machine only
    ccli devops start --port 9000 --data-dir ./data
    ccli devops start --database postgresql+psycopg://connect@db/connect --host 0.0.0.0 --allow-host devops.example
    """
    from connect_devops.errors import StartError
    from connect_devops.server import serve
    from connect_devops.settings import DEFAULT_PORT, Settings

    def ready(platform: Platform) -> None:
        if not quiet:
            _banner(platform)
        if ready_fd is not None:
            os.write(ready_fd, b"ready\n")
            os.close(ready_fd)
        if open_browser:
            open_page(platform.browser_link())

    if while_used is not None and sys.platform != "win32":
        from connect_cli_ext.devops.shared_platform import stop_when_unused

        stop_when_unused(while_used)
    try:
        settings = Settings.from_environment(
            os.environ,
            data_dir=data_dir,
            host=host,
            port=DEFAULT_PORT if port is None else port,
            https_port=https_port,
            database_url=database,
            allowed_hosts=allowed,
            owner_role=role,
        )
        serve(settings, ready=ready)
    except StartError as error:
        raise CommandError(str(error)) from error


def _banner(platform: Platform) -> None:
    click.secho(f"{sign('▸', '>')} Connect DevOps platform", bold=True)
    rows = {
        "url": platform.url,
        "https_url": platform.https_url,
        "ws_url": platform.ws_url,
        "ca_file": str(platform.ca_file),
        "data_dir": str(platform.settings.data_dir),
        "api_key": platform.api_key,
    }
    for name, value in rows.items():
        click.echo(f"  {name:<10} {value}")
    extensions = platform.services.extensions.page().items
    for extension in extensions:
        click.echo(f"  extension  {extension.id}  {extension.name} ({extension.type})")
        for environment in extension.environments.values():
            click.echo(f"    {environment.id}  {environment.type}  {environment.status}")
            click.echo(f"      uuid        {environment.external_id}")
            click.echo(f"      jwt_secret  {environment.jwt_secret}")
    if not extensions:
        click.echo("  next       ccli devops dev MY_PROJECT")
    click.echo("  stop       Ctrl-C")
