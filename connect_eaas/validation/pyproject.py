"""Rules on ``pyproject.toml``: who the project is, what it needs, and which applications it declares."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connect_eaas.validation.project import EntryPoint, Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.text_file import UnreadableError, line_of

__all__ = ["GROUP", "KINDS", "RULES", "check"]

GROUP: Final = "connect.eaas.ext"
KINDS: Final = ("eventsapp", "webapp", "anvilapp", "tfnapp")
_OLD: Final = "extension"
_HEADER: Final = r"^[ \t]*\[.*connect\.eaas\.ext.*\]"
_SDK: Final = "connect-extension-sdk"
_CORE: Final = "connect-eaas-core"
_RUNNER: Final = "connect-extension-runner"
_EXAMPLE: Final = f'[project.entry-points."{GROUP}"]\neventsapp = "my_package.events:MyEventsApplication"'

NO_FILE: Final = Rule(
    "PYP001", ERROR, "pyproject.toml is missing",
    "The runner finds the applications of a project by its pyproject.toml.",
    "Run the command in the extension's directory, or make a project with `ccli project extension bootstrap`.",
)  # fmt: skip
NOT_TOML: Final = Rule(
    "PYP002", ERROR, "pyproject.toml is not valid TOML",
    "A file that cannot be parsed declares nothing.",
    "Correct the line that the message names.",
)  # fmt: skip
RUNNER_NEEDED: Final = Rule(
    "PYP003", WARNING, "the project depends on the public runner",
    "The public runner pins its own libraries; an extension needs the SDK only, which brings cextrun.",
    f"Replace the dependency {_RUNNER} by {_SDK}.",
)  # fmt: skip
SDK_MISSING: Final = Rule(
    "PYP004", ERROR, "the project does not depend on the SDK",
    "Where the project is installed, its imports fail unless something else brings the SDK.",
    f'Add "{_SDK}" to the dependencies.',
    blocks=False,
)  # fmt: skip
NO_ENTRY_POINTS: Final = Rule(
    "PYP005", ERROR, "no applications are declared",
    f"The runner starts what the entry points of the group {GROUP} name.",
    f"Declare the application, for example:\n{_EXAMPLE}",
)  # fmt: skip
OLD_NAME: Final = Rule(
    "PYP007", WARNING, "the entry point `extension` is deprecated",
    "It is the older name of `eventsapp`.",
    "Rename the entry point to eventsapp.",
)  # fmt: skip
NO_KNOWN_NAME: Final = Rule(
    "PYP008", ERROR, "no entry point has a known name",
    f"Only these are started: {', '.join(KINDS)}.",
    f"Name each application by its kind, for example:\n{_EXAMPLE}",
)  # fmt: skip
NOT_A_REFERENCE: Final = Rule(
    "PYP010", ERROR, "an entry point does not name a class",
    "Its value has to be the module's dotted name, a colon, and the name of the class.",
    'Write it as "package.module:Class".',
)  # fmt: skip
UNKNOWN_NAME: Final = Rule(
    "PYP011", WARNING, "an entry point has an unknown name",
    "It is ignored, so a misspelt application would never run.",
    f"Use one of {', '.join(KINDS)}, or remove it.",
)  # fmt: skip
DECLARED_TWICE: Final = Rule(
    "PYP013", WARNING, "an application is declared twice",
    "Only one application of a kind is started; the other one is silently left out.",
    "Keep one of the two entry points.",
)  # fmt: skip
CORE_NEEDED: Final = Rule(
    "PYP014", WARNING, "the project depends on connect-eaas-core",
    "Both it and this SDK install the package connect.eaas: whichever comes last overwrites the other's files.",
    f"Replace the dependency {_CORE} by {_SDK}.",
)  # fmt: skip

RULES: Final = (
    NO_FILE, NOT_TOML, RUNNER_NEEDED, SDK_MISSING, NO_ENTRY_POINTS, OLD_NAME, NO_KNOWN_NAME, NOT_A_REFERENCE,
    UNKNOWN_NAME, DECLARED_TWICE, CORE_NEEDED,
)  # fmt: skip


def check(project: Project) -> Iterator[Finding]:
    """Read the file into ``project``, and check it."""
    file = Place(project.pyproject)
    try:
        text = project.files.read(project.pyproject)
        project.content = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads(
            text.replace("\r\n", "\n")
        )
    except FileNotFoundError:
        yield NO_FILE.broken(f"{project.root} holds no pyproject.toml", file)
        return
    except UnreadableError as error:
        yield NOT_TOML.broken(f"pyproject.toml {error}", file)
        return
    except RecursionError:
        yield NOT_TOML.broken("pyproject.toml is nested too deeply", file)
        return
    except ValueError as error:
        line = re.search(r"at line (\d+)", str(error))
        yield NOT_TOML.broken(str(error), Place(file.file, int(line[1]) if line else None))
        return
    yield from _dependencies(project, text)
    yield from _entry_points(project, text)


def table(content: object, *keys: str) -> Mapping[str, Any]:
    """Return a nested table; empty if it is missing, or something else stands there."""
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _dependencies(project: Project, text: str) -> Iterator[Finding]:
    names: dict[str, int | None] = {}
    listed = table(project.content, "project").get("dependencies")
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, str) and (match := re.match(r"\s*([A-Za-z0-9][\w.-]*)", item)):
            names.setdefault(_normal(match[1]), line_of(text, re.escape(item)))
    for name in table(project.content, "tool", "poetry", "dependencies"):
        names.setdefault(_normal(name), line_of(text, rf'^[ \t]*["\']?{re.escape(name)}["\']?\s*[=.]'))
    if _RUNNER in names:
        yield RUNNER_NEEDED.broken(f"{_RUNNER} is among the dependencies", Place(project.pyproject, names[_RUNNER]))
    if _CORE in names:
        yield CORE_NEEDED.broken(f"{_CORE} is among the dependencies", Place(project.pyproject, names[_CORE]))
    dynamic = table(project.content, "project").get("dynamic")
    elsewhere = isinstance(dynamic, list) and "dependencies" in dynamic and not names
    if not elsewhere and not names.keys() & {_SDK, _CORE, _RUNNER}:
        line = line_of(text, r"^[ \t]*dependencies\s*=|^[ \t]*\[tool\.poetry\.dependencies\]")
        yield SDK_MISSING.broken(f"{_SDK} is not among the dependencies", Place(project.pyproject, line))


def _entry_points(project: Project, text: str) -> Iterator[Finding]:
    standard = table(project.content, "project", "entry-points", GROUP)
    poetry = table(project.content, "tool", "poetry", "plugins", GROUP)
    if not standard and not poetry:
        yield NO_ENTRY_POINTS.broken(
            f"no entry points of the group {GROUP!r}, neither in [project.entry-points] nor in [tool.poetry.plugins]",
            Place(project.pyproject),
        )
        return
    found: dict[str, EntryPoint] = {}
    known = False
    # The standard's table wins, as it does for the runner; a name in both with one value is harmless.
    for name, value in [*standard.items(), *poetry.items()]:
        place = Place(project.pyproject, line_of(text, rf'^[ \t]*["\']?{re.escape(name)}["\']?\s*=', after=_HEADER))
        if name not in (*KINDS, _OLD):
            near = difflib.get_close_matches(name, (*KINDS, "eventsapp"), 1)
            advice = f"Rename it to {near[0]}, if that is meant." if near else None
            yield UNKNOWN_NAME.broken(f"the entry point {name!r} is ignored", place, fix=advice)
            continue
        known = True
        if name == _OLD:
            yield OLD_NAME.broken("the entry point 'extension' should be called 'eventsapp'", place)
        module, colon, class_name = (part.strip() for part in (value if isinstance(value, str) else "").partition(":"))
        dotted = [*module.split("."), *class_name.split(".")]
        if not colon or not all(part.isidentifier() for part in dotted):
            yield NOT_A_REFERENCE.broken(f"{name} = {value!r}: expected 'package.module:Class'", place)
            continue
        entry = EntryPoint(name, f"{module}:{class_name}", place)
        first = found.setdefault(entry.kind, entry)
        if first.value != entry.value or first.name != entry.name:
            winner = min(first, entry, key=lambda item: item.name == _OLD)
            found[entry.kind] = winner
            yield DECLARED_TWICE.broken(
                f"{first.name} = {first.value!r} and {entry.name} = {entry.value!r}: only {winner.value!r} is started",
                place,
            )
    if not known:
        yield NO_KNOWN_NAME.broken(
            f"none of {', '.join(KINDS)} is declared", Place(project.pyproject, line_of(text, _HEADER))
        )
    project.entry_points = tuple(found.values())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
