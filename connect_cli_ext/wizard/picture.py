"""A screen before it is drawn: lines of text with their looks, and the signs that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from connect_cli_ext.wizard.cells import cut, printable, width

__all__ = ["ASCII_SIGNS", "UNICODE_SIGNS", "Line", "Look", "Picture", "Signs", "Span", "fitted"]


class Look(Enum):
    """What a piece of text is; whoever draws it decides how that looks."""

    PLAIN = "plain"
    TITLE = "title"
    CURRENT = "current step"
    DONE = "done step"
    WRONG = "step with a wrong answer"
    ABSENT = "step that is not asked"
    RULE = "rule"
    LABEL = "label"
    HELP = "help"
    LINK = "link"
    FIELD = "field"
    PROPOSAL = "proposed answer"
    FOCUS = "focus"
    CHOSEN = "chosen"
    PROBLEM = "problem"
    HINT = "hint"


@dataclass(frozen=True)
class Signs:
    """The characters that are more than text."""

    tick: str
    current: str
    wrong: str
    absent: str
    bar: str
    rule: str
    more: str
    up: str
    down: str
    before: str
    after: str
    mask: str
    one: tuple[str, str]
    many: tuple[str, str]
    focus: tuple[str, str] = ("[ ", " ]")
    button: tuple[str, str] = ("< ", " >")


UNICODE_SIGNS: Final = Signs("✓", ">", "!", "-", "│", "─", "…", "↑", "↓", "‹", "›", "•", ("(•)", "( )"), ("[x]", "[ ]"))
ASCII_SIGNS: Final = Signs("+", ">", "!", "-", "|", "-", "~", "^", "v", "<", ">", "*", ("(o)", "( )"), ("[x]", "[ ]"))


@dataclass(frozen=True)
class Span:
    """A piece of text of one look."""

    text: str
    look: Look = Look.PLAIN


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Picture:
    """A whole screen.

    Args:
        lines: as many as the screen has.
        cursor: row and column of what has the focus.
        typing: whether the cursor should be seen, since something is typed there.
        page: how many rows of a list are seen at once.
    """

    lines: tuple[Line, ...]
    cursor: tuple[int, int]
    typing: bool
    page: int

    @property
    def text(self) -> str:
        """The screen without looks."""
        return "\n".join("".join(span.text for span in line).rstrip() for line in self.lines)


def fitted(line: Line, room: int, more: str = "") -> Line:
    """Return ``line`` cut to ``room`` cells, without anything that would move the cursor."""
    spans: list[Span] = []
    for span in line:
        text = printable(span.text)
        if width(text) > room:
            text = cut(text, room, more)
            spans.append(Span(text, span.look))
            break
        room -= width(text)
        spans.append(Span(text, span.look))
    return tuple(spans)
