"""``ccli project extension add``."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from connect_cli_ext.completion import event_types
from connect_cli_ext.errors import CommandError, FileError
from connect_cli_ext.lazy import LazyGroup
from connect_cli_ext.output import sign
from connect_cli_ext.project.additions import Addition, bring_in, without
from connect_cli_ext.project.changes import recover
from connect_cli_ext.project.copies import COPIED, add_page, add_transformation
from connect_cli_ext.project.existing import (
    Application,
    ExistingProject,
    entry_points,
    marker_name,
    open_project,
    with_event,
    with_present,
)
from connect_cli_ext.project.graft import top_level
from connect_cli_ext.project.hold import held
from connect_cli_ext.project.readme import EVENTS, TRANSFORMATIONS, VARIABLES, add_row, add_tab, code
from connect_cli_ext.project.rendering import answers_from, rendering
from connect_cli_ext.project.template import served
from connect_cli_ext.project.variable import add_variable
from connect_cli_ext.project.writing import call, quoted, wrapped
from connect_cli_ext.settings import current_settings
from connect_eaas.events import CATALOGUE

__all__ = ["add"]

F = TypeVar("F", bound=Callable[..., Any])

_LONGEST_NAME = 48
_SCHEDULED = "execute_scheduled_processing"
_APPLICATIONS = {"events": "eventsapp", "webapp": "webapp", "anvil": "anvilapp", "tfnapp": "tfnapp"}


def project_option(function: F) -> F:
    """Give a command the option ``-p DIR``, as its argument ``project_dir``."""
    return click.option(
        "-p",
        "--project-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        show_default="this folder",
        help="The project.",
    )(function)


@click.group(cls=LazyGroup)
def add() -> None:
    """Add something to an existing project: into the class where it belongs, with what it needs and with its test.

    Your own code stays as it is; whatever cannot be added to is told. All files are written, or none.

    \b
    ccli project extension add event asset_cancel_request_processing
    ccli project extension add schedulable refresh_prices
    ccli project extension add variable API_TOKEN --secure
    ccli project extension add application anvil
    ccli project extension add transformation round_prices
    ccli project extension add page statistics
    """


@add.command()
@click.argument("event_type", shell_complete=event_types)
@project_option
def event(event_type: str, project_dir: Path) -> None:
    """Add a handler for EVENT_TYPE, and its test."""
    definition = CATALOGUE.get(event_type)
    known = served().events or frozenset(CATALOGUE)
    if definition is None or event_type not in known:
        near = get_close_matches(event_type, known, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(sorted(known))}."
        raise CommandError(f"there is no event type '{event_type}'. {hint}")
    project = _open(project_dir)
    if project.type and project.type not in definition.extension_types:
        raise CommandError(
            f"{project.name}: extensions of the type '{project.type}' do not get {event_type}, only those of the type "
            f"{' or '.join(map(repr, definition.extension_types))}"
        )
    application = project.application("eventsapp")
    for handler in application.handlers:
        if handler.decorator == "event" and handler.argument == event_type:
            raise _exists(project, application, handler.line, f"{handler.method} handles {event_type} already")
    present = with_present(project)
    wanted = with_event(present, definition.category, event_type)
    if not present.get("event_types"):
        # The template makes no events application without events: what it has besides comes as well.
        before = _lacking(_rendered(project, wanted), event_type)
    else:
        before = _rendered(project, present)
    addition = bring_in(project, before, _rendered(project, wanted), lines=project.made_here)
    _finish(project, addition, f"handler for {event_type}", application.path, event_type)


def _lacking(texts: Mapping[str, bytes], word: str) -> dict[str, bytes]:
    classes = {target.partition(":")[2] for target in entry_points(texts["pyproject.toml"].decode()).values()}
    reduced = dict(texts)
    for path, content in texts.items():
        if path.endswith(".py") and word.encode() in content:
            names = classes & top_level(ast.parse(content)).keys()
            reduced[path] = without(content, min(names, default=""), word)
    return reduced


@add.command()
@click.argument("name")
@click.option("--title", help="What people see on the portal. Default: from NAME.")
@click.option("--description", help="What it does, in a sentence for people.")
@project_option
def schedulable(name: str, title: str | None, description: str | None, project_dir: Path) -> None:
    """Add the method NAME, which people can put on a schedule, and its test.

    It begins as one that counts pending requests, which you replace by what it is for.
    """
    _identifier(name, "method", "refresh_prices")
    _line(title, "--title")
    _line(description, "--description")
    project = _open(project_dir)
    application = project.application("eventsapp")
    _refuse_taken(project, application, name)
    shown = title or name.replace("_", " ").strip().capitalize()
    for handler in application.handlers:
        if handler.decorator == "schedulable" and handler.argument == shown:
            raise _exists(
                project,
                application,
                handler.line,
                f"{handler.method} is called {shown!r} already; give another --title",
            )
    present = with_present(project)
    kinds = list(present.get("event_types") or ())
    wanted = {**present, "event_types": kinds if "scheduled" in kinds else [*kinds, "scheduled"]}
    after = {path: _named(path, text, name, shown, description) for path, text in _rendered(project, wanted).items()}
    before = _lacking(after, name)
    # What else an events application has for its schedules is there already, or comes along.
    addition = bring_in(
        project,
        {path: text for path, text in before.items() if path.endswith(".py")},
        {path: text for path, text in after.items() if path.endswith(".py") or path == "pyproject.toml"},
        lines=False,
    )
    addition.changes.written.pop("pyproject.toml", None)
    addition.told = [item for item in addition.told if item[0] != "pyproject.toml"]
    addition.notes = [note for note in addition.notes if not note.startswith("pyproject.toml")]
    told = description or _description_of(after, name)
    add_row(project, addition, EVENTS, (f'schedule "{shown}"', "–", told))
    _finish(project, addition, f"schedulable method {name}", application.path, name)


def _description_of(texts: Mapping[str, bytes], method: str) -> str:
    """Return what the rendering says that a schedulable method does."""
    for path, content in texts.items():
        if path.endswith(".py") and not path.startswith("tests/") and method.encode() in content:
            for node in ast.walk(ast.parse(content)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == method:
                    for decorator in node.decorator_list:
                        if isinstance(decorator, ast.Call) and isinstance(decorator.args[-1], ast.Constant):
                            return str(decorator.args[-1].value)
    return ""


def _named(path: str, content: bytes, name: str, title: str, description: str | None) -> bytes:
    """Give the template's scheduled method another name, and its tests too."""
    if not path.endswith(".py") or _SCHEDULED.encode() not in content:
        return content
    text = content.decode()
    if path.startswith("tests/"):
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                segment = ast.get_source_segment(text, node) or ""
                if _SCHEDULED in segment and name != _SCHEDULED:
                    test = "test_" + node.name.removeprefix("test_").replace("schedule", name, 1)
                    renamed = segment.replace(f"def {node.name}(", f"def {test}(")
                    text = text.replace(segment, renamed)
    pattern = re.compile(r"( *)@schedulable\((\"[^\"]*\"), (\"[^\"]*\")\)")
    told = quoted(description) if description else ""
    text = pattern.sub(lambda match: call(match[1], "@schedulable", [quoted(title), told or match[3]]), text)
    text = re.sub(rf"\b{_SCHEDULED}\b", name, text)
    return "".join(map(wrapped, text.splitlines(True))).encode()


