"""Imports the application classes that a project declares, and tells apart all the ways in which that can fail."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from connect_eaas import pydantic1
from connect_eaas.validation.project import Application, EntryPoint, Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.text_file import line_of

__all__ = ["RULES", "check"]

NOT_IMPORTED: Final = Rule(
    "PYP006", ERROR, "an application cannot be imported",
    "The runner imports the module of each application when it starts.",
    "Correct the line that the message names; install the project's dependencies if a module is missing.",
)  # fmt: skip
NO_CLASS: Final = Rule(
    "PYP009", ERROR, "an entry point names a class that does not exist",
    "The module can be imported, but has no such class.",
    "Correct the class's name in pyproject.toml, or define the class.",
)  # fmt: skip
FOREIGN: Final = Rule(
    "PYP012", WARNING, "an application is not imported from the project",
    "An installed package of the same name was found instead, so it is what was checked and would run.",
    "Give the project's package a name of its own, or uninstall the other one.",
)  # fmt: skip
WRONG_SWITCH: Final = Rule(
    "PYP015", ERROR, "the switch for models of pydantic 1 is wrong",
    "The runner does not guess whether models are to work as under pydantic 1.",
    f"Write `pydantic1 = true` (or false) in [tool.connect], or set {pydantic1.VARIABLE} to 1 or 0.",
)  # fmt: skip

RULES: Final = (NOT_IMPORTED, NO_CLASS, FOREIGN, WRONG_SWITCH)

_OLD_MODELS: Final = (
    "Change the model. Or, if the project's models were written for pydantic 1, let them work as they did: write "
    "`pydantic1 = true` in [tool.connect] of pyproject.toml."
)


def check(project: Project) -> Iterator[Finding]:
    """Import the applications into ``project``, and report those that cannot be."""
    for directory in (project.root / "src", project.root):
        if directory.is_dir():
            # At the front: the project is meant, whatever is installed.
            sys.path[:] = [str(directory), *(entry for entry in sys.path if entry != str(directory))]
    importlib.invalidate_caches()
    yield from _old_models(project)
    applications = []
    for entry in project.entry_points:
        found = _load(project, entry)
        if isinstance(found, Finding):
            yield found
            continue
        applications.append(Application(entry, found))
        file = getattr(sys.modules.get(entry.module), "__file__", None)
        if file is None or not Path(file).resolve().is_relative_to(project.root):
            yield FOREIGN.broken(f"{entry.module} is imported from {file or 'no file'}", entry.place)
    project.applications = tuple(applications)


def _old_models(project: Project) -> Iterator[Finding]:
    """Let the project's models work as they will when it runs, before they are imported."""
    if not project.entry_points:
        return
    try:
        pydantic1.activate_if_wanted(project.root, os.environ, [entry.value for entry in project.entry_points])
    except ValueError as error:
        if pydantic1.VARIABLE in str(error):
            yield WRONG_SWITCH.broken(str(error))
            return
        line = line_of(project.files.read(project.pyproject), r"^[ \t]*pydantic1\s*=")
        yield WRONG_SWITCH.broken("tool.connect.pydantic1: expected true or false", Place(project.pyproject, line))


def _load(project: Project, entry: EntryPoint) -> type | Finding:
    try:
        module: Any = importlib.import_module(entry.module)
        target = module
        for part in entry.value.partition(":")[2].split("."):
            target = getattr(target, part, None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an author's module may raise anything, SystemExit too
        old = type(error).__name__ in ("PydanticUserError", "PydanticImportError")
        return NOT_IMPORTED.broken(*_trouble(project, entry, error), fix=_OLD_MODELS if old else None)
    if isinstance(target, type):
        return target
    state = "has no class" if target is None else f"has a {type(target).__name__}, not a class, under the name"
    name = entry.value.partition(":")[2]
    return NO_CLASS.broken(f"{entry.name}: the module {entry.module} {state} {name!r}", entry.place)


def _trouble(project: Project, entry: EntryPoint, error: BaseException) -> tuple[str, Place]:
    if isinstance(error, SyntaxError) and error.filename:
        what = error.msg if "syntax" in error.msg else f"invalid syntax: {error.msg}"
        return f"{entry.value}: {what}", Place(Path(error.filename).absolute(), error.lineno)
    message = f"{entry.value}: {type(error).__name__}: {_text(error)}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_absolute() and path.is_relative_to(project.root) and ".venv" not in path.parts:
            return message, Place(path, frame.lineno)
    return message, entry.place


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the author's own class
        return "(its text cannot be shown)"
