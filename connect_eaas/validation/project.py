"""An extension project as the rules see it: its files, its applications, and where things stand in them."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from connect_eaas.events import CATALOGUE, EventType
from connect_eaas.validation.rule import Place
from connect_eaas.validation.source import PythonSource, read_source
from connect_eaas.validation.text_file import TextFiles, line_of

__all__ = ["Application", "EntryPoint", "Project"]

_NOT_OURS: Final = frozenset({"node_modules", "__pycache__", "site-packages"})
_MOST_FILES: Final = 2_000


@dataclass(frozen=True)
class EntryPoint:
    """One line of the entry points: kind of application (as written) and ``module:Class``."""

    name: str
    value: str
    place: Place

    @property
    def kind(self) -> str:
        """The kind of application; the old name ``extension`` means an events application."""
        return "eventsapp" if self.name == "extension" else self.name

    @property
    def module(self) -> str:
        """The module's dotted name."""
        return self.value.partition(":")[0].strip()


@dataclass(frozen=True)
class Application:
    """An application class that was imported."""

    entry: EntryPoint
    cls: type

    @property
    def kind(self) -> str:
        """The kind under which it is declared."""
        return self.entry.kind


class Project:
    """One project while it is validated.

    Args:
        root: its directory.
        definitions: event types by name; the SDK's own catalogue if left out.

    Attributes:
        content: ``pyproject.toml``, once the rules on it have read it; empty if it is wrong.
        entry_points: the declared applications, once found.
        applications: their classes, as far as they could be imported.
    """

    def __init__(self, root: Path, definitions: Mapping[str, EventType] | None = None) -> None:
        self.root = root.resolve()
        self.definitions: Mapping[str, EventType] = CATALOGUE if definitions is None else definitions
        self.files = TextFiles()
        self.content: Mapping[str, Any] = {}
        self.entry_points: tuple[EntryPoint, ...] = ()
        self.applications: tuple[Application, ...] = ()
        self._sources: dict[Path, PythonSource] = {}

    @property
    def pyproject(self) -> Path:
        """Where ``pyproject.toml`` belongs."""
        return self.root / "pyproject.toml"

    def of_kind(self, kind: str) -> Application | None:
        """Return the imported application of this kind."""
        return next((item for item in self.applications if item.kind == kind), None)

    def source(self, path: Path) -> PythonSource:
        """Return a Python file, parsed once."""
        if path not in self._sources:
            self._sources[path] = read_source(path, self.files)
        return self._sources[path]

    @cached_property
    def python_files(self) -> tuple[Path, ...]:
        """The Python files of the packages that the entry points name."""
        found: dict[Path, None] = {}
        for top in dict.fromkeys(entry.module.partition(".")[0] for entry in self.entry_points):
            if not top.isidentifier():
                continue
            for folder in (self.root, self.root / "src"):
                for path in [folder / f"{top}.py", *sorted((folder / top).rglob("*.py"))]:
                    parts = path.relative_to(self.root).parts
                    if path.is_file() and not any(part in _NOT_OURS or part.startswith(".") for part in parts):
                        found[path] = None
        return tuple(found)[:_MOST_FILES]

    @cached_property
    def builds_pages(self) -> bool:
        """Whether pages are made by a build: there is a ``package.json`` with a script ``build``."""
        try:
            text = self.files.read(self.root / "package.json")
        except Exception:  # no such file, or no text
            return False
        return line_of(text, r'"build"\s*:') is not None

    def place_of_class(self, cls: type) -> Place | None:
        """Return where a class stands; None if it comes from no file."""
        path = _file_of(cls)
        if path is None:
            return None
        node = self.source(path).class_named(cls.__qualname__)
        return Place(path, node.lineno if node is not None else None)

    def place_of_decorator(self, cls: type, name: str, text: str = "") -> Place | None:
        """Return where a decorator of a class stands: the line of it with ``text`` in quotes, else its first."""
        path = _file_of(cls)
        source = self.source(path) if path is not None else None
        node = source.class_named(cls.__qualname__) if source is not None else None
        if path is None or source is None or node is None:
            return self.place_of_class(cls)
        found = [item for item in node.decorator_list if isinstance(item, ast.Call) and source.name(item.func) == name]
        for decorator in found:
            lines = self.files.lines(path)[decorator.lineno - 1 : decorator.end_lineno]
            for number, line in enumerate(lines, decorator.lineno):
                if text and (f'"{text}"' in line or f"'{text}'" in line):
                    return Place(path, number)
        return Place(path, found[0].lineno) if found else Place(path, node.lineno)

    def place_of_method(self, cls: type, name: str) -> Place | None:
        """Return where a method stands (its first decorator), or the class if that is not known."""
        attribute = inspect.getattr_static(cls, name, None)
        if isinstance(attribute, (staticmethod, classmethod)):
            attribute = attribute.__func__
        code = getattr(inspect.unwrap(attribute) if callable(attribute) else None, "__code__", None)
        if code is None:
            return self.place_of_class(cls)
        return Place(Path(code.co_filename), code.co_firstlineno)

    def module_calls(self, cls: type, function: str) -> bool | None:
        """Whether the module of ``cls`` calls ``function`` somewhere; None if its source is not known."""
        path = _file_of(cls)
        tree = self.source(path).tree if path is not None else None
        if tree is None:
            return None
        return any(
            isinstance(node, ast.Call) and function in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
            for node in ast.walk(tree)
        )


def _file_of(cls: type) -> Path | None:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(file) if isinstance(file, str) and file.endswith(".py") else None
