"""`ccli devops demo`: the whole loop on a project of its own, every result checked."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.browser import open_page
from connect_cli_ext.devops.demo_cases import CASES, Case, Outcome, Stage
from connect_cli_ext.devops.processes import Child, interruptible, platform_process, runner_process
from connect_cli_ext.devops.project import load_project, register
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.devops.timeline import STATUS_COLOURS, attempt_rows, task_row
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import print_rows, sign

__all__ = ["demo"]

_FINAL = ("succeeded", "skipped", "failed")
_WAITING = ("scheduled", "rescheduled", "retrying")
_PATIENCE_S = 120.0
_ATTEMPT_COLUMNS = {"number": "#", "started": "STARTED", "result": "RESULT", "next": "AGAIN AT", "message": "MESSAGE"}


@dataclass
class Scene:
    """A case that has begun."""

    case: Case
    outcome: Outcome
    task: dict[str, Any] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether its task came to an end."""
        return self.task.get("status") in _FINAL


@click.command()
@click.option("--keep", is_flag=True, help="Leave platform and runner running until Ctrl-C, and say where to look.")
@click.option("--open", "open_browser", is_flag=True, help="With --keep: open the platform in the browser.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the platform; by default a free one.")
@click.option("--async", "use_asyncio", is_flag=True, help="Make the project with coroutines.")
def demo(keep: bool, open_browser: bool, port: int, use_asyncio: bool) -> None:
    """Run the whole loop on a project of its own, and check every result.

    Makes a new extension from the template, starts a platform with its own data and the runner, and makes something
    of every kind happen. Nothing of yours is touched: all of it lies in a temporary folder that is removed at the end.
    """
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        folder = Path(stack.enter_context(_folder()))
        environ = _environment(folder)
        project = _bootstrap(folder, environ, use_asyncio)
        arguments = ["--quiet", "--port", str(port)]
        stack.enter_context(platform_process(arguments, environ=environ, log=folder / "platform.log"))
        platform = find_local_platform(environ)
        if platform is None:
            raise CommandError("The platform started but left no discovery file.")
        client = stack.enter_context(PlatformClient(platform))
        registration = register(client, load_project(project))
        # No credentials anywhere: the runner finds the platform by itself.
        runner = stack.enter_context(runner_process(project, environ=environ, log=folder / "runner.log"))
        stage = _stage(client, registration.extension_id, registration.environment_id, runner)
        click.echo(f"{sign('✓', '*')} platform {platform.url}, runner on {registration.environment_id}")
        scenes = _play(stage, runner)
        failed = _report(scenes, stage)
        if keep:
            _stay(folder, project, client, runner, open_browser)
        if failed:
            raise CommandError(f"{failed} of {len(scenes)} cases ended wrong.\n{runner.last_lines()}")


