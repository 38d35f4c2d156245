"""`ccli devops trigger EVENT`: make something happen on the platform."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.completion import event_types
from connect_cli_ext.devops.environments import project_of_folder
from connect_cli_ext.devops.outcome import (
    Waiting,
    answer_lines,
    became,
    found_wrong,
    object_now,
)
from connect_cli_ext.devops.rest import connect
from connect_cli_ext.devops.timeline import one_line
from connect_cli_ext.devops.values import json_or_text
from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.output import output_option

__all__ = ["trigger"]

_ACTION = "product_action_execution"
_PARAMETER_VALUE = re.compile(r"(^|\.)params\.[^.]+\.value$")


def _assignment(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    assigned: dict[str, Any] = {}
    for value in values:
        path, found, text = value.partition("=")
        if not found or not path:
            raise click.BadParameter(f"expected path=value, e.g. asset.params.0.value=ready; got {value!r}")
        if "" in path.split("."):
            raise click.BadParameter(f"a path is names joined by single dots, e.g. asset.params.0.value; got {path!r}")
        if path in assigned:
            raise click.BadParameter(f"{path!r} is set twice")
        assigned[path] = _value(path, text)
    return assigned


def _value(path: str, text: str) -> Any:
    value = json_or_text(text)
    # The value of a parameter is a text: 1.10 must not become 1.1.
    return text if _PARAMETER_VALUE.search(path) and isinstance(value, (bool, int, float)) else value


@click.command()
@click.argument("event_type", metavar="EVENT", shell_complete=event_types)
@click.option(
    "--payload", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="JSON file with the object."
)
@click.option("--status", metavar="STATUS", help="Status of the object; by default the first that suits the event.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    callback=_assignment,
    metavar="PATH=VALUE",
    help="Change a field of the object; the value may be JSON. PATH is names joined by dots; in a list a name is a "
    "position or the id of an element, and a parameter that is missing is added: --set asset.params.seats.value=3. "
    "Any other list is set as a whole: --set 'asset.items=[...]'. May be repeated.",
)
@click.option(
    "-x",
    "--extension",
    "extension_id",
    metavar="SRVC",
    help="For this extension alone; default: that of the project that this folder lies in, elsewhere all that "
    "subscribed.",
)
@click.option("-w", "--wait", is_flag=True, help="Wait until the tasks are done, and show what became of the object.")
@output_option
def trigger(
    event_type: str,
    payload: Path | None,
    status: str | None,
    changes: dict[str, Any],
    extension_id: str | None,
    wait: bool,
    output: str,
) -> None:
    """Make a sandbox object for EVENT, believable by default, and so a real task.

    Every event type of 'ccli devops trigger <TAB>' can be made to happen. The object is a sample; --status and --set
    change it, --payload takes one of your own in its place ('-o json' prints a whole one to begin with). Some events
    are special:

    \b
    ..._validation                   the draft is checked at once; what the handler
                                     found wrong is shown
    product_action_execution         the asset's action is executed at once;
                                     --set action_id=NAME chooses the action
    product_custom_event_processing  the body is a small JSON object; --payload and
                                     --set seats=3 say another; --set headers.NAME=TEXT
    installation_status_change       installs the extension, or ends its installation
                                     (--status uninstalled)
    scheduled_execution              runs a schedulable method now; --set method=NAME,
                                     --set parameter.NAME=VALUE

    \b
    ccli devops trigger asset_purchase_request_processing --wait
    ccli devops trigger asset_purchase_request_processing --status inquiring --set note="call back"
    ccli devops trigger usage_file_request_processing --payload file.json
    """
    body: dict[str, Any] = {"event_type": event_type}
    if payload is not None:
        body["payload"] = _read(payload)
    if status is not None:
        body["status"] = status
    if changes:
        body["set"] = changes
    if event_type == _ACTION:
        body["execute"] = True
    with connect() as client:
        mine = None
        if extension_id is None:
            mine = project_of_folder(client.get("/devops/local/info"), Path.cwd())
        if mine is not None:
            extension_id = mine.environment.extension_id
        if extension_id is not None:
            body["extension_id"] = extension_id
        answer = client.post("/devops/local/trigger", body)
        made = answer["object"]
        ended = Waiting(client).until_done(answer["tasks"]) if wait else []
        after = object_now(client, event_type, str(made.get("id", ""))) if wait else None
    if output == "json":
        click.echo(json.dumps({**answer, "tasks": ended or answer["tasks"]}, indent=2))
        return
    state = str(made.get("status") or made.get("state") or "")
    click.echo(f"{made.get('id', event_type)}  {made.get('type', '')} {state}".rstrip())
    if mine is not None:
        click.echo(f"  for {extension_id}, {mine.words(Path.cwd())}")
    for task in ended or answer["tasks"]:
        click.echo(f"  task {task['id']}  {task['status']}  in {task['environment']['id']}")
        if task.get("output") and task["status"] not in ("scheduled", "processing", "succeeded"):
            click.echo(f"    {one_line(task['output'])}")
    if event_type.endswith("_validation") and any(task["status"] == "succeeded" for task in answer["tasks"]):
        for line in found_wrong(made):
            click.echo(f"  {line}")
    if after is not None:
        click.echo(f"  {became(after, state)}")
    if answer.get("link"):
        click.echo(f"  open {answer['link']}")
    if "answer" in answer:
        for line in answer_lines(answer["answer"]):
            click.echo(f"  {line}")
    for note in answer["notes"]:
        click.echo(f"  {note}")


def _read(path: Path) -> Any:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileError(path, "no such file") from None
    except OSError as error:
        raise FileError(path, reason(error)) from error
    except ValueError as error:
        raise FileError(path, f"no valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise FileError(path, f"expected a JSON object, got {type(document).__name__}")
    return document
