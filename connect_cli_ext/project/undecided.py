"""What an earlier update, or a merge of branches, left for people to decide, and nobody has decided yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connect_cli_ext.project.marker import digest
from connect_cli_ext.project.merge import is_source

__all__ = ["OWN_LABEL", "Undecided", "undecided"]

OWN_LABEL: Final = "yours"
"""How an update marks what the project had before."""

_MARK: Final = re.compile(rb"^(<{7}|={7}|>{7})(?: (.*?))?\r?$", re.MULTILINE)
_MOST_NAMED: Final = 5


@dataclass(frozen=True)
class Undecided:
    """A file with both versions of something in it, or the template's version of a file beside the project's.

    Args:
        path: the file.
        lines: where the marks begin, from 1; none for a file that lies beside.
        beside: the project's own file, if this is the template's version of it.
    """

    path: str
    lines: tuple[int, ...] = ()
    beside: str = ""

    @property
    def note(self) -> str:
        """What is to be done."""
        if self.beside:
            return f"the template's {self.beside}: take over what you need of it, then remove it"
        listed = ", ".join(map(str, self.lines[:_MOST_NAMED]))
        more = f" and {len(self.lines) - _MOST_NAMED} more" if len(self.lines) > _MOST_NAMED else ""
        return f"not decided: line{'s' if len(self.lines) > 1 else ''} {listed}{more}"


def undecided(files: Mapping[str, bytes], made: Mapping[str, str]) -> Iterator[Undecided]:
    """Yield what is open in a project.

    Marks count in files of the template, whoever put them there; in the project's own ones, which may be about such
    marks, only an update's do.

    Args:
        files: the project's files.
        made: the files that the template made, with their digests.
    """
    for path, content in sorted(files.items()):
        original = path.removesuffix(".new")
        if path != original and original in made and path not in made and digest(content) == made[original]:
            yield Undecided(path, beside=original)
        elif b"<<<<<<<" in content and is_source(path, content):
            lines = tuple(_blocks(content, any_label=path in made))
            if lines:
                yield Undecided(path, lines)


def _blocks(content: bytes, *, any_label: bool) -> Iterator[int]:
    """Yield the line in which each block of three marks begins."""
    start: int | None = None
    parted = False
    for match in _MARK.finditer(content):
        kind = match[1][:1]
        if kind == b"<":
            label = (match[2] or b"").decode(errors="replace")
            wanted = any_label or label == OWN_LABEL
            start, parted = (content.count(b"\n", 0, match.start()) + 1 if wanted else None), False
        elif kind == b"=":
            parted = True
        elif start is not None and parted:
            yield start
            start = None
