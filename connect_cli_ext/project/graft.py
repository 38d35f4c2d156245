"""Bringing definitions from one module into another: each to its place, with what it needs, the rest untouched.

This is for modules that differ too much for a merge of lines: people moved, renamed and rewrote things in them.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from connect_cli_ext.project.entries import add_entry, dict_of, entries_of
from connect_cli_ext.project.imports import add_import, imports_of

__all__ = ["Graft", "add_list_item", "graft", "members", "top_level", "variables_of"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Graft:
    """The new text of a module, and the definitions that stay as people changed them although there is news."""

    text: str
    left: tuple[str, ...] = ()


def top_level(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return what a module defines at its top level, by name; imports are left out."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, _Definition):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id] = node
    return found


def members(tree: ast.Module, class_name: str) -> dict[str, ast.stmt]:
    """Return the methods of a class by name; none if there is no such class."""
    node = top_level(tree).get(class_name)
    body = node.body if isinstance(node, ast.ClassDef) else []
    return {item.name: item for item in body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}


def graft(mine: str, before: str, after: str, class_name: str, own: Collection[str] = ()) -> Graft:
    """Return ``mine`` with what ``after`` has more than ``before``, and what that needs.

    Args:
        mine: a module.
        before, after: two versions of a module like it.
        class_name: the class that has the same name in all; its methods are brought over one by one, others as a whole.
        own: packages of the project, for the order of imports.

    Raises:
        SyntaxError: ``mine`` is no module.
    """
    old, new = ast.parse(before), ast.parse(after)
    left: list[str] = []
    old_names, new_names = top_level(old), top_level(new)
    for name, node in new_names.items():
        present = top_level(ast.parse(mine))
        if name == class_name and name in present:
            continue
        if name not in old_names:
            mine = _with_definition(mine, new, after, name)
        elif _source(before, old_names[name]) != _source(after, node) and name in present:
            if _source(mine, present[name]) == _source(before, old_names[name]):
                mine = _replaced(mine, present[name], _source(after, node))
            elif _source(mine, present[name]) != _source(after, node):
                grown = _with_entries(mine, name, before, after)
                if grown is None:
                    left.append(name)
                mine = grown or mine
    old_members, new_members = members(old, class_name), members(new, class_name)
    for name in new_members:
        if name not in old_members:
            mine = _with_member(mine, new, after, class_name, name)
    mine = _with_variables(mine, before, after, class_name)
    return Graft(_with_needs(mine, new, after, class_name, own), tuple(left))


def _with_needs(mine: str, new: ast.Module, after: str, class_name: str, own: Collection[str]) -> str:
    """Add what the module uses and ``after`` has: methods, definitions, imports; and what these use in turn."""
    theirs, wanted = top_level(new), members(new, class_name)
    while True:
        tree = ast.parse(mine)
        missing = _self_attributes(tree, class_name) & (wanted.keys() - members(tree, class_name).keys())
        if missing:
            mine = _with_member(mine, new, after, class_name, min(missing))
            continue
        unbound = _used(tree) - imports_of(tree).keys() - top_level(tree).keys()
        definitions = [name for name in theirs if name in unbound and name != class_name]
        if definitions:
            mine = _with_definition(mine, new, after, definitions[0])
            continue
        for name, statement in sorted(imports_of(new).items()):
            if name in unbound:
                mine = add_import(mine, statement, own)
        return mine


def _used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _self_attributes(tree: ast.Module, class_name: str) -> set[str]:
    node = top_level(tree).get(class_name)
    return {
        inner.attr
        for inner in (ast.walk(node) if node is not None else ())
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self"
    }


def _span(text: str, node: ast.stmt) -> tuple[int, int]:
    """Return the lines of a definition, from 0: with its decorators, the comment before it and the text after it."""
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))]) - 1
    lines = text.splitlines(True)
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first, node.end_lineno or node.lineno


def _source(text: str, node: ast.stmt) -> str:
    first, last = _span(text, node)
    return "".join(text.splitlines(True)[first:last]).rstrip("\n") + "\n"


def _documented(tree: ast.Module, text: str, name: str) -> str:
    """Return the source of a top-level definition; a text right after a constant is its documentation."""
    node = top_level(tree)[name]
    source = _source(text, node)
    following = tree.body[tree.body.index(node) + 1 :][:1]
    if not isinstance(node, _Definition) and following and _is_text(following[0]):
        source += _source(text, following[0])
    return source


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _replaced(text: str, node: ast.stmt, source: str) -> str:
    first, last = _span(text, node)
    lines = text.splitlines(True)
    return "".join([*lines[:first], source, *lines[last:]])


def _with_entries(mine: str, name: str, before: str, after: str) -> str | None:
    """Add to a dict the entries that ``after`` has more than ``before``; None where that is not all of the news."""
    given, earlier, later = (dict_of(top_level(ast.parse(text)).get(name)) for text in (mine, before, after))
    if given is None or earlier is None or later is None:
        return None
    known, wanted = entries_of(before, earlier), entries_of(after, later)
    if not known.items() <= wanted.items() or len(wanted) != len(later.keys):
        return None
    present = entries_of(mine, given)
    for key in [key for key in wanted if key not in known and key not in present]:
        current = dict_of(top_level(ast.parse(mine))[name])
        grown = add_entry(mine, current, wanted[key]) if current is not None else None
        if grown is None:
            return None
        mine = grown
    return mine


def _with_definition(mine: str, new: ast.Module, after: str, name: str) -> str:
    tree = ast.parse(mine)
    if name in top_level(tree) or name in imports_of(tree):
        return mine
    node = top_level(new)[name]
    before_it = _predecessor(list(top_level(new)), name, top_level(tree).keys())
    if before_it is not None:
        position = tree.body.index(top_level(tree)[before_it]) + 1
        while position < len(tree.body) and _is_text(tree.body[position]):
            position += 1
    elif isinstance(node, _Definition):
        position = len(tree.body)
    else:
        position = 1 + max(
            (
                index
                for index, item in enumerate(tree.body)
                if isinstance(item, ast.Import | ast.ImportFrom) or (index == 0 and _is_text(item))
            ),
            default=-1,
        )
    return _put(mine, tree.body, position, _documented(new, after, name), isinstance(node, _Definition))


def _put(text: str, body: Sequence[ast.stmt], position: int, source: str, definition: bool) -> str:
    lines = text.splitlines(True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    end = (body[position - 1].end_lineno or 0) if position else 0
    apart = 2 if definition or (position and isinstance(body[position - 1], _Definition)) else 1
    head = lines[:end]
    tail = lines[end:]
    while tail and not tail[0].strip():
        tail.pop(0)
    following = body[position] if position < len(body) else None
    behind = 2 if definition or isinstance(following, _Definition) else 1
    gap = ["\n"] * apart if head else []
    return "".join([*head, *gap, source, *(["\n"] * behind if tail else []), *tail])


def _predecessor(order: Sequence[str], name: str, present: Collection[str]) -> str | None:
    earlier = order[: order.index(name)]
    return next((candidate for candidate in reversed(earlier) if candidate in present), None)


def _with_member(mine: str, new: ast.Module, after: str, class_name: str, name: str) -> str:
    tree = ast.parse(mine)
    present = members(tree, class_name)
    node = top_level(tree)[class_name]
    if name in present or not isinstance(node, ast.ClassDef):
        return mine
    before_it = _predecessor(list(members(new, class_name)), name, present)
    last = present[before_it] if before_it is not None else node.body[-1]
    lines = mine.splitlines(True)
    place = last.end_lineno or last.lineno
    if not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    source = textwrap.dedent(_source(after, members(new, class_name)[name]))
    indented = textwrap.indent(source, " " * node.body[0].col_offset)
    return "".join([*lines[:place], "\n", indented, *lines[place:]])


def variables_of(tree: ast.Module, class_name: str) -> tuple[ast.List | None, dict[str, ast.expr]]:
    """Return the list given to a class's ``@variables``, if it is written out there, and its items by their name."""
    node = top_level(tree).get(class_name)
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and _called(decorator.func) == "variables" and decorator.args:
            given = decorator.args[0]
            if isinstance(given, ast.List):
                return given, {name: item for item in given.elts for name in _named(item)}
    return None, {}


