"""Adding an environment variable to a project."""

from __future__ import annotations

import ast
import json
from typing import Any

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.additions import Addition
from connect_cli_ext.project.entries import add_entry, dict_of
from connect_cli_ext.project.existing import Application, ExistingProject
from connect_cli_ext.project.graft import add_list_item, top_level, variables_of
from connect_cli_ext.project.imports import Import, add_import

__all__ = ["add_variable"]

_DEPLOYMENT = ("connect-deployment.yaml", "connect-deployment.yml")
_CONFTEST = "tests/conftest.py"
_VALUES = "VARIABLES"


def add_variable(
    project: ExistingProject, application: Application, name: str, value: str, *, secure: bool
) -> Addition:
    """Return what to do so that ``application`` declares the variable ``name``.

    Raises:
        FileError: it is declared already, or a file cannot be edited; names file and line.
    """
    for other in project.applications.values():
        _, present = variables_of(other.tree, other.class_name)
        if name in present:
            raise FileError(f"{project.root / other.path}:{present[name].lineno}", f"declares {name} already")
    addition = Addition()
    secured = ', "secure": True' if secure else ""
    item = f'{{"name": {_quoted(name)}, "initial_value": {_quoted(value)}{secured}}}'
    addition.changes.write(application.path, _declared(application, item, project))
    addition.told.append((application.path, "changed"))
    _deploy(project, addition, name, value, secure=secure)
    _test_value(project, addition, name, value)
    return addition


def _quoted(text: str) -> str:
    """Return a text as Python and YAML write it, with the quotes that a formatter would choose."""
    if '"' in text and "'" not in text and "\\" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def _declared(application: Application, item: str, project: ExistingProject) -> str:
    listed, _ = variables_of(application.tree, application.class_name)
    if listed is not None:
        return add_list_item(application.text, listed, item)
    node = top_level(application.tree)[application.class_name]
    for decorator in getattr(node, "decorator_list", ()):
        function = getattr(decorator, "func", None)
        if isinstance(function, ast.Name) and function.id == "variables":
            raise FileError(
                f"{project.root / application.path}:{decorator.lineno}",
                "the variables are not written out there; add the new one where they are",
            )
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))]) - 1
    lines = application.text.splitlines(True)
    decorated = "".join([*lines[:first], f"@variables(\n    [\n        {item},\n    ]\n)\n", *lines[first:]])
    return add_import(decorated, Import("connect_eaas", "variables", "variables"), project.own_packages)


def _deploy(project: ExistingProject, addition: Addition, name: str, value: str, *, secure: bool) -> None:
    import yaml

    path = next((candidate for candidate in _DEPLOYMENT if (project.root / candidate).is_file()), None)
    if path is None:
        return
    text = _read(project, path)
    entry = [f"  {name}:", "    secure: true" if secure else f"    value: {_quoted(value)}"]
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.split("#")[0].rstrip() == "var:"), None)
    if start is None:
        lines += ["var:", *entry]
    else:
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0] in " #"):
            end += 1
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        lines[end:end] = entry
    edited = "\n".join(lines) + "\n"
    expected: Any = {"secure": True} if secure else {"value": value}
    try:
        before, after = yaml.safe_load(text), yaml.safe_load(edited)
        right = after["var"].pop(name) == expected and {**after, "var": after["var"] or None} == {
            **before,
            "var": before.get("var") or None,
        }
    except (yaml.YAMLError, TypeError, KeyError, AttributeError):
        right = False
    if right:
        addition.changes.write(path, edited)
        addition.told.append((path, "changed"))
    else:
        addition.notes.append(f"{path} has another form: add {name} to its 'var' yourself.")


def _test_value(project: ExistingProject, addition: Addition, name: str, value: str) -> None:
    if not (project.root / _CONFTEST).is_file():
        return
    text = _read(project, _CONFTEST)
    try:
        node = top_level(ast.parse(text)).get(_VALUES)
    except SyntaxError:
        node = None
    given = dict_of(node)
    if given is None:
        return
    edited = add_entry(text, given, f"{_quoted(name)}: {_quoted(value or 'a value')}")
    if edited is None:
        addition.notes.append(f"{_CONFTEST}: add {name} to {_VALUES} yourself.")
        return
    addition.changes.write(_CONFTEST, edited)
    addition.told.append((_CONFTEST, "changed"))


def _read(project: ExistingProject, path: str) -> str:
    try:
        return (project.root / path).read_bytes().decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise FileError(project.root / path, f"cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise FileError(project.root / path, "is not in UTF-8") from error
