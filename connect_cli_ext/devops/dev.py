"""`ccli devops dev [PROJECT]`: platform, registration, runner with live reload, and the tasks as they happen."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click

from connect_cli_ext.devops.environments import Environment
from connect_cli_ext.devops.feed import FeedPrinter
from connect_cli_ext.devops.processes import interruptible, runner_process
from connect_cli_ext.devops.project import Project, Registration, load_project, register, write_env_file
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.devops.shared_platform import Use, used_platform
from connect_cli_ext.devops.waiting_hint import WaitingHint
from connect_cli_ext.errors import CommandError, RemoteError
from connect_cli_ext.output import sign
from connect_cli_ext.project.hold import take
from connect_devops.settings import default_data_dir, default_discovery_file

__all__ = ["dev"]

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_PURCHASE = "ccli devops trigger asset_purchase_request_processing"
# What to do first, by the type of the extension.
_TRY = {
    "multiaccount": ("ccli devops install",),
    "transformations": (
        "ccli devops open page    # choose the settings of a transformation, and save them",
        "ccli devops trigger billing_transformation_request",
    ),
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
    reload. Tasks are shown as they happen. A platform that was started so ends with the last 'dev' that uses it.
    """
    found = load_project(project)
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        use = stack.enter_context(_platform(port, data_dir, found.type))
        platform = use.platform
        with PlatformClient(platform) as client:
            registration = register(client, found)
        credentials = {
            "API_KEY": platform.api_key or "",
            "ENVIRONMENT_ID": registration.environment_id,
            "SERVER_ADDRESS": platform.url,
        }
        written = write_env_file(found, credentials)
        _introduce(found, registration, use, written, alone=stack.enter_context(_alone(found)))
        arguments = [option for option, wanted in (("-d", debug), ("-r", not no_reload)) if wanted]
        runner = stack.enter_context(runner_process(found.path, arguments, environ={**os.environ, **credentials}))
        place = Environment(registration.environment_id, registration.extension_id)
        ended = threading.Event()
        stack.callback(ended.set)
        feed = stack.enter_context(FeedPrinter(click.echo))
        threading.Thread(target=_show_tasks, args=(use, place, ended, feed), daemon=True).start()
        try:
            status = runner.process.wait()
        except KeyboardInterrupt:
            ended.set()
            click.echo("\nStopping … (once more: at once)", err=True)
            return
    if status:
        raise CommandError(f"The runner ended with exit status {status}; its last lines above say why.")


@contextmanager
def _platform(port: int | None, data_dir: Path | None, extension_type: str) -> Iterator[Use]:
    """Use the running platform, or start one."""
    arguments = ["--quiet"]
    if port is not None:
        arguments += ["--port", str(port)]
    if data_dir is not None:
        arguments += ["--data-dir", str(data_dir)]
    if extension_type == "hub":
        # Counts for a new data folder only; hubs belong to distributors.
        arguments += ["--role", "distributor"]
    folder = (data_dir or default_data_dir(os.environ)).expanduser().absolute()
    discovery = default_discovery_file(os.environ).expanduser().absolute()
    use: Use | None = None
    try:
        with used_platform(arguments, folder, discovery) as use:
            yield use
    finally:
        if use is not None and use.farewell:
            click.echo(use.farewell, err=True)


@contextmanager
def _alone(project: Project) -> Iterator[bool]:
    """Tell whether no other `dev` runs this project."""
    try:
        handle = take(project.path / "pyproject.toml")
    except OSError:
        # Nobody knows where there are no locks.
        yield True
        return
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def _introduce(project: Project, registration: Registration, use: Use, written: bool, *, alone: bool) -> None:
    arrow = sign("▸", ">")
    made = "registered" if registration.created else "known"
    click.secho(f"{arrow} {project.name}", bold=True)
    click.echo(f"  platform     {use.platform.url} ({_origin(use)})")
    click.echo(f"  extension    {registration.extension_id} ({made}), environment {registration.environment_id}")
    if written:
        click.echo(f"  credentials  {project.env_file.name}")
    else:
        click.echo(f"  credentials  {project.env_file.name} belongs to another server and is left as it is")
    if not alone:
        click.echo("  beside       another 'ccli devops dev' of this project: its tasks go to one of both")
    commands = (project.suggestion,) if project.suggestion else _TRY.get(project.type, (_PURCHASE,))
    for number, command in enumerate(commands):
        click.echo(f"  {'' if number else 'try':<12} {command}")
    if project.type in ("multiaccount", "transformations"):
        click.echo("  pages        ccli devops open page")
    click.echo("  stop         Ctrl-C")
    click.echo()


def _origin(use: Use) -> str:
    if not use.is_shared:
        return "runs already, and goes on without us" if not use.started else "started"
    begun = "started" if use.started else "shared with another 'dev'"
    return f"{begun}; ends with the last 'ccli devops dev'"


def _show_tasks(use: Use, place: Environment, ended: threading.Event, feed: FeedPrinter) -> None:
    """Print tasks; where the platform goes away say so, and go on when it is back."""
    pause, is_lost = 0.0, False
    while not ended.wait(pause):
        pause = min(max(_FIRST_PAUSE_S, pause * 2), _LONGEST_PAUSE_S) if is_lost else 0.0
        try:
            with PlatformClient(use.platform) as client, client.events(f"{place.path}/stream") as events:
                if is_lost:
                    click.secho(f"The platform is back: {use.platform.url}", fg="green", err=True)
                pause, is_lost = _FIRST_PAUSE_S, False
                hint = WaitingHint(client, place)
                for name, document in events:
                    if name == "task":
                        feed.take(document)
                    elif name == "environment" and (text := hint.text()):
                        click.secho(text, fg="yellow")
        except RemoteError as error:
            if ended.is_set():
                return
            if error.status is not None:
                click.secho(
                    f"Tasks are no longer shown: {error.format_message()}\nEnd this 'dev' and start it again.",
                    fg="yellow",
                    err=True,
                )
                return
        if not is_lost and not ended.is_set():
            is_lost, pause = True, _FIRST_PAUSE_S
            click.secho(_loss(use), fg="yellow", err=True)


def _loss(use: Use) -> str:
    """Say that the platform is gone, how it took its leave, and how it comes back."""
    words = use.last_words()
    if words:
        words = f"\n{words}"
    port, https_port = urlsplit(use.platform.url).port or 0, urlsplit(use.platform.https_url or "").port
    arguments = f" --port {port}"
    if https_port not in (None, port + 1):
        arguments += f" --https-port {https_port}"
    if use.platform.data_dir is not None:
        arguments += f" --data-dir {shlex.quote(str(use.platform.data_dir))}"
    return (
        f"The platform {use.platform.url} is gone; this 'dev' goes on when it is back.{words}\n"
        f"Start it again with: ccli devops start{arguments}"
    )
