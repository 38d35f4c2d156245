"""Adding a transformation or a page to a project: it begins as a copy of the template's own, under another name."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Mapping

from connect_cli_ext.errors import CommandError, FileError
from connect_cli_ext.project.additions import Addition, bring_in, without
from connect_cli_ext.project.existing import Application, ExistingProject, entry_points
from connect_cli_ext.project.graft import top_level
from connect_cli_ext.project.writing import quoted, wrapped

__all__ = ["COPIED", "add_page", "add_transformation"]

COPIED = "Copies columns under other names: change it to what it is for."
"""What a new transformation is said to do, until somebody says otherwise."""

_MODEL = "copy_columns"
_OTHERS = ("lookup_subscription", "by_hand")
_PAGE = "index"


def add_transformation(
    project: ExistingProject, rendered: Mapping[str, bytes], name: str, title: str, description: str | None
) -> Addition:
    """Return what to do so that the project gets the transformation ``name``: method, endpoint, dialog, tests.

    Args:
        project: the project.
        rendered: what the template makes of its answers.
        name: the method's name.
        title, description: what people see.

    Raises:
        CommandError: the template has nothing to copy for this project.
        FileError: a file of this name exists.
    """
    if not any(_MODEL in path for path in rendered):
        raise CommandError("the template has no transformation for this project; is it of the type 'transformations'?")
    before: dict[str, bytes] = {"pyproject.toml": rendered["pyproject.toml"]}
    after: dict[str, bytes] = dict(before)
    for path, content in rendered.items():
        if _MODEL in path:
            new = path.replace(_MODEL, name)
            _refuse_existing(project, new)
            after[new] = _titled(content.decode().replace(_MODEL, name), path, "Copy columns", title).encode()
        elif path.endswith(".py") and _MODEL.encode() in content:
            before[path], after[path] = _python(path, content.decode(), rendered, name, title, description)
    addition = bring_in(project, before, after, lines=False)
    _only(addition)
    addition.notes.append(
        f"The dialog is a copy too: change ui/transformations/{name}.html and its script, then 'npm run build'."
    )
    return addition


def _python(
    path: str, text: str, rendered: Mapping[str, bytes], name: str, title: str, description: str | None
) -> tuple[bytes, bytes]:
    """Return a module as it would be without and with the new transformation."""
    if path.startswith("tests/"):
        return text.encode(), _with_tests(text, name).encode()
    renamed = text.replace(_MODEL, name)
    model = re.compile(rf"(    @transformation\()\n(?:.*\n)*?(    \)\n    (?:async )?def {name}\()")

    def head(match: re.Match[str]) -> str:
        told = description or COPIED
        page = f"/static/transformations/{name}.html"
        lines = "".join(
            f"        {key}={quoted(value)},\n"
            for key, value in (("name", title), ("description", told), ("edit_dialog_ui", page))
        )
        return f"{match[1]}\n{lines}{match[2]}"

    renamed = _wrapped(model.sub(head, renamed))
    classes = {target.partition(":")[2] for target in entry_points(rendered["pyproject.toml"].decode()).values()}
    inside = min(classes & top_level(ast.parse(renamed)).keys(), default="")
    return without(renamed.encode(), inside, name), renamed.encode()


def _with_tests(text: str, name: str) -> str:
    """Return tests with copies of those that are about the model alone."""
    lines = text.splitlines(True)
    copies: list[tuple[int, str]] = []
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
        last = node.end_lineno or node.lineno
        source = "".join(lines[first:last])
        if f'"{_MODEL}"' in source and not any(other in source for other in _OTHERS):
            copy = source.replace(_MODEL, name).replace(f"def {node.name}(", f"def {node.name}_by_{name}(")
            copies.append((last, "\n\n" + _wrapped(copy)))
    for place, copy in reversed(copies):
        lines.insert(place, copy)
    return "".join(lines)


def _wrapped(text: str) -> str:
    return "".join(map(wrapped, text.splitlines(True)))


def add_page(project: ExistingProject, rendered: Mapping[str, bytes], name: str, title: str) -> Addition:
    """Return what to do so that the project's module gets one page more, a tab beside the main one, and a test of it.

    Raises:
        CommandError: the project has no pages to begin with.
        FileError: a file of this name exists, or the class declares its pages in another way.
    """
    application = project.application("webapp")
    call = _module_pages(application)
    if call is None:
        node = top_level(application.tree)[application.class_name]
        raise FileError(
            f"{project.root / application.path}:{node.lineno}",
            "has no @module_pages(…) to put a page beside: declare the main page with it first, for example "
            '@module_pages("Main", "/static/index.html")',
        )
    addition = Addition()
    folder = f"{project.package}/static"
    for path in (f"ui/{_PAGE}.html", f"ui/src/{_PAGE}.js", f"{folder}/{_PAGE}.html", f"{folder}/assets/{_PAGE}.js"):
        if path not in rendered:
            continue
        new = path.replace(f"{_PAGE}.", f"{name}.")
        _refuse_existing(project, new)
        text = rendered[path].decode().replace(f"/{_PAGE}.js", f"/{name}.js")
        addition.changes.write(new, _titled(text, path, "Subscriptions by marketplace", title))
        addition.told.append((new, "new"))
    if not addition.changes:
        raise CommandError("the template has no pages for this project; add them with 'add application webapp'")
    script_test = f"ui/tests/{_PAGE}.test.js"
    if script_test in rendered:
        new = script_test.replace(_PAGE, name)
        _refuse_existing(project, new)
        addition.changes.write(new, _script_test(rendered[script_test].decode(), name))
        addition.told.append((new, "new"))
    addition.changes.write(application.path, _with_child(application.text, call, name, title))
    addition.told.append((application.path, "changed"))
    test = f"tests/test_page_{name}.py"
    _refuse_existing(project, test)
    addition.changes.write(test, _page_test(project, application, name, title))
    addition.told.append((test, "new"))
    addition.notes.append(
        f"The page is a copy of the main one: change ui/{name}.html and ui/src/{name}.js, then 'npm run build'."
    )
    return addition


def _module_pages(application: Application) -> ast.Call | None:
    node = top_level(application.tree)[application.class_name]
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "module_pages":
            return decorator
    return None


def _with_child(text: str, call: ast.Call, name: str, title: str) -> str:
    child = f'{{"label": {quoted(title)}, "url": "/static/{name}.html"}}'
    children = next((keyword.value for keyword in call.keywords if keyword.arg == "children"), None)
    arguments = [ast.get_source_segment(text, item) or "" for item in call.args]
    arguments += [
        f"{keyword.arg}={ast.get_source_segment(text, keyword.value)}"
        for keyword in call.keywords
        if keyword.arg != "children"
    ]
    items = [ast.get_source_segment(text, item) or "" for item in getattr(children, "elts", ())]
    listed = "".join(f"        {item},\n" for item in [*items, child])
    lines = text.splitlines(True)
    first, last = call.lineno - 1, call.end_lineno or call.lineno
    written = "@module_pages(\n" + "".join(f"    {item},\n" for item in arguments)
    return "".join([*lines[:first], f"{written}    children=[\n{listed}    ],\n)\n", *lines[last:]])


def _script_test(text: str, name: str) -> str:
    """Return the test of the main page's script as one of the page ``name``."""
    for old in (f"../src/{_PAGE}.js", f"{_PAGE}.html"):
        text = text.replace(f"'{old}'", f"'{old.replace(_PAGE, name)}'")
    return text.replace("describe('the page of the module'", f"describe('the page {name}'")


