"""`ccli devops retry`: tasks that failed, or wait for a later try, are tried now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from connect_cli_ext.completion import event_types, retryable_task_ids
from connect_cli_ext.devops.environments import Environment, environments, selection_options
from connect_cli_ext.devops.queries import equals
from connect_cli_ext.devops.queue import find_task
from connect_cli_ext.devops.rest import PlatformClient, connect
from connect_cli_ext.devops.timeline import task_row
from connect_cli_ext.errors import CommandError, RemoteError
from connect_cli_ext.output import output_option, print_rows

__all__ = ["retry", "waiting"]

_WAITING = "in(status,(retrying,rescheduled))"
_MOST = 1000
_COLUMNS = {"id": "ID", "event": "EVENT", "object": "OBJECT", "was": "WAS", "status": "STATUS"}


@click.command()
@click.argument("task_ids", metavar="[TASK]...", nargs=-1, shell_complete=retryable_task_ids)
@click.option("--all-waiting", is_flag=True, help="All tasks that wait for a later try.")
@click.option(
    "--event",
    "event_type",
    metavar="EVENT",
    shell_complete=event_types,
    help="With --all-waiting: only tasks of this event type.",
)
@selection_options
@output_option
def retry(
    task_ids: tuple[str, ...],
    all_waiting: bool,
    event_type: str | None,
    environment_id: str | None,
    extension_id: str | None,
    output: str,
) -> None:
    """Try tasks again now that failed, or wait because they raised or asked for a later time.

    The count of their ten tries begins anew; what time it is on the platform does not change.

    \b
    ccli devops retry TQ-7308-7040-1711-7417
    ccli devops retry --all-waiting                # e.g. when the handler was mended
    """
    if all_waiting == bool(task_ids):
        raise click.UsageError("Name the tasks to try again, or say --all-waiting. 'ccli devops tasks' lists them.")
    if event_type and not all_waiting:
        raise click.UsageError("--event belongs to --all-waiting.")
    with connect() as client:
        places = environments(client, environment_id, extension_id)
        if all_waiting:
            found = [(place, task) for place in places for task in waiting(client, place, event_type)]
        else:
            found = [find_task(client, places, task_id) for task_id in dict.fromkeys(task_ids)]
        rows, problems = _retry(client, found)
    if output == "json":
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        print_rows([{**task_row(row), "was": row["was"]} for row in rows], _COLUMNS, output)
    elif all_waiting and not problems:
        click.echo("No task waits for a later try. Those that failed are named one by one: ccli devops retry TASK")
    if problems:
        raise CommandError("\n".join(problems))


def waiting(client: PlatformClient, place: Environment, event_type: str | None = None) -> list[dict[str, Any]]:
    """Return the tasks of an environment that wait for a later try, at most 1,000, the oldest first."""
    filters = [_WAITING, *([equals("object.type", event_type)] if event_type else [])]
    query = "&".join([*filters, "ordering(events.created.at)", f"limit={_MOST}"])
    found: list[dict[str, Any]] = client.get(f"{place.path}/tasks?{query}")
    return found


def _retry(
    client: PlatformClient, found: Sequence[tuple[Environment, dict[str, Any]]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Try them; one that is refused does not keep the others from being tried."""
    answers = [(task, _try(client, place, task["id"])) for place, task in found]
    rows = [{**answer, "was": task["status"]} for task, answer in answers if not isinstance(answer, str)]
    return rows, [answer for _, answer in answers if isinstance(answer, str)]


def _try(client: PlatformClient, place: Environment, task_id: str) -> dict[str, Any] | str:
    """Return the task, or why it is refused."""
    try:
        tried: dict[str, Any] = client.post(f"{place.object('tasks', task_id)}/retry")
    except RemoteError as error:
        if error.status is None:
            raise
        return error.problem
    return tried
