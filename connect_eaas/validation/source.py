"""A Python file as a tree, with the few questions that rules ask about names in it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connect_eaas.validation.text_file import TextFiles, UnreadableError

__all__ = ["Function", "PythonSource", "read_source"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class PythonSource:
    """One file: its tree, or why there is none (``problem`` and the line)."""

    path: Path
    tree: ast.Module | None
    problem: str | None = None
    line: int | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    """Local name → name as it was imported, for names that ``from … import … as …`` renames."""
    constants: dict[str, int | float | str] = field(default_factory=dict)
    """Values of names that the module assigns exactly once, a literal, at its top level."""

    def class_named(self, qualified: str) -> ast.ClassDef | None:
        """Return a class by its qualified name."""
        body: list[ast.stmt] = self.tree.body if self.tree is not None else []
        found: ast.ClassDef | None = None
        for part in qualified.split("."):
            inside = [node for node in _statements(body) if isinstance(node, ast.ClassDef) and node.name == part]
            if not inside:
                return None
            # The last one is the one that counts when the module has run.
            found = inside[-1]
            body = found.body
        return found

    def name(self, node: ast.AST | None) -> str:
        """Return the last part of a dotted name, as it was called where it was imported from; empty if it is none."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        return node.attr if isinstance(node, ast.Attribute) else ""

    def value(self, node: ast.AST | None) -> int | float | str | None:
        """Return the value of a literal, or of a name that stands for one; None if it is not known statically."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand)
            return -number if isinstance(number, (int, float)) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        return _literal(node)


def read_source(path: Path, files: TextFiles) -> PythonSource:
    """Parse a file; whatever is wrong with it stands in the result."""
    try:
        text = files.read(path)
    except FileNotFoundError:
        return PythonSource(path, None, "does not exist")
    except UnreadableError as error:
        return PythonSource(path, None, str(error))
    try:
        with warnings.catch_warnings():
            # What Python has to say about the style of somebody's code is not our subject.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, filename=str(path))
    except SyntaxError as error:
        return PythonSource(path, None, error.msg, error.lineno)
    except (ValueError, RecursionError, MemoryError) as error:
        return PythonSource(path, None, f"cannot be parsed: {error}")
    try:
        return PythonSource(path, tree, aliases=dict(_aliases(tree)), constants=_constants(tree))
    except RecursionError:
        return PythonSource(path, None, "is nested too deeply")


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body, also those in its ``if`` and ``try`` blocks."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, name, []))


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                if name.asname:
                    yield name.asname, name.name


def _constants(tree: ast.Module) -> dict[str, int | float | str]:
    assigned: dict[str, int] = {}
    values: dict[str, int | float | str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            assigned[node.id] = assigned.get(node.id, 0) + 1
    for statement in tree.body:
        target = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        if isinstance(target, ast.Name):
            value = _literal(getattr(statement, "value", None))
            if value is not None and assigned[target.id] == 1:
                values[target.id] = value
    return values


def _literal(node: ast.AST | None) -> int | float | str | None:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float, str))
        and not isinstance(node.value, bool)
    ):
        return node.value
    return None
