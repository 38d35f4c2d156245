"""Turns pictures into what a terminal is sent: only the lines that have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_cli_ext.wizard.picture import ASCII_SIGNS, UNICODE_SIGNS, Line, Look, Picture, Signs

__all__ = ["Painter", "signs_for"]

# Attributes make the differences; colours only add to them, so everything can be told apart without any.
_ATTRIBUTES: Final[Mapping[Look, tuple[str, ...]]] = {
    Look.TITLE: ("reverse", "bold"),
    Look.CURRENT: ("bold", "reverse"),
    Look.WRONG: ("bold",),
    Look.ABSENT: ("dim",),
    Look.RULE: ("dim",),
    Look.LABEL: ("bold",),
    Look.LINK: ("underline",),
    Look.FIELD: ("underline",),
    Look.PROPOSAL: ("underline", "dim"),
    Look.FOCUS: ("bold", "reverse"),
    Look.CHOSEN: ("bold",),
    Look.PROBLEM: ("bold",),
    Look.HINT: ("dim",),
}
_COLORS: Final[Mapping[Look, str]] = {
    Look.TITLE: "blue",
    Look.CURRENT: "cyan",
    Look.DONE: "green",
    Look.WRONG: "red",
    Look.HELP: "cyan",
    Look.LINK: "cyan",
    Look.CHOSEN: "green",
    Look.PROBLEM: "red",
}
_FEW_COLORS: Final = 8


def signs_for(encoding: str | None) -> Signs:
    """Return the signs that an output of this encoding can show."""
    try:
        "".join(sign if isinstance(sign, str) else "".join(sign) for sign in vars(UNICODE_SIGNS).values()).encode(
            encoding or "ascii"
        )
    except (UnicodeEncodeError, LookupError):
        return ASCII_SIGNS
    return UNICODE_SIGNS


class Painter:
    """Knows what is on the screen, and what has to be sent so that another picture is.

    Args:
        terminal: names the terminal's sequences (a ``blessed.Terminal``).
        colors: whether to use colours.
        encoding: what the terminal understands; other characters become a question mark.
    """

    def __init__(self, terminal: Any, *, colors: bool, encoding: str) -> None:
        self._encoding = encoding
        self._position: Callable[[int, int], str] = lambda row, column: str(terminal.move_yx(row, column))
        self._clear = f"{terminal.home}{terminal.clear}"
        self._rest_of_line = str(terminal.clear_eol)
        self._hide, self._show = str(terminal.hide_cursor), str(terminal.normal_cursor)
        self._normal = str(terminal.normal)
        self._looks = {look: self._sequence(terminal, look, colors=colors) for look in Look}
        self._lines: list[str] | None = None
        self._end = ""

    def forget(self) -> None:
        """What is on the screen is not known any more: draw everything the next time."""
        self._lines = None

    def paint(self, picture: Picture) -> str:
        """Return what brings ``picture`` onto the screen; an empty text if it is there already."""
        lines = [self._line(line) for line in picture.lines]
        old = self._lines if self._lines is not None and len(self._lines) == len(lines) else None
        parts = [
            f"{self._position(row, 0)}{line}{self._rest_of_line}"
            for row, line in enumerate(lines)
            if old is None or old[row] != line
        ]
        end = self._position(*picture.cursor) + (self._show if picture.typing else self._hide)
        if old is None:
            parts.insert(0, self._normal + self._clear)
        if not parts and end == self._end:
            return ""
        self._lines, self._end = lines, end
        # Without a hidden cursor it would be seen running over the lines.
        return "".join([self._hide, *parts, end]) if parts else end

    def _line(self, line: Line) -> str:
        drawn = ""
        for span in line:
            text = span.text.encode(self._encoding, errors="replace").decode(self._encoding)
            look = self._looks[span.look]
            drawn += f"{look}{text}{self._normal}" if look else text
        return drawn

    def _sequence(self, terminal: Any, look: Look, *, colors: bool) -> str:
        names = list(_ATTRIBUTES.get(look, ()))
        if colors and terminal.number_of_colors >= _FEW_COLORS and look in _COLORS:
            names.append(_COLORS[look])
        return "".join(str(getattr(terminal, name)) for name in names)
