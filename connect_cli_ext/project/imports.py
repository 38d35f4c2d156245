"""Adding an import to a module where a sorter of imports would put it; nothing else changes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

__all__ = ["Import", "add_import", "imports_of"]

_WIDTH: Final = 120


@dataclass(frozen=True)
class Import:
    """One imported name: ``import module [as bound]`` or, with a ``name``, ``from module import name [as bound]``."""

    module: str
    name: str
    bound: str
    level: int = 0

    @property
    def alias(self) -> str:
        """How the name is written in the statement."""
        original = self.name or self.module
        return (
            original
            if self.bound == original.partition(".")[0] or self.bound == original
            else f"{original} as {self.bound}"
        )

    def statement(self) -> str:
        """Return the statement that imports this name alone."""
        return f"from {'.' * self.level}{self.module} import {self.alias}" if self.name else f"import {self.alias}"


def imports_of(tree: ast.Module) -> dict[str, Import]:
    """Return the imports at a module's top level by the name that they bind."""
    found: dict[str, Import] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found[bound] = Import(alias.name, "", bound)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                bound = alias.asname or alias.name
                found[bound] = Import(node.module or "", alias.name, bound, node.level)
    return found


def add_import(text: str, wanted: Import, own: Collection[str] = ()) -> str:
    """Return the module ``text`` with the import ``wanted``, unless it has it.

    Args:
        text: a module.
        wanted: what to import.
        own: packages of the project itself, whose imports come last.
    """
    tree = ast.parse(text)
    present = imports_of(tree).get(wanted.bound)
    if present == wanted:
        return text
    lines = text.splitlines(True)
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if wanted.name:
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "", node.level) == (wanted.module, wanted.level):
                return "".join(_extended(lines, node, wanted))
    return "".join(_with_statement(lines, tree, nodes, wanted, own))


def _extended(lines: list[str], node: ast.ImportFrom, wanted: Import) -> list[str]:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    after = [alias for alias in node.names if _name_key(alias.name) > _name_key(wanted.name)]
    one_a_line = len({alias.lineno for alias in node.names}) == len(node.names) and last - first > len(node.names)
    if one_a_line:
        place = after[0].lineno - 1 if after else (node.names[-1].end_lineno or node.names[-1].lineno)
        indent = " " * node.names[0].col_offset
        if not after and not lines[place - 1].split("#")[0].rstrip().endswith(","):
            lines[place - 1] = re.sub(r"(\s*(?:#.*)?\n?)$", r",\1", lines[place - 1], count=1)
        return [*lines[:place], f"{indent}{wanted.alias},\n", *lines[place:]]
    names = [alias.name if alias.asname is None else f"{alias.name} as {alias.asname}" for alias in node.names]
    names.insert(len(names) - len(after), wanted.alias)
    head = f"from {'.' * node.level}{node.module or ''} import "
    comment = lines[last][node.end_col_offset or 0 :].strip()
    statement = head + ", ".join(names)
    if len(statement) > _WIDTH:
        statement = head + "(\n" + "".join(f"    {name},\n" for name in names) + ")"
    return [*lines[:first], f"{statement}  {comment}".rstrip() + "\n", *lines[last + 1 :]]


def _name_key(name: str) -> tuple[int, str, str]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name


def _with_statement(
    lines: list[str],
    tree: ast.Module,
    nodes: list[ast.Import | ast.ImportFrom],
    wanted: Import,
    own: Collection[str],
) -> list[str]:
    statement = wanted.statement() + "\n"
    section = _section(wanted.module, wanted.level, own)
    key = (1 if wanted.name else 0, wanted.module.lower())
    placed = [(node, _section(_module(node), getattr(node, "level", 0), own)) for node in nodes]
    same = [node for node, number in placed if number == section]
    for node in same:
        if (isinstance(node, ast.ImportFrom), _module(node).lower()) > key:
            return _inserted(lines, node.lineno - 1, [statement])
    if same:
        return _inserted(lines, same[-1].end_lineno or same[-1].lineno, [statement])
    later = [node for node, number in placed if number > section]
    if later:
        return _inserted(lines, later[0].lineno - 1, [statement, "\n"])
    if nodes:
        return _inserted(lines, nodes[-1].end_lineno or nodes[-1].lineno, ["\n", statement])
    docstring = tree.body and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    if docstring:
        return _inserted(lines, tree.body[0].end_lineno or 1, ["\n", statement])
    top = tree.body[0].lineno - 1 if tree.body else len(lines)
    return _inserted(lines, top, [statement, "\n"] if tree.body else [statement])


def _inserted(lines: list[str], place: int, new: list[str]) -> list[str]:
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    return [*lines[:place], *new, *lines[place:]]


def _module(node: ast.Import | ast.ImportFrom) -> str:
    return node.names[0].name if isinstance(node, ast.Import) else node.module or ""


def _section(module: str, level: int, own: Collection[str]) -> int:
    root = module.partition(".")[0]
    if level:
        return 4
    if root == "__future__":
        return 0
    if root in sys.stdlib_module_names:
        return 1
    return 3 if root in own else 2
