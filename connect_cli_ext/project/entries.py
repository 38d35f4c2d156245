"""Adding entries to a dict that a module writes out at its top level."""

from __future__ import annotations

import ast

__all__ = ["add_entry", "dict_of", "entries_of"]


def dict_of(node: ast.stmt | None) -> ast.Dict | None:
    """Return the dict that an assignment writes out; None if it is no such assignment."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value if isinstance(value, ast.Dict) else None


def entries_of(text: str, given: ast.Dict) -> dict[str, str]:
    """Return the entries of a dict in ``text`` as they are written, by their keys; only those with a text as key."""
    return {
        key.value: f"{ast.get_source_segment(text, key)}: {ast.get_source_segment(text, value)}"
        for key, value in zip(given.keys, given.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def add_entry(text: str, given: ast.Dict, entry: str) -> str | None:
    """Return ``text`` with one entry more at the end of a dict in it, on a line of its own.

    None where the dict is written in a form that has no place for one.
    """
    lines = text.splitlines(True)
    first, end = given.lineno - 1, (given.end_lineno or given.lineno) - 1
    new = f"    {entry},\n"
    if end > first and lines[end].strip() == "}" and lines[end - 1].rstrip().endswith(("{", ",")):
        lines.insert(end, new)
    elif end == first:
        # Columns count bytes.
        raw = lines[end].encode()
        head, tail = raw[: given.col_offset].decode(), raw[given.end_col_offset or 0 :].decode()
        present = "".join(f"    {item},\n" for item in entries_of(text, given).values())
        if present.count("\n") != len(given.keys):
            return None
        lines[end] = f"{head}{{\n{present}{new}}}{tail}"
    else:
        return None
    return "".join(lines)
