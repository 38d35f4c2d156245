"""What adding something to an existing project means for its files.

The template is rendered twice, with the project's answers without and with the new thing. What differs is brought into
the project's own files: as a merge of lines where that works, else definition by definition (`project.graft`). So the
template stays the only source of the text of handlers and tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.project.changes import Changes
from connect_cli_ext.project.existing import ExistingProject, entry_points
from connect_cli_ext.project.graft import graft, members, top_level
from connect_cli_ext.project.merge import Labels, is_source, merge
from connect_cli_ext.project.tables import with_new_rows

__all__ = ["Addition", "Texts", "bring_in", "without"]

Texts = Mapping[str, bytes]
_LABELS = Labels("yours", "before", "with the addition")


@dataclass
class Addition:
    """What to write, what to tell about each file, and what is left to people."""

    changes: Changes = field(default_factory=Changes)
    told: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def finish(self, project: ExistingProject) -> None:
        """Give changed files the line ends that they have, and make sure that they are Python where they say so.

        Raises:
            CommandError: one is not; nothing has been written.
        """
        for path, content in list(self.changes.written.items()):
            if _has_windows_ends(project.root / path):
                self.changes.write(path, _unix(content).replace(b"\n", b"\r\n"))
            if path.endswith(".py"):
                try:
                    compile(content, path, "exec", dont_inherit=True)
                except SyntaxError as error:
                    raise CommandError(
                        f"{project.root / path} has a form that nothing can be added to (line {error.lineno}: "
                        f"{error.msg}); nothing was changed"
                    ) from error


def _has_windows_ends(file: Path) -> bool:
    try:
        return file.is_file() and b"\r\n" in file.read_bytes()
    except OSError as error:
        raise FileError(file, f"cannot be read: {reason(error)}") from error


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def bring_in(project: ExistingProject, before: Texts, after: Texts, *, lines: bool = True) -> Addition:
    """Return what to do so that the project gets what ``after`` has more than ``before``.

    Args:
        project: the project.
        before, after: two renderings.
        lines: try a merge of lines first; that makes sense if the project was once like ``before``.
    """
    addition = Addition()
    places = _places(project, after)
    names = {theirs: ours for _, theirs, ours in places.values()}
    for path in sorted(after):
        if before.get(path) == after[path]:
            continue
        target, theirs, _ = places.get(path, (path, "", ""))
        old = _renamed(path, before[path], names) if path in before else None
        new = _renamed(path, after[path], names)
        _bring(project, addition, target, names.get(theirs, ""), old, new, lines=lines)
    return addition


def _places(project: ExistingProject, after: Texts) -> dict[str, tuple[str, str, str]]:
    """Return, for each module with an application in the rendering: the project's file, and both names of the class."""
    found: dict[str, tuple[str, str, str]] = {}
    for kind, target in entry_points(after["pyproject.toml"].decode()).items():
        module, _, class_name = target.partition(":")
        application = project.applications.get(kind)
        if application is not None:
            found[module.replace(".", "/") + ".py"] = (application.path, class_name, application.class_name)
    return found


def _renamed(path: str, content: bytes, names: Mapping[str, str]) -> bytes:
    if not path.endswith(".py"):
        return content
    text = content.decode()
    for theirs, ours in names.items():
        text = re.sub(rf"\b{theirs}\b", ours, text)
    return text.encode()


def _bring(
    project: ExistingProject,
    addition: Addition,
    path: str,
    class_name: str,
    before: bytes | None,
    after: bytes,
    *,
    lines: bool,
) -> None:
    file = project.root / path
    try:
        mine = _unix(file.read_bytes()) if file.is_file() else None
    except OSError as error:
        raise FileError(file, f"cannot be read: {reason(error)}") from error
    if mine is None:
        if before is None:
            addition.changes.write(path, after)
            addition.told.append((path, "new"))
        elif path.endswith(".py") or project.made_here:
            addition.notes.append(f"{path} is missing, so the addition is not in it.")
        return
    if mine == after:
        return
    if mine == before:
        merged: bytes | None = after
    elif lines and is_source(path, mine):
        merged = _by_lines(path, before or b"", mine, after)
    else:
        merged = None
    if merged is None and lines and path.endswith(".md"):
        merged = _by_rows(path, before or b"", mine, after)
    if merged is None and path.endswith(".py"):
        outcome = graft(mine.decode(), (before or b"").decode(), after.decode(), class_name, project.own_packages)
        merged = outcome.text.encode()
        addition.notes += [f"{path}: {name} is yours; add to it what belongs to the addition." for name in outcome.left]
    if merged is None:
        if project.made_here:
            addition.notes.append(f"{path} is left as it is: your changes are where the addition belongs.")
    elif merged != mine:
        addition.changes.write(path, merged)
        addition.told.append((path, "changed"))


def _by_lines(path: str, before: bytes, mine: bytes, after: bytes) -> bytes | None:
    merged = merge(before, mine, after, _LABELS)
    if merged.conflicts:
        return None
    if path.endswith(".py"):
        try:
            tree = ast.parse(merged.content)
        except SyntaxError:
            return None
        # A merge of lines knows no names: what is there twice was moved by somebody.
        names = [getattr(node, "name", None) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        defined = [name for name in names if name and name.startswith(("test_", "handle_"))]
        if len(defined) != len(set(defined)):
            return None
    return merged.content


def _by_rows(path: str, before: bytes, mine: bytes, after: bytes) -> bytes | None:
    """Bring new rows of tables in one by one, then the rest by lines: two rows at the same place are no conflict."""
    try:
        old, new, ours = before.decode(), after.decode(), mine.decode()
    except UnicodeDecodeError:
        return None
    return _by_lines(path, with_new_rows(old, old, new).encode(), with_new_rows(ours, old, new).encode(), after)


def without(content: bytes, class_name: str, word: str) -> bytes:
    """Return a module without the methods of a class and the functions in which ``word`` occurs."""
    text = content.decode()
    tree = ast.parse(text)
    lines = text.splitlines(True)
    for node in [*members(tree, class_name).values(), *top_level(tree).values()]:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
        last = node.end_lineno or node.lineno
        if re.search(rf"\b{re.escape(word)}\b", "".join(lines[first:last])):
            lines[first:last] = ["\n"] * (last - first)
    return "".join(lines).encode()
