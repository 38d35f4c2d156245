"""``ccli doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from connect_cli_ext.doctor.check import Check, State
from connect_cli_ext.doctor.connection import check_account, check_environment
from connect_cli_ext.doctor.machine import check_machine
from connect_cli_ext.doctor.project import check_project
from connect_cli_ext.errors import FileError
from connect_cli_ext.output import output_option, print_rows, sign
from connect_cli_ext.settings import Settings, current_settings

__all__ = ["doctor"]

_LOOKS = {State.OK: ("✓", "+", "green"), State.WARN: ("!", "!", "yellow"), State.FAIL: ("✗", "x", "red")}


@click.command()
@click.argument("project_dir", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--offline", is_flag=True, help="Ask nobody: look at what is on this machine only.")
@output_option
@click.pass_context
def doctor(context: click.Context, project_dir: Path | None, offline: bool, output: str) -> None:
    """Check this machine, the active account, and the project in PROJECT_DIR (this folder, if it is one).

    Each line is ok, a warning or a failure, with what to do. Ends with status 1 if anything fails; warnings leave it 0.

    \b
    ccli doctor
    ccli doctor my_extension -o json
    """
    settings = current_settings()
    if project_dir is not None and not project_dir.is_dir():
        raise FileError(project_dir, "no such folder")
    found: list[Check] = []
    for check in _checks(settings, project_dir, offline=offline):
        found.append(check)
        if output == "table":
            _show(check, settings)
    if output == "json":
        rows = [
            {"check": item.name, "state": item.state.value, "detail": item.detail, "advice": item.advice}
            for item in found
        ]
        print_rows(rows, {}, "json")
    else:
        counts = {state: sum(item.state is state for item in found) for state in State}
        settings.say()
        settings.say(
            f"{counts[State.OK]} ok, {counts[State.WARN]} to look at, {counts[State.FAIL]} that must be put right."
        )
    if any(item.state is State.FAIL for item in found):
        context.exit(1)


def _checks(settings: Settings, project: Path | None, *, offline: bool) -> Iterator[Check]:
    yield from check_machine(settings.config_dir)
    yield from check_account(settings.config_dir, verbose=settings.verbose, offline=offline)
    if project is None and not Path("pyproject.toml").is_file():
        return
    folder = project or Path()
    yield from check_project(folder)
    yield from check_environment(folder, verbose=settings.verbose, offline=offline)


def _show(check: Check, settings: Settings) -> None:
    if check.state is State.OK and settings.silent:
        return
    symbol, plain, colour = _LOOKS[check.state]
    mark = click.style(f"{sign(symbol, plain)} {check.state.value:<4}", fg=colour, bold=True)
    click.echo(f"{mark}  {check.name}: {check.detail}")
    if check.advice:
        click.echo(f"        {sign('→', '->')} {check.advice}")