def _called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _named(item: ast.expr) -> Iterator[str]:
    if isinstance(item, ast.Dict):
        for key, value in zip(item.keys, item.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "name" and isinstance(value, ast.Constant):
                yield str(value.value)


def _with_variables(mine: str, before: str, after: str, class_name: str) -> str:
    _, old = variables_of(ast.parse(before), class_name)
    given, new = variables_of(ast.parse(after), class_name)
    for name, item in new.items():
        tree = ast.parse(mine)
        listed, present = variables_of(tree, class_name)
        if name in old or name in present or given is None:
            continue
        lines = after.splitlines(True)
        first = item.lineno - 1
        while lines[first - 1].lstrip().startswith("#"):
            first -= 1
        source = textwrap.dedent("".join(lines[first : item.end_lineno])).rstrip().rstrip(",")
        mine = add_list_item(mine, listed, source) if listed else _decorated(mine, tree, class_name, source)
    return mine


def add_list_item(text: str, listed: ast.List, source: str) -> str:
    """Return ``text`` with an item at the end of the list ``listed`` in it, one item a line."""
    lines = text.splitlines(True)
    end = (listed.end_lineno or listed.lineno) - 1
    closing = (listed.end_col_offset or 1) - 1
    # Columns count bytes.
    raw = lines[end].encode()
    inner_end, tail = raw[:closing].decode(), raw[closing:].decode()
    opening = lines[listed.lineno - 1]
    indent = " " * (len(opening) - len(opening.lstrip()))
    if listed.elts and listed.elts[0].lineno != listed.lineno:
        item_indent = " " * listed.elts[0].col_offset
        closing_indent = " " * (len(inner_end) - len(inner_end.lstrip())) if not inner_end.strip() else indent
    else:
        item_indent, closing_indent = indent + "    ", indent
    new = textwrap.indent(source, item_indent) + ",\n"
    if listed.elts:
        last = listed.elts[-1]
        row = (last.end_lineno or last.lineno) - 1
        content = lines[row].encode()
        rest = content[last.end_col_offset or 0 :].decode()
        if row == end:
            # Items and bracket share a line: the list is opened up.
            first = listed.elts[0]
            start = lines[listed.lineno - 1].encode()[: listed.col_offset + 1].decode()
            items = [ast.get_source_segment(text, item) or "" for item in listed.elts]
            if first.lineno != listed.lineno:
                return text
            body = "".join(f"{item_indent}{item},\n" for item in items)
            return "".join(
                [*lines[: listed.lineno - 1], start + "\n", body, new, closing_indent + tail, *lines[end + 1 :]]
            )
        if not rest.lstrip().startswith(","):
            lines[row] = content[: last.end_col_offset or 0].decode() + "," + rest
        return "".join([*lines[:end], new, *lines[end:]])
    start = lines[listed.lineno - 1].encode()[: listed.col_offset + 1].decode()
    return "".join([*lines[: listed.lineno - 1], start + "\n", new, closing_indent + tail, *lines[end + 1 :]])


def _decorated(text: str, tree: ast.Module, class_name: str, source: str) -> str:
    node = top_level(tree)[class_name]
    first, _ = _span(text, node)
    lines = text.splitlines(True)
    decorator = "@variables(\n    [\n" + textwrap.indent(source, " " * 8) + ",\n    ]\n)\n"
    return "".join([*lines[:first], decorator, *lines[first:]])
