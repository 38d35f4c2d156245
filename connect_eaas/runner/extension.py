"""Finds the extension: the application classes that a project offers through its entry points.

The group is ``connect.eaas.ext``, the names are ``eventsapp`` (``extension`` in older projects), ``webapp``,
``anvilapp`` and ``tfnapp`` (``reference/sdk-api.md`` section 0). The project in the working directory is read from its
``pyproject.toml``, so it need not be installed; elsewhere what is installed counts.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connect_eaas import pydantic1
from connect_eaas.runner.bytecode import forget_stale_bytecode
from connect_eaas.runner.errors import ExtensionError

__all__ = ["ENTRY_POINT_GROUP", "EntryPoints", "declared_applications", "find_entry_points", "load_application"]

ENTRY_POINT_GROUP: Final = "connect.eaas.ext"
_NAMES: Final[tuple[str, ...]] = ("eventsapp", "webapp", "anvilapp", "tfnapp")
_OLD_NAME: Final = "extension"


@dataclass(frozen=True)
class EntryPoints:
    """What a project offers: kind of application → ``module:Class``."""

    applications: Mapping[str, str]
    source: str
    """Where they were found, for messages."""


def find_entry_points(project: Path) -> EntryPoints:
    """Find the applications of the project in this directory.

    Modules of the project become importable from its directory (and ``src``), as if it were installed.

    Raises:
        ExtensionError: ``pyproject.toml`` cannot be read, or no application is declared.
    """
    file = project / "pyproject.toml"
    declared = declared_applications(file) if file.is_file() else {}
    if declared:
        for directory in (project / "src", project):
            if directory.is_dir() and str(directory) not in sys.path:
                sys.path.insert(0, str(directory))
        source = str(file)
    else:
        declared = _installed()
        source = "the installed packages"
    applications: dict[str, str] = {name: declared[name] for name in _NAMES if name in declared}
    if "eventsapp" not in applications and _OLD_NAME in declared:
        applications["eventsapp"] = declared[_OLD_NAME]
    if not applications:
        raise ExtensionError(
            f"no application found: neither {file} nor an installed package has entry points in the group "
            f"{ENTRY_POINT_GROUP!r}. Run this in the extension's directory, and declare for example\n"
            f'[project.entry-points."{ENTRY_POINT_GROUP}"]\neventsapp = "my_package.events:MyEventsApplication"'
        )
    return EntryPoints(applications, source)


def load_application(kind: str, reference: str, *, source: str) -> type:
    """Import an application class.

    Raises:
        ExtensionError: names the reference, the file and the cause.
    """
    module_name, colon, class_name = (part.strip() for part in reference.partition(":"))
    what = f"{kind} = {reference!r} ({source})"
    if not colon or not module_name or not class_name:
        raise ExtensionError(f"{what}: expected 'package.module:Class'")
    try:
        pydantic1.activate_if_wanted(Path.cwd(), os.environ, [reference])
    except ValueError as error:
        raise ExtensionError(str(error)) from error
    try:
        forget_stale_bytecode(module_name, Path.cwd())
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise ExtensionError(f"{what}: {_import_trouble(module_name, error)}") from error
    target: Any = module
    for part in class_name.split("."):
        target = getattr(target, part, None)
    if not isinstance(target, type):
        state = "has no class" if target is None else "has something else than a class under the name"
        raise ExtensionError(f"{what}: {module.__file__ or module_name} {state} {class_name!r}")
    return target


def declared_applications(file: Path) -> dict[str, str]:
    """Read the entry points that a ``pyproject.toml`` declares, as name → ``module:Class``; imports nothing.

    Raises:
        ExtensionError: the file cannot be read, or an entry point is no text.
    """
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        content = toml.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExtensionError(f"{file}: cannot be read: {error}") from error
    standard = _table(_table(_table(content, "project"), "entry-points"), ENTRY_POINT_GROUP)
    poetry = _table(_table(_table(_table(content, "tool"), "poetry"), "plugins"), ENTRY_POINT_GROUP)
    found = {**poetry, **standard}
    wrong = [name for name, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise ExtensionError(f"{file}: entry point {wrong[0]!r}: expected a text like 'package.module:Class'")
    return found


def _table(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points

    found: dict[str, str] = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value)):
        if found.setdefault(entry.name, entry.value) != entry.value:
            raise ExtensionError(
                f"several installed packages offer {entry.name!r} ({found[entry.name]}, {entry.value}): "
                "run this in the directory of the extension that you mean"
            )
    return found


def _import_trouble(module_name: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename and frame.filename != __file__]
    cause = f"{type(error).__name__}: {error}"
    if not own:
        return f"cannot import {module_name}: {cause}"
    return f"cannot import {module_name}: {own[-1].filename}, line {own[-1].lineno}: {cause}"
