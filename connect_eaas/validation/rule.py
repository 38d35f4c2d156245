"""A rule as data, and what is said when a project breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

__all__ = ["DOCUMENT", "ERROR", "WARNING", "Finding", "Level", "Place", "Rule"]

Level = Literal["error", "warning"]
ERROR: Final = "error"
WARNING: Final = "warning"

DOCUMENT: Final = "docs/validation.md"
"""Where each rule is explained, under an anchor with its id."""


@dataclass(frozen=True)
class Place:
    """Where something stands; ``line`` counts from 1."""

    file: Path
    line: int | None = None


@dataclass(frozen=True)
class Rule:
    """What a project should be like.

    Args:
        id: three letters for the subject and a number; never used again for something else.
        level: an error keeps the extension from working as it is meant to, a warning does not.
        title: what is wrong, in a few words.
        explanation: why it matters.
        fix: what to do, in general; a finding may know better.
        blocks: an error of this rule keeps ``cextrun`` from starting. Rules on what the runner does not use, or can
            live with, do not block.
    """

    id: str
    level: Level
    title: str
    explanation: str
    fix: str
    blocks: bool = True

    @property
    def doc(self) -> str:
        """Where the rule is described."""
        return f"{DOCUMENT}#{self.id.lower()}"

    def broken(
        self, message: str, place: Place | None = None, *, fix: str | None = None, level: Level | None = None
    ) -> Finding:
        """Return the finding that a project breaks this rule; ``fix`` and ``level`` default to the rule's own."""
        return Finding(self, message, place, fix or self.fix, level or self.level)


@dataclass(frozen=True)
class Finding:
    """One place where a project breaks a rule."""

    rule: Rule
    message: str
    place: Place | None
    fix: str
    level: Level
