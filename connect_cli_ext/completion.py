"""``ccli completion``: what a shell needs to complete our command lines, and the values that are worth completing.

Values come from files and from a running local platform only, within a fraction of a second; whatever goes wrong there
gives no values and no message, because a person is typing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.settings import DEFAULT_CONFIG_DIR, Settings, current_settings

__all__ = [
    "account_ids",
    "completion",
    "environment_ids",
    "event_types",
    "extension_ids",
    "retryable_task_ids",
    "schedulable_methods",
    "schedule_ids",
    "task_ids",
]

_VARIABLE = "_CCLI_COMPLETE"
_TIMEOUT_S = 0.5
_MOST = 50

Values = Callable[[click.Context, click.Parameter, str], list[Any]]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="Put it where the shell finds it, instead of printing it.")
def completion(shell: str, install: bool) -> None:
    """Print what SHELL needs to complete commands, options, ids and event types of ccli.

    \b
    eval "$(ccli completion bash)"        # for this shell
    ccli completion fish --install        # for every new one
    """
    from click.shell_completion import get_completion_class

    from connect_cli_ext.host import cli

    found = get_completion_class(shell)
    if found is None:
        raise CommandError(f"the installed click has no completion for {shell}; update it")
    script = found(cli, {}, "ccli", _VARIABLE).source()
    if not install:
        click.echo(script)
        return
    path, then = _place(shell, Path(os.environ.get("HOME") or Path.home()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script + "\n", encoding="utf-8")
    except OSError as error:
        raise FileError(path, f"cannot be written: {reason(error)}") from error
    current_settings().say(f"Written to {path}. {then}")


def _place(shell: str, home: Path) -> tuple[Path, str]:
    if shell == "bash":
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        return data / "bash-completion" / "completions" / "ccli", "New shells use it, with the package bash-completion."
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return config / "fish" / "completions" / "ccli.fish", "New shells use it."
    line = "fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit"
    return home / ".zfunc" / "_ccli", f"Put this line into ~/.zshrc, unless it is there: {line}"


def _quietly(values: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Values:
    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        try:
            found = list(values(context))
        # Nobody can act on an error in the middle of a line.
        except Exception:
            return []
        return [CompletionItem(value, help=text) for value, text in found if value.startswith(incomplete)]

    return complete


def _accounts(context: click.Context) -> Iterable[tuple[str, str]]:
    from connect_cli_ext.accounts.store import AccountStore

    settings = context.find_object(Settings)
    # The root command is not run while a line is completed; its options are parsed, though.
    given = context.find_root().params.get("config_dir")
    folder = settings.config_dir if settings else Path(given or DEFAULT_CONFIG_DIR).expanduser()
    return [(account.id, account.name) for account in AccountStore(folder).accounts]


def _event_types(_context: click.Context) -> Iterable[tuple[str, str]]:
    from connect_eaas.events import CATALOGUE

    return sorted((event.type, f"{event.group}: {event.name}") for event in CATALOGUE.values())


def _tasks(_context: click.Context) -> Iterable[tuple[str, str]]:
    return _newest_tasks("")


def _retryable_tasks(_context: click.Context) -> Iterable[tuple[str, str]]:
    return _newest_tasks("in(status,(failed,retrying,rescheduled))&")


def _newest_tasks(condition: str) -> Iterator[tuple[str, str]]:
    from connect_cli_ext.devops.timeline import task_row

    for row in map(task_row, _listed(f"tasks?{condition}ordering(-events.created.at)")):
        yield str(row["id"]), f"{row['status']} {row['event']}"


def _schedules(_context: click.Context) -> Iterator[tuple[str, str]]:
    for schedule in _listed("schedules"):
        yield str(schedule["id"]), f"{schedule['status']} {schedule['name']}"


def _methods(_context: click.Context) -> Iterable[tuple[str, str]]:
    documents = _listed()
    return sorted({item["method"]: item.get("name", "") for one in documents for item in one["schedulables"]}.items())


def _listed(query: str = "") -> Iterator[dict[str, Any]]:
    """What the lists of all environments of the running platform hold; the environments themselves without a query."""
    from connect_cli_ext.accounts.remote import API_PATH, RemoteApi

    platform = find_local_platform()
    if platform is None or not platform.api_key:
        return
    api = RemoteApi(platform.url + API_PATH, platform.api_key)
    for extension in platform.extensions:
        path = f"devops/services/{extension['id']}/environments"
        paths = [f"{path}/{environment['id']}/{query}" for environment in extension.get("environments") or ()]
        for one in paths if query else [path]:
            yield from api.collection(one, limit=_MOST, timeout_s=_TIMEOUT_S)


def _extensions(_context: click.Context) -> Iterable[tuple[str, str]]:
    platform = find_local_platform()
    for extension in platform.extensions if platform is not None else ():
        yield str(extension["id"]), str(extension.get("name", ""))


def _environments(_context: click.Context) -> Iterable[tuple[str, str]]:
    platform = find_local_platform()
    for extension in platform.extensions if platform is not None else ():
        for environment in extension.get("environments") or ():
            yield str(environment["id"]), f"{environment.get('type', '')} of {extension.get('name', '')}"


account_ids = _quietly(_accounts)
"""Ids of the stored accounts."""
event_types = _quietly(_event_types)
"""Types of all events."""
task_ids = _quietly(_tasks)
"""Ids of the newest tasks of the running local platform."""
environment_ids = _quietly(_environments)
"""Ids of the environments of the running local platform."""
extension_ids = _quietly(_extensions)
"""Ids of the extensions of the running local platform."""
retryable_task_ids = _quietly(_retryable_tasks)
"""Ids of its newest tasks that can be tried again."""
schedule_ids = _quietly(_schedules)
"""Ids of its schedules."""
schedulable_methods = _quietly(_methods)
"""Methods that its extensions let people put on a schedule."""
