"""``ccli project extension bootstrap``."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from connect_cli_ext.accounts.store import AccountStore
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError, FileError, MissingExtraError
from connect_cli_ext.output import sign
from connect_cli_ext.project.render import MadeProject, make_project
from connect_cli_ext.project.template import served
from connect_cli_ext.settings import Settings, current_settings
from connect_cli_ext.wizard.answers import AnswerError, Answers, Draft, load_answers, parse_pairs, schema
from connect_cli_ext.wizard.flow import Wizard
from connect_cli_ext.wizard.step import Value
from connect_cli_ext.wizard.surroundings import Surroundings, surroundings_for
from connect_cli_ext.wizard.terminal import run_wizard

__all__ = ["bootstrap"]


def _print_schema(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    click.echo(json.dumps(schema(), indent=2))
    ctx.exit()


@click.command()
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default="this folder",
    help="Where to make the project's folder.",
)
@click.option("-f", "--force-overwrite", is_flag=True, help="Replace a project that this command made before.")
@click.option(
    "-l", "--load-answers", "load_file", type=click.Path(path_type=Path), help="Take the answers from this JSON file."
)
@click.option(
    "--answer", "pairs", multiple=True, metavar="KEY=VALUE", help="Give one answer; lists are separated by commas."
)
@click.option("--defaults", is_flag=True, help="Ask nothing: take the default of every answer that is not given.")
@click.option(
    "-s", "--save-answers", "save_file", type=click.Path(path_type=Path), help="Write the answers to this new file."
)
@click.option("--save-key", is_flag=True, help="Write the API key into the saved answers too.")
@click.option(
    "--answers-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of the answers.",
)
def bootstrap(
    output_dir: Path,
    force_overwrite: bool,
    load_file: Path | None,
    pairs: tuple[str, ...],
    defaults: bool,
    save_file: Path | None,
    save_key: bool,
) -> None:
    """Make a new extension project.

    On a terminal a wizard asks for everything. With --defaults, or when --load-answers and --answer leave nothing open,
    it asks nothing, so it works in scripts too. The API key and the environment may always be left out.
    """
    settings = current_settings()
    if save_key and save_file is None:
        raise click.UsageError("--save-key needs --save-answers FILE")
    if save_file is not None and save_file.exists():
        raise FileError(save_file, "exists already; name another file, or remove it")
    given: dict[str, Value] = {}
    if load_file is not None:
        given.update(load_answers(load_file))
    given.update(parse_pairs(pairs))
    surroundings = surroundings_for(
        AccountStore(settings.config_dir).active,
        find_local_platform(),
        output_dir=output_dir.absolute(),
        force=force_overwrite,
        served=served(),
        verbose=settings.verbose,
    )
    answers = _answers(surroundings, given, defaults=defaults, source=str(load_file) if load_file else "answers")
    if save_file is not None:
        answers.save(save_file, with_key=save_key)
        settings.say(f"Answers saved in {save_file}{'' if save_key else ', without the API key'}.")
    settings.say(f"Event types: from {surroundings.events.origin}.")
    made = make_project(answers, surroundings.output_dir, force=force_overwrite)
    _report(settings, made)


def _answers(surroundings: Surroundings, given: Mapping[str, Value], *, defaults: bool, source: str) -> Answers:
    draft = Draft(surroundings, given)
    missing = () if defaults else draft.missing()
    if not missing:
        return draft.finish(source)
    able = os.environ.get("TERM") != "dumb"
    if not (sys.stdin.isatty() and sys.stdout.isatty() and able):
        if not given:
            raise CommandError(
                f"this is no terminal{'' if able else ' that can show a wizard (TERM=dumb)'}, so nothing can be asked: "
                "give the answers with --load-answers FILE or "
                "--answer KEY=VALUE, or take the defaults with --defaults"
            )
        raise AnswerError(
            f"{source}: these answers are missing (--defaults takes their defaults)",
            [f"{step.name}: {step.question}" for step in missing],
        )
    wizard = Wizard(draft)
    if given:
        wizard.go_to(draft.first_problem() or missing[0])
    try:
        return run_wizard(wizard)
    except ModuleNotFoundError as error:
        raise MissingExtraError("bootstrap", error.name or "inquirer", "cli") from error


def _report(settings: Settings, made: MadeProject) -> None:
    done = click.style(sign("✓", "+"), fg="green")
    for path in made.paths:
        settings.say(f"{done} {path}")
    if made.git:
        settings.say(f"{done} git repository")
    else:
        settings.say(f"No git repository was made: {made.git_note}.")
    if made.backup is not None:
        settings.say(f"The replaced project had changes; it is kept in {made.backup}")
    settings.say()
    settings.say(f"The project is in {made.folder}")
    settings.say()
    settings.say("Next:")
    for command, purpose in (
        (f"cd {shlex.quote(str(made.folder))}", ""),
        ("ccli devops dev", "run it on a local platform and watch its tasks"),
        ("pytest", "run its tests"),
        ("cextrun -d", "connect it to the environment of its env file"),
    ):
        settings.say(f"  {command.ljust(20)}{'  # ' + purpose if purpose else ''}".rstrip())