@add.command()
@click.argument("name")
@click.option("--value", default="", help="Initial value.")
@click.option("--description", help="What it is for, in a sentence for people; stands in the README.")
@click.option("--secure", is_flag=True, help="Keep its value secret: encrypted, and readable by the extension only.")
@click.option(
    "--to",
    "kind",
    type=click.Choice(list(_APPLICATIONS)),
    help="Which application declares it. Default: the first that the project has.",
)
@project_option
def variable(name: str, value: str, description: str | None, secure: bool, kind: str | None, project_dir: Path) -> None:
    """Add the environment variable NAME: to the class, to the deployment, to the tests' values, and to the README."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise click.BadParameter(f"'{name}' is no name of a variable; an example is API_TOKEN", param_hint="NAME")
    if any(not character.isprintable() for character in value):
        raise click.BadParameter("it must be one line of text", param_hint="--value")
    _line(description, "--description")
    project = _open(project_dir)
    first = next(candidate for candidate in _APPLICATIONS.values() if candidate in project.applications)
    application = project.application(_APPLICATIONS[kind] if kind else first)
    addition = add_variable(project, application, name, value, secure=secure)
    row = (code(name), "yes" if secure else "no", code(value), description or "")
    add_row(project, addition, VARIABLES, row)
    _finish(project, addition, f"variable {name}", application.path, name)


@add.command()
@click.argument("feature", type=click.Choice(list(_APPLICATIONS)))
@click.option(
    "--answer", "pairs", multiple=True, metavar="KEY=VALUE", help="An answer of the wizard that it depends on."
)
@project_option
def application(feature: str, pairs: tuple[str, ...], project_dir: Path) -> None:
    """Add an application: its module with its tests, and its entry point."""
    from connect_cli_ext.wizard.answers import AnswerError, parse_pairs

    project = _open(project_dir)
    kind = _APPLICATIONS[feature]
    answers = parse_pairs(pairs)
    if answers.problems:
        raise AnswerError("--answer", answers.problems)
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in answers.values.items()}
    if "extension_type" not in given:
        project.check_feature(feature)
    if kind in project.applications:
        there = project.applications[kind]
        node = top_level(there.tree)[there.class_name]
        raise _exists(project, there, node.lineno, f"{there.class_name} is the project's {kind} already")
    present = with_present(project)
    features = list(present.get("application_types") or ())
    wanted = {**present, "application_types": [*features, feature], **given}
    addition = bring_in(project, _rendered(project, present), _rendered(project, wanted), lines=True)
    declared = addition.changes.written.get("pyproject.toml", b"").decode()
    if kind not in (entry_points(declared) if declared else {}):
        raise CommandError(
            f"{project.root / 'pyproject.toml'}: the entry point has no place beside your changes, so nothing "
            f'was changed. Add {kind} to [project.entry-points."connect.eaas.ext"] yourself'
        )
    module, _, _ = entry_points(declared)[kind].partition(":")
    _finish(project, addition, f"application {feature}", module.replace(".", "/") + ".py", "")


@add.command()
@click.argument("name")
@click.option("--title", help="What people see on the portal. Default: from NAME.")
@click.option("--description", help="What it does, in a sentence for people.")
@project_option
def transformation(name: str, title: str | None, description: str | None, project_dir: Path) -> None:
    """Add the transformation NAME: its method, the page where it is set up, the endpoint that checks it, and tests.

    It begins as a copy of the template's "Copy columns", which you change to what it is for.
    """
    _identifier(name, "transformation", "round_prices")
    _line(title, "--title")
    _line(description, "--description")
    project = _open(project_dir)
    there = project.application("tfnapp")
    _refuse_taken(project, there, name)
    shown = title or name.replace("_", " ").strip().capitalize()
    rendered = _rendered(project, with_present(project))
    addition = add_transformation(project, rendered, name, shown, description)
    add_row(project, addition, TRANSFORMATIONS, (shown, description or COPIED, code(name)))
    _finish(project, addition, f"transformation {name}", there.path, name)


@add.command()
@click.argument("name")
@click.option("--title", help="Its label on the portal. Default: from NAME.")
@project_option
def page(name: str, title: str | None, project_dir: Path) -> None:
    """Add the page NAME to the module of a multi-account extension, and a test of it.

    It becomes a tab beside the main page and begins as a copy of that, which you change to what it is for.
    """
    _identifier(name, "page", "statistics")
    _line(title, "--title")
    project = _open(project_dir)
    if project.type not in ("", "multiaccount"):
        raise CommandError(
            f"{project.name}: only extensions of the type 'multiaccount' have a module with pages, and this one is of "
            f"the type '{project.type}'. Make a project of its own for them: "
            "'ccli project extension bootstrap --answer extension_type=multiaccount --answer application_types=webapp'"
        )
    there = project.application("webapp")
    shown = title or name.replace("_", " ").strip().capitalize()
    answers = {**with_present(project), "webapp_supports_ui": "y"}
    addition = add_page(project, _rendered(project, answers), name, shown)
    add_tab(project, addition, shown)
    _finish(project, addition, f"page {name}", there.path, name)


def _open(project_dir: Path) -> ExistingProject:
    if project_dir.is_dir():
        click.get_current_context().with_resource(held(project_dir))
        for path in recover(project_dir):
            click.echo(f"An interrupted command had changed {path}; that was taken back.", err=True)
    return open_project(project_dir)


def _rendered(project: ExistingProject, answers: Mapping[str, Any]) -> dict[str, bytes]:
    made = rendering(answers_from(answers, marker_name(project)))
    return {path: file.content for path, file in made.items()}


def _identifier(name: str, what: str, example: str) -> None:
    """Refuse what cannot be the name of a method, and of files and addresses that are called after it."""
    if len(name) > _LONGEST_NAME:
        problem = f"at most {_LONGEST_NAME} characters, this has {len(name)}"
    elif keyword.iskeyword(name):
        problem = f"'{name}' is a keyword of Python"
    elif not name.isascii() or not name.isidentifier() or name.startswith("__"):
        problem = f"'{name}' is not: use letters, digits and '_', and begin with a letter"
    else:
        return
    raise click.BadParameter(f"it must be the name of a {what}. {problem}; an example is {example}", param_hint="NAME")


def _line(text: str | None, option: str) -> None:
    if text is not None and (not text.strip() or any(not character.isprintable() for character in text)):
        raise click.BadParameter("it must be one line of text", param_hint=option)


def _refuse_taken(project: ExistingProject, application: Application, name: str) -> None:
    node = top_level(application.tree)[application.class_name]
    for item in getattr(node, "body", ()):
        if getattr(item, "name", None) == name:
            raise _exists(project, application, item.lineno, f"{application.class_name} has {name} already")


def _exists(project: ExistingProject, application: Application, line: int, what: str) -> FileError:
    return FileError(f"{project.root / application.path}:{line}", what)


def _finish(project: ExistingProject, addition: Addition, what: str, path: str, word: str) -> None:
    """Write everything, provided that the thing itself is in it."""
    addition.finish(project)
    if word.encode() not in addition.changes.written.get(path, b"") or path not in addition.changes.written:
        raise CommandError(f"{project.root / path} has a form that nothing can be added to; nothing was changed")
    addition.changes.apply(project.root)
    settings = current_settings()
    done = click.style(sign("✓", "+"), fg="green")
    settings.say(f"Added: {what}")
    for name, how in addition.told:
        settings.say(f"{done} {name} ({how})")
    for note in addition.notes:
        settings.say(f"{click.style('!', fg='yellow')} {note}")
