"""``ccli project extension validate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.errors import CommandError, FileError, reason

__all__ = ["validate"]

_TIME_LIMIT = 60.0
_COLOURS = {"error": "red", "warning": "yellow", "place": "cyan", "fix": "green"}


def _show_rules(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from dataclasses import asdict

        from connect_eaas.validation import RULES

        click.echo(json.dumps([{**asdict(rule), "doc": rule.doc} for rule in RULES.values()], indent=2))
        context.exit()


def _show_schema(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from connect_eaas.validation import REPORT_SCHEMA

        click.echo(json.dumps(REPORT_SCHEMA, indent=2))
        context.exit()


@click.command()
@click.argument("project_dir", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to print the report: for people, for programs, or for the annotations of GitHub Actions.",
)
@click.option("--strict", is_flag=True, help="End with status 1 also if there are only warnings.")
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Import the project with this Python. Default: that of its .venv, of the active environment, or ccli's own.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=_TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="How long importing the project may take.",
)
@click.option(
    "--event-definitions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check events against these definitions: a file with what the API answers to GET devops/event-definitions.",
)
@click.option(
    "--rules", is_flag=True, is_eager=True, expose_value=False, callback=_show_rules, help="List the rules as JSON."
)
@click.option(
    "--report-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_schema,
    help="Show the JSON schema of the JSON report.",
)
@click.pass_context
def validate(
    context: click.Context,
    project_dir: Path,
    form: str,
    strict: bool,
    python: Path | None,
    time_limit: float,
    event_definitions: Path | None,
) -> None:
    """Check the extension project in PROJECT_DIR (this folder, if left out).

    Its applications are imported in a process of their own, with the project's own Python. Ends with status 1 if there
    are errors; warnings leave it 0. Needs no account and no network.

    \b
    ccli project extension validate my_extension
    ccli project extension validate --strict --format github      # in a workflow
    """
    from connect_eaas.validation import as_github, as_json, as_text
    from connect_eaas.validation.apart import validate_apart

    definitions = _definitions(event_definitions) if event_definitions is not None else None
    try:
        report = validate_apart(
            project_dir,
            # Not resolved: the Python of a virtual environment is a link, and known by its own place.
            python=python.absolute() if python is not None else None,
            definitions=definitions,
            time_limit=time_limit,
        )
    except OSError as error:
        raise FileError(python or "python", f"cannot be started: {reason(error)}") from error
    if form == "text":
        click.echo(as_text(report, _style))
    else:
        click.echo(as_json(report) if form == "json" else as_github(report, _from_here(project_dir)))
    if report.errors or (strict and report.items):
        context.exit(1)


def _from_here(project: Path) -> str:
    """Return the project's folder from the current one, where workflows run; empty if it is the same or outside."""
    here, there = Path.cwd().resolve(), project.resolve()
    return there.relative_to(here).as_posix().removeprefix(".") if there.is_relative_to(here) else ""


def _style(text: str, look: str) -> str:
    return click.style(text, fg=_COLOURS.get(look), bold=look in ("error", "warning"), dim=look == "code")


def _definitions(path: Path) -> list[Any]:
    from connect_eaas.validation import read_definitions

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        read_definitions(content)
    except OSError as error:
        raise FileError(path, reason(error)) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path}: no event definitions: {error}") from error

    return list(content)