@contextmanager
def _folder() -> Iterator[str]:
    path = tempfile.mkdtemp(prefix="connect-demo-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    """Our environment, without what would lead the demo to somebody's real environment."""
    private = {"API_KEY", "ENVIRONMENT_ID", "SERVER_ADDRESS", "API_ADDRESS", "INSTANCE_ID"}
    return {
        **{name: value for name, value in os.environ.items() if name not in private},
        "CONNECT_DEVOPS_DISCOVERY": str(folder / "state" / "discovery.json"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
        "HOME": str(folder),
        "NO_COLOR": "1",
    }


def _bootstrap(folder: Path, environ: Mapping[str, str], use_asyncio: bool) -> Path:
    import subprocess

    answers = ["project_name=Demo Extension", f"use_asyncio={'y' if use_asyncio else 'n'}"]
    command = [sys.executable, "-m", "connect_cli_ext", "project", "extension", "bootstrap", "--defaults"]
    command += ["--output-dir", str(folder), *(part for answer in answers for part in ("--answer", answer))]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"The project was not made:\n{done.stdout}{done.stderr}")
    click.echo(f"{sign('✓', '*')} project demo_extension, made from the template")
    return folder / "demo_extension"


def _stage(client: PlatformClient, extension_id: str, environment_id: str, runner: Child) -> Stage:
    """Wait until the runner is connected, and say where the demo plays."""
    path = f"/devops/services/{extension_id}/environments/{environment_id}"
    with client.events(f"{path}/stream") as events:
        while client.get(path)["status"] != "connected":
            if runner.process.poll() is not None:
                raise CommandError(f"The runner ended by itself.\n{runner.last_lines()}")
            next(events)
    secret = next(
        environment["jwt_secret"]
        for extension in client.get("/devops/local/info")["extensions"]
        for environment in extension["environments"]
        if environment["id"] == environment_id
    )
    return Stage(client, extension_id, environment_id, secret)


def _play(stage: Stage, runner: Child) -> list[Scene]:
    """Begin every case, then let time pass until all their tasks came to an end."""
    deadline = time.monotonic() + _PATIENCE_S
    with stage.client.events(f"{stage.path}/stream") as events:
        scenes = [Scene(case, case.begin(stage)) for case in CASES]
        while True:
            _look(stage, scenes)
            waiting = [scene for scene in scenes if not scene.done]
            if not waiting:
                break
            if runner.process.poll() is not None or time.monotonic() > deadline:
                break
            if all(_is_put_off(stage, scene) for scene in waiting):
                stage.client.post("/devops/local/clock", {"advance": "next"})
            next(events)
    for scene in scenes:
        if scene.done:
            scene.problems = scene.case.check(stage, scene.outcome, scene.task, scene.attempts)
        else:
            scene.problems = [f"its task did not end: {scene.task.get('status', 'there is none')}"]
    return scenes


def _look(stage: Stage, scenes: Sequence[Scene]) -> None:
    tasks = stage.client.get(f"{stage.path}/tasks?limit=1000&ordering(events.created.at)")
    for scene in scenes:
        for task in tasks:
            if task["object"]["type"] == scene.case.event_type and scene.outcome.object_id in (
                "",
                task["object"]["id"],
            ):
                scene.task = task
        if scene.task:
            scene.attempts = stage.client.get(f"{stage.path}/tasks/{scene.task['id']}/attempts")
        if scene.outcome.while_waiting and scene.task.get("status") == "rescheduled":
            scene.outcome.while_waiting()
            scene.outcome.while_waiting = None


def _is_put_off(stage: Stage, scene: Scene) -> bool:
    """Whether only time can bring the case forward. A schedule has no task before its hour."""
    if not scene.task:
        return scene.case.event_type == "scheduled_execution"
    now = stage.client.get("/devops/local/clock")["now"]
    return scene.task["status"] in _WAITING and str(scene.task["due"]) > now


def _report(scenes: Sequence[Scene], stage: Stage) -> int:
    failed = 0
    for scene in scenes:
        row = task_row(scene.task) if scene.task else {"status": "-", "id": "", "event": scene.case.event_type}
        mark = sign("✗", "x") if scene.problems else sign("✓", "*")
        click.echo()
        click.secho(f"{mark} {scene.case.title}", bold=True, fg="red" if scene.problems else "green")
        state = click.style(str(row["status"]), fg=STATUS_COLOURS.get(str(row["status"])))
        click.echo(f"  {row['event']}  {row.get('object', '')}  {row['id']}  {state}")
        print_rows(attempt_rows(scene.attempts), _ATTEMPT_COLUMNS, "table")
        for problem in scene.problems:
            click.secho(f"  {problem}", fg="red")
        failed += bool(scene.problems)
    click.echo()
    click.secho(f"{len(scenes) - failed} of {len(scenes)} cases ended as they should.", bold=True)
    return failed


def _stay(folder: Path, project: Path, client: PlatformClient, runner: Child, open_browser: bool) -> None:
    click.echo()
    click.echo(f"  platform   {client.url}")
    click.echo(f"  project    {project}")
    click.echo(f"  logs       {folder / 'platform.log'}  {folder / 'runner.log'}")
    click.echo(f"  commands   export CONNECT_DEVOPS_DISCOVERY={folder / 'state' / 'discovery.json'}")
    click.echo("             ccli devops tasks; ccli devops trigger asset_purchase_request_processing")
    click.echo("  stop       Ctrl-C (removes all of it)")
    if open_browser:
        open_page(client.post("/devops/local/browser")["url"])
    runner.process.wait()
