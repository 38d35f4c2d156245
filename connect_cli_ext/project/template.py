"""The template of extension projects: what it can make, and rendering it into a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.wizard.answers import Answers
from connect_cli_ext.wizard.surroundings import Served

__all__ = ["TEMPLATE", "TemplateError", "render", "served"]

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_INSTALLED: Final = _PACKAGE / "templates" / "extension"
# An installation carries the templates inside of the package; a checkout has them beside it.
TEMPLATE: Final = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "templates" / "extension"


class TemplateError(CommandError):
    """The template cannot be rendered: a defect of the template or an incomplete installation."""


def served(template: Path = TEMPLATE) -> Served:
    """Return what ``template`` can make, as its own ``cookiecutter.json`` says.

    Raises:
        TemplateError: the template is not there or broken.
    """
    variables = _variables(template)
    types, applications = variables.get("extension_type"), variables.get("_applications", ())
    return Served(
        types=frozenset(types if isinstance(types, list) else [str(types)]),
        features=frozenset(applications),
        events=frozenset([*variables.get("_background", ()), *variables.get("_interactive", ())]),
    )


def render(answers: Answers, folder: Path, template: Path = TEMPLATE) -> Path:
    """Render a project into ``folder`` and return the project's folder in it.

    The answers reach the template exactly as given: what looks like template code in them is not run. Nothing is
    written elsewhere; in particular no copy of the answers, as cookiecutter's own command keeps in the home folder.

    Raises:
        TemplateError: the template is not there, or fails.
        FileError: a file cannot be written.
    """
    from cookiecutter.exceptions import CookiecutterException
    from cookiecutter.generate import generate_files

    variables = _variables(template)
    try:
        context = _context(answers, variables)
        with _temporary_files_in(folder):
            made = generate_files(repo_dir=str(template), context=context, output_dir=str(folder), accept_hooks=True)
    except OSError as error:
        raise FileError(error.filename or folder, f"cannot be written: {reason(error)}") from error
    except (CookiecutterException, ValueError) as error:
        raise TemplateError(f"the project template cannot be rendered: {error}") from error
    project = Path(made)
    _sweep(project)
    _protect(project)
    return project


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Cookiecutter leaves its hooks, with all answers in them, where temporary files go: take them away."""
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix=".hooks-", dir=folder) as own:
        tempfile.tempdir = own
        try:
            yield
        finally:
            tempfile.tempdir = usual


def _variables(template: Path) -> dict[str, Any]:
    try:
        found = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TemplateError(
            f"the project template is missing or broken ({template}): reinstall connect-extension-sdk"
        ) from error
    if not isinstance(found, dict):
        raise TemplateError(f"the project template is broken ({template}): reinstall connect-extension-sdk")
    return found


def _context(answers: Answers, presumed: dict[str, Any]) -> dict[str, Any]:
    from cookiecutter.prompt import prompt_for_config

    given = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in asdict(answers).items()}
    # Private variables may be computed from the answers, so these go through the rendering of the context as literals.
    variables: OrderedDict[str, Any] = OrderedDict(presumed)
    variables.update({name: _literal(value) for name, value in given.items()})
    context: dict[str, Any] = {"cookiecutter": variables}
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    context["cookiecutter"].update(given)
    return context


def _literal(text: str) -> str:
    """Return a template expression whose value is ``text``."""
    if not any(mark in text for mark in ("{{", "{%", "{#", "#}", "%}", "}}")):
        return text
    escaped = "".join(
        character if character.isascii() and character.isalnum() else f"\\U{ord(character):08x}" for character in text
    )
    return f'{{{{ "{escaped}" }}}}'


def _sweep(project: Path) -> None:
    """Remove compiled modules: an installer that compiles what it installs also compiles the template's."""
    for cache in list(project.rglob("__pycache__")):
        shutil.rmtree(cache)


def _protect(project: Path) -> None:
    """Let only the owner read the files that hold the API key."""
    for path in project.glob(".*env"):
        path.chmod(0o600)
