"""``ccli project extension update``."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path

import click

from connect_cli_ext.errors import CommandError, FileError
from connect_cli_ext.output import output_option, print_rows, sign
from connect_cli_ext.project.base import BASE, dump_base, load_base
from connect_cli_ext.project.changes import recover
from connect_cli_ext.project.contents import files_of
from connect_cli_ext.project.history import content_with_digest, pending
from connect_cli_ext.project.hold import held
from connect_cli_ext.project.marker import MARKER, Marker, digest, marker_text, read_marker
from connect_cli_ext.project.merge import Labels
from connect_cli_ext.project.reconcile import Base, Outcome, Plan, Result, reconcile
from connect_cli_ext.project.rendering import RenderedFile, answers_from, rendering
from connect_cli_ext.project.template import TEMPLATE
from connect_cli_ext.project.undecided import OWN_LABEL, Undecided, undecided
from connect_cli_ext.settings import Settings, current_settings
from connect_cli_ext.wizard.answers import Answers

__all__ = ["update", "update_plan"]

_COLOURS = {
    Outcome.ADDED: "green",
    Outcome.UPDATED: "green",
    Outcome.MERGED: "green",
    Outcome.RENAMED: "green",
    Outcome.REMOVED: "green",
    Outcome.CONFLICT: "red",
    Outcome.BESIDE: "yellow",
    Outcome.KEPT: "cyan",
    Outcome.UNDECIDED: "red",
}


@click.command()
@click.argument("project_dir", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--check", is_flag=True, help="Change nothing; end with status 1 if the template has something new.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
@click.option("-f", "--force", is_flag=True, help="Also where changes are not committed, so that it cannot be undone.")
@output_option
@click.pass_context
def update(context: click.Context, project_dir: Path, check: bool, diff: bool, force: bool, output: str) -> None:
    """Bring the project in PROJECT_DIR (this folder, if left out) up to today's template.

    What you changed stays: the template's news are merged in, three ways. Where both changed the same lines, both
    versions stand in the file between marks (<<<<<<< and >>>>>>>), and the exit status is 1. Files of your own are left
    alone. All of it is written, or nothing. Needs no network.

    \b
    ccli project extension update --check      # is there anything new?
    ccli project extension update --diff       # show it
    ccli project extension update
    """
    settings = current_settings()
    if not project_dir.is_dir():
        raise FileError(project_dir, "no such folder")
    context.with_resource(held(project_dir))
    for path in recover(project_dir):
        click.echo(f"An interrupted command had changed {path}; that was taken back.", err=True)
    marker = read_marker(project_dir)
    if marker is None:
        if MARKER in _with_marks(project_dir):
            raise FileError(
                project_dir / MARKER,
                "two branches changed it, and the merge is not finished: take either side, whole, and commit it",
            )
        raise FileError(
            project_dir.resolve(),
            f"has no {MARKER}, or one that cannot be read: only projects made by "
            "'ccli project extension bootstrap' can be updated",
        )
    left = tuple(undecided(dict(files_of(project_dir)), marker.files))
    if left and not (check or diff or force):
        raise CommandError(_refusal(project_dir, left))
    plan = update_plan(project_dir, marker)
    plan.results += [Result(item.path, Outcome.UNDECIDED, item.note) for item in left]
    rows = [{"file": item.path, "outcome": item.outcome.value, "note": item.note} for item in plan.results]
    if diff:
        click.echo("".join(_differences(project_dir, plan)), nl=False)
    elif not check and plan.changes:
        if not force:
            _refuse_if_at_stake(project_dir, plan)
        plan.changes.apply(project_dir)
    if output == "json":
        print_rows(rows, {}, "json")
    elif not diff:
        _tell(settings, plan, check)
    if left and output != "json":
        click.echo(_refusal(project_dir, left), err=True)
    if left or (plan.results and check) or (not check and not diff and any(item.open for item in plan.results)):
        context.exit(1)


def _with_marks(project: Path) -> set[str]:
    path = project / MARKER
    try:
        content = path.read_bytes()
    except OSError:
        return set()
    return {item.path for item in undecided({MARKER: content}, {MARKER: ""})}


def _refusal(project: Path, left: Sequence[Undecided]) -> str:
    listed = "\n".join(f"  {project / item.path}: {item.note}" for item in left)
    return (
        "an earlier update, or a merge, is not finished. Keep in each place what you want, take the marks "
        f"(<<<<<<< to >>>>>>>) away, and commit; then update:\n{listed}"
    )


def update_plan(project: Path, marker: Marker, template: Path = TEMPLATE, *, use_git: bool = True) -> Plan:
    """Return what bringing ``project`` up to ``template`` means; nothing is written.

    Raises:
        AnswerError: an answer of the project will not do for the template any more.
        FileError: a file of the project cannot be read.
    """
    answers = answers_from(marker.answers, str(project / MARKER), template)
    theirs = rendering(answers, template)
    now = installed_version("connect-extension-sdk")
    labels = Labels(OWN_LABEL, f"the template before ({marker.version})", f"the template now ({now})")
    plan = reconcile(_base(project, marker), dict(files_of(project)), theirs, labels, use_git=use_git)
    known = {name: value for name, value in marker.files.items() if not name.endswith("env")}
    if plan.results or known != {path: digest(file.content) for path, file in theirs.items()}:
        _renew(plan, project, marker, answers, theirs, now)
    return plan


def _base(project: Path, marker: Marker) -> Base:
    path = project / BASE
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(path, f"cannot be read: {error}") from error
    contents = load_base(text) or {}
    digests = {name: value for name, value in marker.files.items() if not name.endswith("env")}
    # One that was edited, or left behind by a merge of two branches, is no base.
    true = {name: content for name, content in contents.items() if digests.get(name) == digest(content)}
    return Base(digests, true, lambda name, wanted: content_with_digest(project, name, wanted))


def _renew(
    plan: Plan,
    project: Path,
    marker: Marker,
    answers: Answers,
    theirs: Mapping[str, RenderedFile],
    now: str,
) -> None:
    """Let the project say that it is on today's template."""
    contents = {path: file.content for path, file in theirs.items()}
    digests = {path: digest(content) for path, content in contents.items()}
    local = {path: value for path, value in marker.files.items() if path.endswith("env")}
    plan.changes.write(MARKER, marker_text(answers.document(), dict(sorted({**local, **digests}.items())), now))
    plan.changes.write(BASE, dump_base(contents))


