"""``ccli project extension bootstrap``."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from pathlib import Path

import click

from connect_cli_ext.accounts.store import AccountStore
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError, FileError, MissingExtraError
from connect_cli_ext.files import write_private
from connect_cli_ext.output import sign
from connect_cli_ext.project.render import MadeProject, make_project
from connect_cli_ext.project.template import served
from connect_cli_ext.settings import Settings, current_settings
from connect_cli_ext.wizard.answers import (
    STEP_OF,
    AnswerError,
    Answers,
    Draft,
    Given,
    document_of,
    load_answers,
    parse_pairs,
    schema,
)
from connect_cli_ext.wizard.checks import slug_of
from connect_cli_ext.wizard.endings import Ended, ending_signals
from connect_cli_ext.wizard.flow import Wizard
from connect_cli_ext.wizard.making import Progress
from connect_cli_ext.wizard.steps import STEPS
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
    it asks nothing, so it works in scripts too. The API key and the environment may always be left out. A wizard that
    was left keeps its answers in a file, and says how to go on with them.
    """
    settings = current_settings()
    if save_key and save_file is None:
        raise click.UsageError("--save-key needs --save-answers FILE")
    if save_file is not None and save_file.exists():
        raise FileError(save_file, "exists already; name another file, or remove it")
    loaded = load_answers(load_file) if load_file is not None else Given({})
    paired = parse_pairs(pairs)
    named = [*([str(load_file)] if load_file is not None else []), *(["--answer"] if pairs else [])]
    source = " and ".join(named) or "answers"
    surroundings = surroundings_for(
        AccountStore(settings.config_dir).active,
        find_local_platform(),
        output_dir=output_dir.absolute(),
        force=force_overwrite,
        served=served(),
        verbose=settings.verbose,
    )
    draft = Draft(surroundings, {**loaded.values, **paired.values})
    malformed = (*loaded.problems, *paired.problems)
    if malformed:
        surroundings.events.settle(wait=True)
        raise AnswerError(source, [*malformed, *draft.problems(loaded.meant | paired.meant)])
    maker = _Maker(surroundings, save_file, save_key=save_key)
    try:
        if _is_finished(draft, defaults=defaults, source=source):
            made = _make(draft.finish(source), maker)
        else:
            made = _ask(draft, maker, settings, save_file)
    finally:
        # Not before: a dialogue may have the whole screen.
        for note in maker.notes:
            click.echo(note, err=True)
    if load_file is not None and load_file.absolute().parent == _kept_in(settings):
        # Kept for a wizard that was left; the project has the answers now.
        load_file.unlink(missing_ok=True)
    if save_file is not None:
        settings.say(f"Answers saved in {save_file}{'' if save_key else ', without the API key'}.")
    settings.say(f"Event types: from {surroundings.events.origin}.")
    _report(settings, made)


class _Maker:
    """Saves the answers if that is wanted, then makes the project; as often as it takes."""

    def __init__(self, surroundings: Surroundings, save_file: Path | None, *, save_key: bool) -> None:
        self._surroundings = surroundings
        self._save_file = save_file
        self.save_key = save_key
        self.notes: list[str] = []
        self._saved = False

    def make(self, answers: Answers, progress: Progress) -> MadeProject:
        if self._save_file is not None:
            answers.save(self._save_file, with_key=self.save_key, replace=self._saved)
            self._saved = True
        surroundings = self._surroundings
        return make_project(
            answers,
            surroundings.output_dir,
            force=surroundings.force,
            progress=progress,
            tell=self.notes.append,
        )


def _is_finished(draft: Draft, *, defaults: bool, source: str) -> bool:
    """Return whether nothing has to be asked.

    Raises:
        CommandError: something has to be asked, and there is nobody to ask.
    """
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    # With a dialogue before it the platform has the time that this takes; without one it is waited for.
    if defaults or not terminal or not draft.given.keys().isdisjoint({"background", "interactive"}):
        draft.surroundings.events.settle(wait=True)
    if defaults:
        return True
    missing = draft.missing()
    if terminal:
        return not missing and draft.first_problem() is None
    if not missing:
        return True
    if not draft.given:
        raise CommandError(
            "this is no terminal, so nothing can be asked: give the answers with --load-answers FILE or "
            "--answer KEY=VALUE, or take the defaults with --defaults"
        )
    raise AnswerError(
        f"{source}: these answers are missing (--defaults takes their defaults)",
        [*(f"{step.name}: {step.question}" for step in missing), *_others(draft)],
    )


def _others(draft: Draft) -> list[str]:
    """Return what else is wrong, so that everything is said at once."""
    wrong = [(step, draft.problem(step)) for step in STEP_OF.values() if step.name in draft.given]
    found = [f"  {step.name}: {problem}" for step, problem in wrong if problem]
    return ["and these will not do:", *found] if found else []


def _make(answers: Answers, maker: _Maker) -> MadeProject:
    """Make the project; a signal in the middle leaves nothing of it behind."""
    try:
        with ending_signals():
            return maker.make(answers, lambda _doing: None)
    except Ended as ended:
        ended.end()


def _ask(draft: Draft, maker: _Maker, settings: Settings, save_file: Path | None) -> MadeProject:
    wizard = Wizard(draft)
    if draft.given:
        wizard.go_to(next(step for step in STEPS if step in draft.missing() or draft.problem(step)))
    try:
        return run_wizard(wizard, maker.make)
    except ModuleNotFoundError as error:
        _keep(wizard, maker, settings, save_file)
        raise MissingExtraError("bootstrap", error.name or "inquirer", "cli") from error
    except Ended as ended:
        _keep(wizard, maker, settings, save_file)
        ended.end()
    except BaseException:
        _keep(wizard, maker, settings, save_file)
        raise


def _kept_in(settings: Settings) -> Path:
    return settings.config_dir.absolute() / "bootstrap"


def _keep(wizard: Wizard, maker: _Maker, settings: Settings, save_file: Path | None) -> None:
    """Save the answers of a dialogue that did not lead to a project, and say how to go on with them."""
    answers = wizard.passed()
    if not answers:
        return
    slug = slug_of(wizard.draft.text("project_slug"))
    path = save_file or _kept_in(settings) / f"{slug}.json"
    # The terminal may be gone, and then there is nobody to tell.
    with contextlib.suppress(OSError):
        try:
            write_private(path, json.dumps(document_of(answers, with_key=maker.save_key), indent=2) + "\n")
        except FileError as error:
            click.echo(f"The answers could not be kept: {error.message}", err=True)
            return
        place = wizard.draft.surroundings.output_dir
        words = ["ccli", "project", "extension", "bootstrap", "--load-answers", str(path), "--output-dir", str(place)]
        note = "" if maker.save_key else ", without the API key"
        click.echo(f"The answers so far are kept in {path}{note}. Go on with:\n  {shlex.join(words)}", err=True)


def _report(settings: Settings, made: MadeProject) -> None:
    done = sign("✓", "+")
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
