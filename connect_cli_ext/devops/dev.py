"""`ccli devops dev [PROJECT]`: platform, registration, runner with live reload, and the tasks as they happen."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from connect_cli_ext.devops.processes import Child, interruptible, platform_process, runner_process
from connect_cli_ext.devops.project import Project, Registration, load_project, register, write_env_file
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.devops.timeline import task_lines
from connect_cli_ext.discovery import LocalPlatform, find_local_platform
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import sign

__all__ = ["dev"]

_FAREWELL_S = 5.0
# What to do first, by the type of the extension.
_TRY = {
    "products": "ccli devops trigger asset_purchase_request_processing",
    "hub": "ccli devops trigger asset_purchase_request_processing",
    "multiaccount": "ccli devops install",
    "transformations": "ccli devops trigger billing_transformation_request",
}


@click.command()
@click.argument("project", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of a platform that has to be started.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Its data directory.")
@click.option("--no-reload", is_flag=True, help="Do not restart the runner when a file is saved.")
@click.option(
    "-d", "--debug", is_flag=True, help="Also show the runner's debug log, with every API call that handlers make."
)
def dev(project: Path, port: int | None, data_dir: Path | None, no_reload: bool, debug: bool) -> None:
    """Run PROJECT (default: this folder) on the local platform until Ctrl-C.

    Starts the platform if none runs, registers the project's extension, writes its env file, and runs it with live
    reload. Tasks are shown as they happen.
    """
    found = load_project(project)
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        platform, own = _platform(stack, port, data_dir, found.type)
        client = stack.enter_context(PlatformClient(platform))
        registration = register(client, found)
        credentials = {
            "API_KEY": platform.api_key or "",
            "ENVIRONMENT_ID": registration.environment_id,
            "SERVER_ADDRESS": platform.url,
        }
        written = write_env_file(found, credentials)
        _introduce(found, registration, platform, written)
        arguments = [option for option, wanted in (("-d", debug), ("-r", not no_reload)) if wanted]
        runner = stack.enter_context(runner_process(found.path, arguments, environ={**os.environ, **credentials}))
        path = f"/devops/services/{registration.extension_id}/environments/{registration.environment_id}"
        threading.Thread(target=_show_tasks, args=(platform, path, own, runner), daemon=True).start()
        try:
            status = runner.process.wait()
        except KeyboardInterrupt:
            click.echo("\nStopping …", err=True)
            return
    if own is not None and own.process.poll() is not None:
        raise CommandError("The platform ended; its message above says why.")
    if status:
        raise CommandError(f"The runner ended with exit status {status}; its last lines above say why.")


def _platform(
    stack: ExitStack, port: int | None, data_dir: Path | None, extension_type: str
) -> tuple[LocalPlatform, Child | None]:
    """Return the platform, and its process if it is one of ours."""
    running = find_local_platform()
    if running is not None:
        return running, None
    arguments = []
    if port is not None:
        arguments += ["--port", str(port)]
    if data_dir is not None:
        arguments += ["--data-dir", str(data_dir)]
    if extension_type == "hub":
        # Counts for a new data folder only; hubs belong to distributors.
        arguments += ["--role", "distributor"]
    own = stack.enter_context(platform_process(["--quiet", *arguments]))
    started = find_local_platform()
    if started is None:
        raise CommandError("The platform started but left no discovery file. Is CONNECT_DEVOPS_DISCOVERY set?")
    return started, own


def _introduce(project: Project, registration: Registration, platform: LocalPlatform, written: bool) -> None:
    arrow = sign("▸", ">")
    made = "registered" if registration.created else "known"
    click.secho(f"{arrow} {project.name}", bold=True)
    click.echo(f"  platform     {platform.url}")
    click.echo(f"  extension    {registration.extension_id} ({made}), environment {registration.environment_id}")
    if written:
        click.echo(f"  credentials  {project.env_file.name}")
    else:
        click.echo(f"  credentials  {project.env_file.name} belongs to another server and is left as it is")
    click.echo(f"  try          {_TRY.get(project.type, _TRY['products'])}")
    if project.type in ("multiaccount", "transformations"):
        click.echo("  pages        ccli devops open page")
    click.echo("  stop         Ctrl-C")
    click.echo()


def _show_tasks(platform: LocalPlatform, path: str, own: Child | None, runner: Child) -> None:
    """Print tasks until the platform is gone; where it was ours, nothing is left for the runner to do either."""
    try:
        with PlatformClient(platform) as client, client.events(f"{path}/stream") as events:
            for name, document in events:
                if name == "task":
                    click.echo(task_lines(document))
    except CommandError as error:
        if own is not None:
            with suppress(subprocess.TimeoutExpired):
                own.process.wait(_FAREWELL_S)
                runner.process.terminate()
                return
        click.secho(f"Tasks are no longer shown: {error.format_message()}", fg="yellow", err=True)
