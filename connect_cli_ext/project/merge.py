"""Merging a file of a project with a newer rendering of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from connect_cli_ext.project.diff3 import Labels, common_lines, merge_lines
from connect_cli_ext.project.git import run_git

__all__ = ["Labels", "Merged", "is_source", "merge"]

_MOST_BYTES = 128 * 1024
_LONGEST_LINE = 2000
# git's own: more conflicts than that are not counted, and above it are errors.
_MOST_CONFLICTS = 127


@dataclass(frozen=True)
class Merged:
    """The outcome of a merge; ``conflicts`` is the number of places that a person must decide."""

    content: bytes
    conflicts: int


def is_source(path: str, content: bytes) -> bool:
    """Whether the file is written by people, so that merging it line by line makes sense.

    Built files (below ``static``, with endless lines, or very large) and binary ones are not.
    """
    if "static" in path.split("/")[:-1] or len(content) > _MOST_BYTES or b"\0" in content:
        return False
    return max(map(len, content.split(b"\n"))) <= _LONGEST_LINE


def merge(base: bytes | None, mine: bytes, theirs: bytes, labels: Labels, *, use_git: bool = True) -> Merged:
    """Merge ``theirs`` into ``mine``; conflicts stand in the text, with the version before.

    ``git merge-file`` does it where git is installed. Without a ``base`` only what both have differently is a conflict.
    Line ends become those of ``mine``.
    """
    windows = b"\r\n" in mine
    ours, other = _unix(mine), _unix(theirs)
    old = b"".join(common_lines(_lines(ours), _lines(other))) if base is None else _unix(base)
    merged = _by_git(old, ours, other, labels) if use_git else None
    if merged is None:
        lines, conflicts = merge_lines(_lines(old), _lines(ours), _lines(other), labels)
        merged = Merged(b"".join(lines), conflicts)
    if windows:
        return Merged(merged.content.replace(b"\n", b"\r\n"), merged.conflicts)
    return merged


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _lines(content: bytes) -> list[bytes]:
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + [line for line in content.split(b"\n")[-1:] if line]


def _by_git(base: bytes, mine: bytes, theirs: bytes, labels: Labels) -> Merged | None:
    names = {"mine": mine, "base": base, "theirs": theirs}
    marks = [f"-L{label}" for label in (labels.mine, labels.base, labels.theirs)]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in names.items():
            (Path(folder) / name).write_bytes(content)
        done = run_git(folder, "merge-file", "-p", "--diff3", *marks, *names)
    if done is None or not 0 <= done.returncode <= _MOST_CONFLICTS:
        return None
    return Merged(done.stdout, done.returncode)
