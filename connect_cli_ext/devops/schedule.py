"""`ccli devops schedule …`: when schedulable methods of an extension are called."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from connect_cli_ext.completion import schedulable_methods, schedule_ids
from connect_cli_ext.devops.environments import (
    Environment,
    environments,
    find_object,
    one_environment,
    selection_options,
)
from connect_cli_ext.devops.planning import PlanError, changed_trigger, planned_trigger, trigger_words
from connect_cli_ext.devops.queries import equals
from connect_cli_ext.devops.rest import PlatformClient, connect
from connect_cli_ext.devops.values import json_or_text
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import output_option, print_rows
from connect_cli_ext.settings import current_settings

__all__ = ["schedule"]

_MOST = 1000
_COLUMNS = {
    "id": "ID",
    "name": "NAME",
    "environment": "ENVIRONMENT",
    "method": "FUNCTION",
    "status": "STATUS",
    "next": "NEXT (UTC)",
    "when": "WHEN (UTC)",
}


def _assigned(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        name, equal, text = value.partition("=")
        if not equal or not name:
            raise click.BadParameter(f"expected name=value, e.g. days=30; got {value!r}")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice")
        found[name] = json_or_text(text)
    return found


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def schedule() -> None:
    """Call a schedulable method at planned times.

    \b
    ccli devops schedule add refresh_prices --every daily --at 02:00     # a nightly job
    ccli devops schedule list
    ccli devops schedule edit EFS-… --at 03:00                           # later
    ccli devops schedule run EFS-…                                       # now, beside its times
    ccli devops clock next                                               # or let its time come
    """


@schedule.command("list")
@selection_options
@output_option
def list_(environment_id: str | None, extension_id: str | None, output: str) -> None:
    """List the schedules of all environments, or of one."""
    with connect() as client:
        places = environments(client, environment_id, extension_id)
        found = [item for place in places for item in client.get(f"{place.path}/schedules?limit={_MOST}")]
    if output == "json":
        click.echo(json.dumps(found, indent=2))
    elif found:
        print_rows([_row(item) for item in found], _COLUMNS, output, ("environment", "name"))
    else:
        click.echo("No schedules. Make one with: ccli devops schedule add METHOD --every daily --at 02:00")


@schedule.command()
@click.argument("method", metavar="METHOD", shell_complete=schedulable_methods)
@click.option(
    "--every",
    metavar="PERIOD",
    help="hourly, daily, weekly, monthly (at the beginning of the month), or a number with a unit: 6h, '2 weeks'.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="A time of day (02:00, 'monday 02:00'), the next one counts, or a date and time (2026-01-31T08:00); UTC "
    "without an offset. The first time with --every, the earliest with --cron, else the only one.",
)
@click.option("--cron", metavar="EXPRESSION", help="A cron expression of five to seven fields instead of --every; UTC.")
@click.option("--until", metavar="TIME", help="Date and time after which it does not fire any more.")
@click.option(
    "--parameter",
    multiple=True,
    callback=_assigned,
    metavar="NAME=VALUE",
    help="What the method gets as 'parameter'; the value may be JSON. May be repeated.",
)
@click.option("--name", metavar="TEXT", help="Name of the schedule; by default the method's title.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@selection_options
@output_option
def add(
    method: str,
    every: str | None,
    at: str | None,
    cron: str | None,
    until: str | None,
    parameter: dict[str, Any],
    name: str | None,
    description: str | None,
    environment_id: str | None,
    extension_id: str | None,
    output: str,
) -> None:
    """Make a schedule that calls METHOD of the extension.

    The environment is the one of -e, else the development environment of -x, of this folder's project, or of the only
    extension. Times are those of the platform's clock.

    \b
    ccli devops schedule add refresh_prices --every daily --at 02:00
    ccli devops schedule add refresh_prices --every 6h --parameter days=30 --name "Four times a day"
    ccli devops schedule add refresh_prices --at 2026-01-31T08:00
    ccli devops schedule add refresh_prices --cron "0 2 15 * *"
    """
    with connect() as client:
        place = one_environment(client, environment_id, extension_id)
        declared = _declared(client, place, method)
        now = datetime.fromisoformat(client.get("/devops/local/clock")["now"])
        with _told_as_usage():
            trigger = planned_trigger(now, every=every, at=at, cron=cron, until=until)
        body: dict[str, Any] = {"name": name or declared.get("name") or method, "method": method, "trigger": trigger}
        body["parameter"] = parameter
        if description is not None:
            body["description"] = description
        made = client.post(f"{place.path}/schedules", body)
    _tell(made, output)


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@click.option("--every", metavar="PERIOD", help="As of 'add'. The first time stays, unless --at changes it.")
@click.option(
    "--at",
    metavar="TIME",
    help="As of 'add'. A mere time of day (03:00) moves what repeats to that time of its own days.",
)
@click.option("--cron", metavar="EXPRESSION", help="As of 'add'.")
@click.option("--once", is_flag=True, help="It fires once, at the time of --at.")
@click.option("--until", metavar="TIME", help="As of 'add', or 'never'.")
@click.option(
    "--parameter",
    multiple=True,
    callback=_assigned,
    metavar="NAME=VALUE",
    help="Set one of the parameters; the others stay. May be repeated.",
)
@click.option("--without", multiple=True, metavar="NAME", help="Remove one of the parameters. May be repeated.")
@click.option("--name", metavar="TEXT", help="Another name.")
@click.option("--description", metavar="TEXT", help="Another description; '' for none.")
@selection_options
@output_option
def edit(
    schedule_id: str,
    every: str | None,
    at: str | None,
    cron: str | None,
    once: bool,
    until: str | None,
    parameter: dict[str, Any],
    without: tuple[str, ...],
    name: str | None,
    description: str | None,
    environment_id: str | None,
    extension_id: str | None,
    output: str,
) -> None:
    """Change its times, parameters, name or description.

    What is not said stays. The method stays always: for another one make a new schedule. A disabled schedule stays
    disabled; 'enable' and 'disable' change that.

    \b
    ccli devops schedule edit EFS-… --at 03:00                 # nightly, but at three
    ccli devops schedule edit EFS-… --every 6h --until never
    ccli devops schedule edit EFS-… --parameter days=60 --without country
    """
    with connect() as client:
        place, found = _find(client, schedule_id, environment_id, extension_id)
        texts = {"name": name, "description": description}
        body: dict[str, Any] = {key: text for key, text in texts.items() if text is not None}
        if parameter or without:
            body["parameter"] = _parameters(found, parameter, without)
        if once or any(option is not None for option in (every, at, cron, until)):
            now = datetime.fromisoformat(client.get("/devops/local/clock")["now"])
            with _told_as_usage():
                body["trigger"] = changed_trigger(
                    now, found["trigger"], every=every, at=at, cron=cron, until=until, once=once
                )
        if not body:
            raise click.UsageError("What is to be changed? Say --at, --every, --parameter, --name, …; see --help.")
        changed = client.put(place.object("schedules", schedule_id), body)
    _tell(changed, output)


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@selection_options
@output_option
def show(schedule_id: str, environment_id: str | None, extension_id: str | None, output: str) -> None:
    """Show one schedule, and the last task that it made."""
    with connect() as client:
        place, found = _find(client, schedule_id, environment_id, extension_id)
        task = _last_task(client, place, schedule_id)
    if output == "json":
        click.echo(json.dumps({**found, "last_task": task}, indent=2))
        return
    row = _row(found)
    click.echo(f"{click.style(row['id'], bold=True)}  {row['name']}  {row['status']}")
    details = {
        "description": found["description"],
        "function": f"{row['method']} in {row['environment']}",
        "when": row["when"],
        "next": row["next"] or "-",
        "last": _time(found, "last_triggered") or "-",
        "parameter": json.dumps(found["parameter"]),
        "reason": found["reason"],
        "last task": f"{task['id']}  {task['status']}" if task else "-",
    }
    for title, text in details.items():
        if text:
            click.echo(f"  {title:<12} {text}")


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@selection_options
@output_option
def run(schedule_id: str, environment_id: str | None, extension_id: str | None, output: str) -> None:
    """Make its task now, whatever its times; also while it is disabled."""
    with connect() as client:
        place, _ = _find(client, schedule_id, environment_id, extension_id)
        client.post(f"{place.object('schedules', schedule_id)}/trigger")
        task = _last_task(client, place, schedule_id)
        connected = client.get(place.path)["status"] == "connected"
    if task is None:
        raise CommandError(f"The platform made no task for {schedule_id}; see: ccli devops schedule show {schedule_id}")
    if output == "json":
        click.echo(json.dumps(task, indent=2))
        return
    click.echo(f"task {task['id']}  {task['status']}  in {place.id}")
    if not connected:
        click.echo("  It waits for a runner: ccli devops dev PROJECT")


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@selection_options
@output_option
def enable(schedule_id: str, environment_id: str | None, extension_id: str | None, output: str) -> None:
    """Let it fire again; times that passed meanwhile do not count."""
    _switch("enable", schedule_id, environment_id, extension_id, output)


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@selection_options
@output_option
def disable(schedule_id: str, environment_id: str | None, extension_id: str | None, output: str) -> None:
    """Keep it from firing; a task that it made goes on."""
    _switch("disable", schedule_id, environment_id, extension_id, output)


@schedule.command()
@click.argument("schedule_id", metavar="ID", shell_complete=schedule_ids)
@selection_options
def remove(schedule_id: str, environment_id: str | None, extension_id: str | None) -> None:
    """Delete it; a task of it that waits is given up."""
    with connect() as client:
        place, found = _find(client, schedule_id, environment_id, extension_id)
        client.delete(place.object("schedules", schedule_id))
    current_settings().say(f"{schedule_id}  {found['name']}  removed")


@contextmanager
def _told_as_usage() -> Iterator[None]:
    """Make wrong words for a time errors of the command line."""
    try:
        yield
    except PlanError as error:
        if error.option is None:
            raise click.UsageError(str(error)) from error
        raise click.BadParameter(str(error), param_hint=error.option) from error


def _parameters(document: Mapping[str, Any], changed: Mapping[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters of a schedule with some of them set, and some removed."""
    present = document["parameter"]
    if not isinstance(present, dict):
        raise CommandError(
            f"The parameter of {document['id']} is no object, so it has no names to change: {json.dumps(present)}"
        )
    for name in without:
        if name in changed:
            raise click.BadParameter(f"{name!r} is set by --parameter as well", param_hint="--without")
        if name not in present:
            names = f"it has {', '.join(present)}" if present else "it has none"
            raise click.BadParameter(f"{document['id']} has no parameter {name!r}; {names}", param_hint="--without")
    return {name: value for name, value in {**present, **changed}.items() if name not in without}


