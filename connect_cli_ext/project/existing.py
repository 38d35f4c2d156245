"""An existing extension project, as its files tell: applications, handlers, answers. Nothing is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.project.graft import members, top_level
from connect_cli_ext.project.marker import MARKER, read_marker
from connect_cli_ext.wizard.offers import FEATURES_OF
from connect_eaas.events import CATALOGUE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "Application",
    "ExistingProject",
    "Handler",
    "entry_points",
    "marker_name",
    "open_project",
    "with_event",
    "with_present",
]

_FEATURES = {"eventsapp": "events", "webapp": "webapp", "anvilapp": "anvil", "tfnapp": "tfnapp"}


@dataclass(frozen=True)
class Handler:
    """A method with a decorator of ours: which one, its first argument, and where it is."""

    method: str
    decorator: str
    argument: str
    line: int
    coroutine: bool


@dataclass(frozen=True)
class Application:
    """A class that an entry point names. Its text has the line ends of Unix, whatever its file has."""

    path: str
    class_name: str
    text: str
    tree: ast.Module

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The decorated methods, in order."""
        return tuple(_handlers(members(self.tree, self.class_name)))


@dataclass(frozen=True)
class ExistingProject:
    """The project in a folder."""

    root: Path
    package: str
    applications: Mapping[str, Application]
    made_here: bool
    answers: Mapping[str, Any]
    """What it was made from; as far as it can be told, if it was not made here."""

    @property
    def name(self) -> str:
        """Its folder, for messages."""
        return self.root.resolve().name or str(self.root)

    def application(self, kind: str) -> Application:
        """Return the application of a kind.

        Raises:
            CommandError: the project has none.
        """
        if kind not in self.applications:
            self.check_feature(_FEATURES[kind])
            raise CommandError(
                f"{self.root / 'pyproject.toml'} declares no {kind}; add one with "
                f"'ccli project extension add application {_FEATURES[kind]}'"
            )
        return self.applications[kind]

    @property
    def type(self) -> str:
        """The type of the extension; empty where nobody knows it."""
        return str(self.answers.get("extension_type") or "") if self.made_here else ""

    def check_feature(self, feature: str) -> None:
        """Make sure that an extension of this type can have an application, as far as the type is known.

        Raises:
            CommandError: it cannot; says which types can (reference/cli.md, below the table of steps).
        """
        able = [kind for kind, features in FEATURES_OF.items() if feature in features]
        if self.type in FEATURES_OF and self.type not in able:
            kind = "multiaccount" if "multiaccount" in able else able[0]
            raise CommandError(
                f"{self.name}: an extension of the type '{self.type}' cannot have the application '{feature}'; one of "
                f"the type {' or '.join(map(repr, able))} can. Make a project of its own for it: "
                f"'ccli project extension bootstrap --answer extension_type={kind}'"
            )

    @property
    def own_packages(self) -> frozenset[str]:
        """Packages of the project itself."""
        return frozenset({self.package, "tests"})


def entry_points(pyproject: str) -> dict[str, str]:
    """Return the applications that the text of a ``pyproject.toml`` declares: kind to ``module:Class``.

    Raises:
        ValueError: it is no TOML.
    """
    document: dict[str, Any] = tomllib.loads(pyproject)
    for path in (("project", "entry-points"), ("tool", "poetry", "plugins")):
        table: Any = document
        for key in (*path, "connect.eaas.ext"):
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            return {
                "eventsapp" if name == "extension" else name: value
                for name, value in table.items()
                if isinstance(value, str)
            }
    return {}


