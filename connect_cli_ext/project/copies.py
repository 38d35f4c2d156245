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

__all__ = ["add_page", "add_transformation"]

_MODEL = "copy_columns"
_OTHERS = ("lookup_subscription", "by_hand")
_PAGE = "index"
_WIDTH = 120


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
    if not any(path.startswith("ui/tests/") for path in addition.changes.written) and "ui" in _folders(rendered):
        addition.notes.append(f"The dialog is a copy too: change ui/transformations/{name}.html, then 'npm run build'.")
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
        told = description or "Copies columns under other names: change it to what it is for."
        page = f"/static/transformations/{name}.html"
        lines = "".join(
            f"        {key}={_quoted(value)},\n"
            for key, value in (("name", title), ("description", told), ("edit_dialog_ui", page))
        )
        return f"{match[1]}\n{lines}{match[2]}"

    renamed = model.sub(head, renamed)
    classes = {target.partition(":")[2] for target in entry_points(rendered["pyproject.toml"].decode()).values()}
    inside = min(classes & top_level(ast.parse(renamed)).keys(), default="")
    return without(renamed.encode(), inside, name), renamed.encode()


def _with_tests(text: str, name: str) -> str:
    """Return tests with copies of those that are about the model alone, and the new name in lists of all."""
    lines = text.splitlines(True)
    copies: list[tuple[int, str]] = []
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
        last = node.end_lineno or node.lineno
        source = "".join(lines[first:last])
        if f'"{_MODEL}"' not in source:
            continue
        if not any(other in source for other in _OTHERS):
            copy = source.replace(_MODEL, name).replace(f"def {node.name}(", f"def {node.name}_by_{name}(")
            copies.append((last, "\n\n" + copy))
        else:
            for number in range(first, last):
                lines[number] = _listed(lines[number], name)
    for place, copy in reversed(copies):
        lines.insert(place, copy)
    return "".join(lines)


def _listed(line: str, name: str) -> str:
    """Put the new name beside the model's in a line such as ``assert manual == {"copy_columns": False, …}``."""
    longer = line.replace(f'"{_MODEL}": False, ', f'"{_MODEL}": False, "{name}": False, ')
    match = re.fullmatch(r"(\s*)(.*\{)(.*)\}\n", longer)
    if len(longer) <= _WIDTH or match is None:
        return longer
    items = "".join(f"{match[1]}    {item},\n" for item in match[3].split(", "))
    return f"{match[1]}{match[2]}\n{items}{match[1]}}}\n"


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
            "has no @module_pages(…) to put a page beside; only multi-account extensions with pages have it",
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
    child = f'{{"label": {_quoted(title)}, "url": "/static/{name}.html"}}'
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
        f'    assert {{"label": {_quoted(title)}, "url": "/static/{name}.html"}} in pages\n'
        f'    static = Path({project.package}.__file__).parent / "static"\n'
        f'    assert (static / "{name}.html").is_file()\n'
        f'    assert (static / "assets" / "{name}.js").is_file()\n'
    )


def _titled(text: str, path: str, old: str, title: str) -> str:
    return text.replace(old, html.escape(title)) if path.endswith(".html") else text


def _quoted(text: str) -> str:
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def _refuse_existing(project: ExistingProject, path: str) -> None:
    if (project.root / path).exists():
        raise FileError(project.root / path, "exists already; choose another name")


def _folders(rendered: Mapping[str, bytes]) -> set[str]:
    return {path.partition("/")[0] for path in rendered}


def _only(addition: Addition) -> None:
    """Leave the project's own description alone: nothing in it belongs to one transformation."""
    addition.changes.written.pop("pyproject.toml", None)
    addition.told = [item for item in addition.told if item[0] != "pyproject.toml"]
    addition.notes = [note for note in addition.notes if not note.startswith("pyproject.toml")]