def _refuse_if_at_stake(project: Path, plan: Plan) -> None:
    state = pending(project)
    lost = sorted(state.changed | (state.untracked & plan.at_stake))
    if not lost:
        return
    named = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
    if state.repository:
        raise CommandError(
            f"these changes are in no commit: {named}. Commit them first, so that the update can be undone, "
            "or use --force"
        )
    git = "this is no git repository" if shutil.which("git") else "git is not installed"
    raise CommandError(f"{git}, so a merge into {named} could not be undone. Keep a copy and use --force")


def _differences(project: Path, plan: Plan) -> Iterator[str]:
    changes = plan.changes
    for path in sorted({*changes.written, *changes.removed} - {MARKER, BASE}):
        present = project / path
        before = present.read_bytes() if present.is_file() else b""
        after = changes.written.get(path, b"")
        try:
            old, new = before.decode("utf-8"), after.decode("utf-8")
        except UnicodeDecodeError:
            yield f"Binary files a/{path} and b/{path} differ\n"
            continue
        for line in difflib.unified_diff(
            old.splitlines(True),
            new.splitlines(True),
            f"a/{path}" if before else "/dev/null",
            f"b/{path}" if path in changes.written else "/dev/null",
        ):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[0])
            text = line.rstrip("\n")
            yield (click.style(text, fg=colour) if colour else text) + "\n"


def _tell(settings: Settings, plan: Plan, check: bool) -> None:
    if not plan.results:
        settings.say("The project is up to date with the template.")
        return
    width = max(len(item.outcome.value) for item in plan.results)
    for item in plan.results:
        word = click.style(item.outcome.value.ljust(width), fg=_COLOURS[item.outcome])
        settings.say(f"{word}  {item.path}{f'  ({item.note})' if item.note else ''}")
    settings.say()
    news = [item for item in plan.results if item.outcome is not Outcome.UNDECIDED]
    if check:
        if news:
            settings.say("An update is available: run 'ccli project extension update'.")
        return
    unsolved = [item for item in news if item.open]
    if unsolved:
        count = f"{len(unsolved)} file{'s' if len(unsolved) > 1 else ''}"
        settings.say(f"{count} to look at: search for <<<<<<< and for *.new.")
    elif news:
        settings.say(
            f"{sign('✓', '+')} The project is on today's template. Look at it with 'git diff', and run its tests."
        )