def open_project(root: Path) -> ExistingProject:
    """Read the project in ``root``.

    Raises:
        FileError: a file is missing or broken; names it, and the line.
    """
    if not root.is_dir():
        raise FileError(root, "no such folder")
    pyproject = root / "pyproject.toml"
    try:
        declared = entry_points(pyproject.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(pyproject, f"cannot be read: {reason(error)}; name the folder of a project") from error
    except ValueError as error:
        raise FileError(pyproject, f"is no TOML: {error}") from error
    declared = {kind: target for kind, target in declared.items() if kind in _FEATURES and ":" in target}
    if not declared:
        raise FileError(pyproject, 'declares no application below [project.entry-points."connect.eaas.ext"]')
    applications = {kind: _application(root, target) for kind, target in declared.items()}
    package = next(iter(declared.values())).partition(":")[0].partition(".")[0]
    marker = read_marker(root)
    answers = dict(marker.answers) if marker is not None else _presumed(root, package, applications)
    return ExistingProject(root, package, applications, marker is not None, answers)


def _application(root: Path, target: str) -> Application:
    module, _, class_name = target.partition(":")
    inside = module.replace(".", "/")
    candidates = [f"{folder}{inside}{end}" for folder in ("", "src/") for end in (".py", "/__init__.py")]
    path = next((candidate for candidate in candidates if (root / candidate).is_file()), None)
    if path is None:
        raise FileError(root / candidates[0], f"no such file, although pyproject.toml names {target}")
    try:
        text = (root / path).read_bytes().decode("utf-8").replace("\r\n", "\n")
        if text.startswith("\ufeff"):
            raise FileError(root / path, "begins with a byte order mark: save it in UTF-8 without one")
        tree = ast.parse(text)
    except OSError as error:
        raise FileError(root / path, f"cannot be read: {reason(error)}") from error
    except SyntaxError as error:
        raise FileError(f"{root / path}:{error.lineno}", f"is no Python: {error.msg}") from error
    except ValueError as error:
        raise FileError(root / path, f"is no Python: {error}") from error
    if not isinstance(top_level(tree).get(class_name), ast.ClassDef):
        raise FileError(root / path, f"has no class {class_name}, although pyproject.toml names {target}")
    return Application(path, class_name, text, tree)


def _handlers(methods: Mapping[str, ast.stmt]) -> Iterator[Handler]:
    for name, node in methods.items():
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            function = decorator.func
            called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            given = [*decorator.args, *(keyword.value for keyword in decorator.keywords)]
            argument = given[0].value if given and isinstance(given[0], ast.Constant) else ""
            yield Handler(name, called, str(argument), node.lineno, isinstance(node, ast.AsyncFunctionDef))


def _presumed(root: Path, package: str, applications: Mapping[str, Application]) -> dict[str, Any]:
    """Return what a project that was not made here looks like it was made from."""
    handlers = [handler for application in applications.values() for handler in application.handlers]
    kind = "transformations" if "tfnapp" in applications else "multiaccount" if "webapp" in applications else "products"
    slug = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "_" for char in root.resolve().name)
    return {
        "project_name": slug,
        "project_slug": slug.strip("_-") or "project",
        "package_name": package,
        "extension_type": kind,
        "use_asyncio": "y" if any(handler.coroutine for handler in handlers) else "n",
        "application_types": [_FEATURES[kind] for kind in applications],
        "event_types": [],
    }


def with_present(project: ExistingProject) -> dict[str, Any]:
    """Return the project's answers with all applications and events that it has now, however they came in."""
    answers = dict(project.answers)
    made_with = answers.get("application_types")
    for kind in project.applications:
        answers["application_types"] = _with(answers.get("application_types"), _FEATURES[kind])
    if "webapp" in project.applications and "webapp" not in (made_with or ()) and project.type != "transformations":
        answers["webapp_supports_ui"] = "y" if (project.root / "package.json").is_file() else "n"
    application = project.applications.get("eventsapp")
    for handler in application.handlers if application is not None else ():
        definition = CATALOGUE.get(handler.argument)
        if handler.decorator == "event" and definition is not None:
            answers = with_event(answers, definition.category, handler.argument)
        elif handler.decorator == "schedulable":
            answers["event_types"] = _with(answers.get("event_types"), "scheduled")
    return answers


def with_event(answers: Mapping[str, Any], category: str, event_type: str) -> dict[str, Any]:
    """Return the answers with one more event type."""
    return {
        **answers,
        "event_types": _with(answers.get("event_types"), category),
        category: _with(answers.get(category), event_type),
    }


def _with(items: Any, item: str) -> list[str]:
    present = [str(one) for one in items] if isinstance(items, list | tuple) else []
    return present if item in present else [*present, item]


def marker_name(project: ExistingProject) -> str:
    """Return the name of what the answers come from, for messages."""
    return str(project.root / (MARKER if project.made_here else "pyproject.toml"))
