"""Making a project from answers: whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.git import run_git
from connect_cli_ext.project.marker import write_marker
from connect_cli_ext.project.target import put_in_place, refusal
from connect_cli_ext.project.template import TEMPLATE, render
from connect_cli_ext.project.workshop import sweep, workshop
from connect_cli_ext.wizard.answers import Answers

__all__ = ["MadeProject", "make_project"]


@dataclass(frozen=True)
class MadeProject:
    """What was made.

    Args:
        folder: the project's folder.
        paths: folders and files in it, relative, folders with a slash at their end.
        backup: where the replaced project is kept, if it held somebody's work.
        git: whether a git repository was made.
        git_note: why not, if not.
    """

    folder: Path
    paths: tuple[str, ...]
    backup: Path | None
    git: bool
    git_note: str = ""


def _silent(_doing: str) -> None:
    """Tell nobody."""


def make_project(
    answers: Answers,
    output_dir: Path,
    *,
    force: bool = False,
    template: Path = TEMPLATE,
    progress: Callable[[str], None] = _silent,
    tell: Callable[[str], None] = _silent,
) -> MadeProject:
    """Make a project in ``output_dir``.

    It is built in a hidden folder beside its place and moved there when it is finished, so a failure or Ctrl-C leaves
    nothing behind.

    Args:
        answers: what to make.
        output_dir: an existing folder; the project's folder is made in it.
        force: replace an older project of ours (see `connect_cli_ext.project.target`).
        template: the template to use.
        progress: told what is being done, before each part.
        tell: told what was put in order that an interrupted command had left behind.

    Raises:
        FileError: the place is taken, or a file cannot be written.
        TemplateError: the template is missing or broken.
    """
    target = output_dir / answers.project_slug
    if not output_dir.is_dir():
        raise FileError(output_dir, "is no folder; make it first, or choose another one with --output-dir")
    sweep(output_dir, answers.project_slug, tell)
    problem = refusal(target, force=force)
    if problem is not None:
        raise FileError(target, problem.removeprefix(f"{target} "))
    with workshop(output_dir, answers.project_slug) as folder:
        progress("Rendering the files")
        try:
            made = render(answers, folder, template)
        except FileError as error:
            # The file that it names will be gone with the folder.
            raise FileError(output_dir, error.problem) from error
        try:
            write_marker(made, answers.document(), version("connect-extension-sdk"))
        except OSError as error:
            raise FileError(output_dir, f"cannot be written: {reason(error)}") from error
        paths = tuple(sorted(_listed(made)))
        progress("Starting a git repository")
        git_note = _init_git(made, output_dir)
        progress(f"Moving it to {target}")
        backup = put_in_place(made, target, force=force)
    return MadeProject(target, paths, backup, git=not git_note, git_note=git_note)


def _listed(project: Path) -> Iterator[str]:
    for path in project.rglob("*"):
        name = path.relative_to(project).as_posix()
        yield f"{name}/" if path.is_dir() else name


def _init_git(project: Path, output_dir: Path) -> str:
    """Make a git repository. Return why there is none, or an empty text."""
    inside = run_git(output_dir, "rev-parse", "--is-inside-work-tree")
    if inside is None:
        return "git is not installed"
    if inside.returncode == 0 and inside.stdout.strip() == b"true":
        return "the folder is part of a git repository already"
    done = run_git(project, "init", "--quiet")
    if done is None:
        return "git is not installed"
    if done.returncode == 0:
        return ""
    shutil.rmtree(project / ".git", ignore_errors=True)
    return f"git said: {done.stderr.decode(errors='replace').strip()}"