def _page_test(project: ExistingProject, application: Application, name: str, title: str) -> str:
    module = application.path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return (
        f'"""The page {name} is where the portal looks for it."""\n\n'
        "from __future__ import annotations\n\n"
        "from pathlib import Path\n\n"
        f"import {project.package}\n"
        f"from {module} import {application.class_name}\n\n\n"
        f"def test_the_page_{name}_is_declared_and_built() -> None:\n"
        f'    pages = {application.class_name}.get_ui_modules()["modules"]["children"]\n'
        f'    assert {{"label": {quoted(title)}, "url": "/static/{name}.html"}} in pages\n'
        f'    static = Path({project.package}.__file__).parent / "static"\n'
        f'    assert (static / "{name}.html").is_file()\n'
        f'    assert (static / "assets" / "{name}.js").is_file()\n'
    )


def _titled(text: str, path: str, old: str, title: str) -> str:
    return text.replace(old, html.escape(title)) if path.endswith(".html") else text


def _refuse_existing(project: ExistingProject, path: str) -> None:
    if (project.root / path).exists():
        raise FileError(project.root / path, "exists already; choose another name")


def _only(addition: Addition) -> None:
    """Leave the project's own description alone: nothing in it belongs to one transformation."""
    addition.changes.written.pop("pyproject.toml", None)
    addition.told = [item for item in addition.told if item[0] != "pyproject.toml"]
    addition.notes = [note for note in addition.notes if not note.startswith("pyproject.toml")]
