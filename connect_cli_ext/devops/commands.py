"""`ccli devops …`: the group; each command is imported when it is run."""

from __future__ import annotations

import click

from connect_cli_ext.lazy import LazyCommand, LazyGroup

__all__ = ["devops"]

_HERE = "connect_cli_ext.devops"


def _command(module: str, name: str, summary: str) -> LazyCommand:
    return LazyCommand(f"{_HERE}.{module}:{name}", summary, extra="devops")


COMMANDS = {
    "start": _command("start", "start", "Start the platform; it runs until Ctrl-C."),
    "dev": _command("dev", "dev", "Run a project on the platform with live reload, and show its tasks."),
    "trigger": _command("trigger", "trigger", "Make something happen: a sandbox object, and so a real task."),
    "install": _command("install", "install", "Install a project's extension for the platform's account."),
    "tasks": _command("queue", "tasks", "List the tasks queue, newest first."),
    "task": _command("queue", "task", "Show one task with every attempt."),
    "retry": _command("retry", "retry", "Try tasks again now that failed or wait for a later try."),
    "schedule": _command("schedule", "schedule", "Call a schedulable method at planned times."),
    "open": _command("opening", "open_", "Open the platform's pages, or an extension's, in the browser."),
    "info": _command("info", "info", "Show addresses, key, extensions and environments."),
    "clock": _command("info", "clock", "Show the platform's clock, or move it forward."),
    "demo": _command("demo", "demo", "Run the whole loop on a project of its own, and check every result."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def devops() -> None:
    """The DevOps module of Connect on this machine.

    \b
    ccli devops start                     # the platform, until Ctrl-C
    ccli devops dev my_project            # a project on it (starts the platform if none runs)
    ccli devops trigger asset_purchase_request_processing
    ccli devops tasks
    ccli devops open page                 # the project's pages, as the platform shows them
    """
