"""Merging two changed versions of a text three ways, line by line, without another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Labels", "common_lines", "merge_lines"]

Lines = Sequence[bytes]


@dataclass(frozen=True)
class Labels:
    """What the marks of a conflict say about the three versions."""

    mine: str
    base: str
    theirs: str


def merge_lines(base: Lines, mine: Lines, theirs: Lines, labels: Labels) -> tuple[list[bytes], int]:
    """Return the merged lines and the number of conflicts in them.

    What only one side changed is taken from it, what both changed alike is taken once, and anything else stands there
    in both versions and the one before, between marks.
    """
    merged: list[bytes] = []
    conflicts = 0
    at = (0, 0, 0)
    for start, length in _agreed(base, mine, theirs):
        old, ours, other = base[at[0] : start[0]], mine[at[1] : start[1]], theirs[at[2] : start[2]]
        if ours == other or other == old:
            merged += ours
        elif ours == old:
            merged += other
        else:
            conflicts += 1
            merged += _conflict(old, ours, other, labels)
        merged += mine[start[1] : start[1] + length]
        at = (start[0] + length, start[1] + length, start[2] + length)
    return merged, conflicts


def common_lines(one: Lines, other: Lines) -> list[bytes]:
    """Return the lines that both have, in order: the base of a merge for which no older version is known."""
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [line for start, _, length in blocks for line in one[start : start + length]]


def _agreed(base: Lines, mine: Lines, theirs: Lines) -> Iterator[tuple[tuple[int, int, int], int]]:
    """Yield where all three have the same lines, and how many; at last their common end."""
    ours = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    one = two = 0
    while one < len(ours) and two < len(others):
        base_one, in_mine, length_one = ours[one]
        base_two, in_theirs, length_two = others[two]
        start = max(base_one, base_two)
        end = min(base_one + length_one, base_two + length_two)
        if start < end:
            yield (start, in_mine + start - base_one, in_theirs + start - base_two), end - start
        if base_one + length_one < base_two + length_two:
            one += 1
        else:
            two += 1
    yield (len(base), len(mine), len(theirs)), 0


def _conflict(base: Lines, mine: Lines, theirs: Lines, labels: Labels) -> Iterator[bytes]:
    for mark, label, lines in (("<<<<<<<", labels.mine, mine), ("|||||||", labels.base, base)):
        yield f"{mark} {label}\n".encode()
        yield from _ended(lines)
    yield b"=======\n"
    yield from _ended(theirs)
    yield f">>>>>>> {labels.theirs}\n".encode()


def _ended(lines: Lines) -> Iterator[bytes]:
    for line in lines:
        yield line if line.endswith(b"\n") else line + b"\n"
