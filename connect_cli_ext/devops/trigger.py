"""`ccli devops trigger EVENT`: make something happen on the platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.completion import event_types
from connect_cli_ext.devops.rest import connect
from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.output import output_option

__all__ = ["trigger"]


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
        try:
            assigned[path] = json.loads(text, parse_constant=_no_json)
        except ValueError:
            assigned[path] = text
    return assigned


def _no_json(name: str) -> Any:
    # Python reads NaN and Infinity, which nothing else takes for JSON.
    raise ValueError(name)


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
    "position or the id of an element. May be repeated.",
)
@click.option("-x", "--extension", "extension_id", metavar="SRVC", help="For this extension; default: the only one.")
@output_option
def trigger(
    event_type: str,
    payload: Path | None,
    status: str | None,
    changes: dict[str, Any],
    extension_id: str | None,
    output: str,
) -> None:
    """Make a sandbox object for EVENT, believable by default, and so a real task.

    Every event type of 'ccli devops trigger <TAB>' can be made to happen. installation_status_change installs the
    extension or ends its installation; scheduled_execution runs a schedulable method, chosen by --set method=NAME.

    \b
    ccli devops trigger asset_purchase_request_processing
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
    if extension_id is not None:
        body["extension_id"] = extension_id
    with connect() as client:
        answer = client.post("/devops/local/trigger", body)
    if output == "json":
        click.echo(json.dumps(answer, indent=2))
        return
    made = answer["object"]
    state = made.get("status") or made.get("state") or ""
    click.echo(f"{made.get('id', event_type)}  {made.get('type', '')} {state}".rstrip())
    for task in answer["tasks"]:
        click.echo(f"  task {task['id']}  {task['status']}  in {task['environment']['id']}")
    if "link" in answer:
        click.echo(f"  open {answer['link']}")
    if "answer" in answer:
        click.echo(f"  answer {json.dumps(answer['answer'])}")
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
