"""`ccli devops tasks` and `ccli devops task ID`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from connect_cli_ext.completion import event_types, task_ids
from connect_cli_ext.devops.environments import Environment, environment_option, environments, find_object
from connect_cli_ext.devops.outcome import became, change_lines, object_now, object_of_task, status_before
from connect_cli_ext.devops.queries import equals
from connect_cli_ext.devops.rest import PlatformClient, connect
from connect_cli_ext.devops.timeline import attempt_rows, call_rows, task_row
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import output_option, print_rows

__all__ = ["find_task", "task", "tasks"]

_TASK_COLUMNS = {
    "id": "ID",
    "created": "CREATED",
    "environment": "ENVIRONMENT",
    "event": "EVENT",
    "object": "OBJECT",
    "status": "STATUS",
    "retries": "RETRIES",
    "output": "OUTPUT",
}
_SHORT_MESSAGE = 20
_MOST_CALLS = 500
_SHOWN_CALLS = 50
_ATTEMPT_COLUMNS = {
    "number": "#",
    "started": "STARTED",
    "ended": "ENDED",
    "result": "RESULT",
    "next": "AGAIN AT",
    "runtime": "RUN TIME",
    "message": "MESSAGE",
}
_CALL_COLUMNS = {
    "attempt": "#",
    "at": "AT",
    "status": "STATUS",
    "time": "TIME",
    "call": "CALL",
}


@click.command()
@environment_option
@click.option(
    "--status",
    type=click.Choice(["scheduled", "processing", "rescheduled", "retrying", "succeeded", "skipped", "failed"]),
    help="Only tasks of this status.",
)
@click.option(
    "--event", "event_type", metavar="EVENT", shell_complete=event_types, help="Only tasks of this event type."
)
@click.option("--object", "object_id", metavar="ID", help="Only tasks of this object.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=25, show_default=True, help="Rows at the most.")
@output_option
def tasks(
    environment_id: str | None,
    status: str | None,
    event_type: str | None,
    object_id: str | None,
    limit: int,
    output: str,
) -> None:
    """List the tasks queue, newest first."""
    conditions = {"status": status, "object.type": event_type, "object.id": object_id}
    filters = [equals(name, value) for name, value in conditions.items() if value]
    query = "&".join([*filters, "ordering(-events.created.at)", f"limit={limit}"])
    with connect() as client:
        places = environments(client, environment_id)
        found = [item for place in places for item in client.get(f"{place.path}/tasks?{query}")]
    found.sort(key=lambda item: str(item["events"]["created"]["at"]), reverse=True)
    found = found[:limit]
    if output == "json":
        click.echo(json.dumps(found, indent=2))
    elif not found:
        click.echo("No tasks. Make one with: ccli devops trigger asset_purchase_request_processing")
    else:
        print_rows(
            [task_row(item) for item in found], _TASK_COLUMNS, output, ("environment", "created", "retries", "output")
        )


@click.command()
@click.argument("task_id", metavar="ID", shell_complete=task_ids)
@output_option
def task(task_id: str, output: str) -> None:
    """Show one task: every attempt, the API calls of its handler, and what has become of its object.

    Calls are those that the handler made with the client of its application; the last 50 are shown, with -o json 500.
    """
    with connect() as client:
        place, found = find_task(client, environments(client), task_id)
        path = place.object("tasks", task_id)
        attempts = client.get(f"{path}/attempts")
        calls = client.get(f"{path}/calls?limit={_MOST_CALLS}")
        subject = object_now(client, found["object"]["type"], found["object"]["id"])
        changed = object_of_task(client, path)
    if output == "json":
        document = {**found, "attempts": attempts, "calls": calls, "object_now": subject, "object_change": changed}
        click.echo(json.dumps(document, indent=2))
        return
    row = task_row(found)
    click.echo(f"{click.style(row['id'], bold=True)}  {row['event']}  {row['object']}  {row['status']}")
    click.echo(f"environment {row['environment']}, {row['retries']} retries, rescheduled {row['rescheduled']} times")
    if subject is not None:
        click.echo(became(subject, status_before(subject, changed)))
    if changed is not None:
        for line in change_lines(changed["changes"]):
            click.echo(f"  {line}")
    if attempts:
        click.echo()
        print_rows(attempt_rows(attempts), _ATTEMPT_COLUMNS, output, ("ended", "runtime"))
    else:
        click.echo("No attempt yet.")
    if calls:
        newest = calls[-_SHOWN_CALLS:]
        which = f", the last {len(newest)} of {len(calls)}; see all with -o json" if len(newest) < len(calls) else ""
        click.echo(f"\nAPI calls of the handler{which}")
        print_rows(call_rows(newest), _CALL_COLUMNS, output, ("at",))
    last = next((item["message"] for item in reversed(attempts) if item.get("message")), None)
    if last and ("\n" in last or len(last) > _SHORT_MESSAGE):
        click.echo(f"\n{last.rstrip()}")


def find_task(
    client: PlatformClient, places: Iterable[Environment], task_id: str
) -> tuple[Environment, dict[str, Any]]:
    """Return a task, and the environment that it is in.

    Raises:
        CommandError: there is no such task.
    """
    found = find_object(client, places, "tasks", task_id)
    if found is None:
        raise CommandError(f"No task {task_id} on this platform; see: ccli devops tasks")
    return found