def _declared(client: PlatformClient, place: Environment, method: str) -> Mapping[str, Any]:
    """Return what the extension says of a schedulable method."""
    declared = {item["method"]: item for item in client.get(place.path)["schedulables"]}
    if method in declared:
        found: Mapping[str, Any] = declared[method]
        return found
    if not declared:
        raise CommandError(
            f"{place.id} declares no schedulable methods. They are known once its runner has connected "
            "(ccli devops dev PROJECT); write one with: ccli project extension add schedulable NAME"
        )
    near = difflib.get_close_matches(method, declared, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise CommandError(f"{place.id} declares no schedulable {method!r}, but {', '.join(sorted(declared))}.{meant}")


def _find(
    client: PlatformClient, schedule_id: str, environment_id: str | None, extension_id: str | None
) -> tuple[Environment, dict[str, Any]]:
    found = find_object(client, environments(client, environment_id, extension_id), "schedules", schedule_id)
    if found is None:
        raise CommandError(f"No schedule {schedule_id} there; see: ccli devops schedule list")
    return found


def _switch(verb: str, schedule_id: str, environment_id: str | None, extension_id: str | None, output: str) -> None:
    with connect() as client:
        place, _ = _find(client, schedule_id, environment_id, extension_id)
        changed = client.post(f"{place.object('schedules', schedule_id)}/{verb}")
    _tell(changed, output)


def _last_task(client: PlatformClient, place: Environment, schedule_id: str) -> dict[str, Any] | None:
    found = client.get(f"{place.path}/tasks?{equals('object.id', schedule_id)}&ordering(-events.created.at)&limit=1")
    return found[0] if found else None


def _row(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": document["id"],
        "name": document["name"],
        "environment": document["environment"]["id"],
        "method": document["method"],
        "status": document["status"],
        "next": _time(document, "next_trigger"),
        "when": trigger_words(document["trigger"]),
    }


def _time(document: Mapping[str, Any], event: str) -> str:
    stamp: Mapping[str, str] = document["events"].get(event) or {}
    return stamp["at"][:19].replace("T", " ") if stamp.get("at") else ""


def _tell(document: Mapping[str, Any], output: str) -> None:
    if output == "json":
        click.echo(json.dumps(document, indent=2))
        return
    row = _row(document)
    next_time = f", next {row['next']} UTC" if row["next"] else ""
    click.echo(f"{row['id']}  {row['name']}  {row['status']}  {row['when']}{next_time}")
