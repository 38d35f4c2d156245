"""The line that answers are typed into, with the keys that shells have taught everybody."""

from __future__ import annotations

from typing import Any

from inquirer.render.console import ConsoleRender
from inquirer.render.console._password import Password
from inquirer.render.console._text import Text

__all__ = ["Render"]

_CTRL_A, _CTRL_E, _CTRL_K, _CTRL_U, _CTRL_W = "\x01", "\x05", "\x0b", "\x15", "\x17"
_HOME, _END = ("\x1b[H", "\x1bOH", "\x1b[1~"), ("\x1b[F", "\x1bOF", "\x1b[4~")
_KEPT = frozenset("\x03\b\t\n\r\x7f")


class _Keys:
    """Editing keys for the library's text prompts, which take every other control character as a part of the answer."""

    current: str
    cursor_offset: int

    def process_input(self, pressed: str) -> None:
        at = len(self.current) - self.cursor_offset
        if pressed == _CTRL_U:
            self.current = self.current[at:]
        elif pressed == _CTRL_K:
            self.current, self.cursor_offset = self.current[:at], 0
        elif pressed == _CTRL_W:
            kept = self.current[:at].rstrip().rpartition(" ")
            self.current = kept[0] + kept[1] + self.current[at:]
        elif pressed in (_CTRL_A, *_HOME):
            self.cursor_offset = len(self.current)
        elif pressed in (_CTRL_E, *_END):
            self.cursor_offset = 0
        elif len(pressed) != 1 or pressed.isprintable() or pressed in _KEPT:
            super().process_input(pressed)  # type: ignore[misc]


class _Text(_Keys, Text):  # type: ignore[misc]
    pass


class _Password(_Keys, Password):  # type: ignore[misc]
    pass


class Render(ConsoleRender):  # type: ignore[misc]
    """The library's drawing, with our text prompts."""

    def render_factory(self, question_type: str) -> Any:
        """Return the class that draws a kind of question."""
        own = {"text": _Text, "password": _Password}
        return own.get(question_type) or super().render_factory(question_type)
